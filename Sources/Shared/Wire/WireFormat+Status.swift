import CWireMessages
package import Run

/// What `coordinator status` asks.
package struct StatusQuery: Hashable, Sendable {
    /// The asker's. A coordinator of another version answers with ``StatusReply/refusal(reason:)``.
    package var protocolVersion: UInt32
    /// A number of its own of one who asks until the run has ended; 0 of one who asks once.
    package var watcher: UInt64

    package init(protocolVersion: UInt32 = Run.protocolVersion, watcher: UInt64 = 0) {
        self.protocolVersion = protocolVersion
        self.watcher = watcher
    }
}

/// What the coordinator answers to a ``StatusQuery``.
package enum StatusReply: Hashable, Sendable {
    case status(RunStatus)
    /// The coordinator does not answer such a query, for this reason.
    case refusal(reason: String)
}

extension WireFormat {
    /// A query to the coordinator's status socket. It has no tensors.
    package static func encode(_ query: StatusQuery) -> EncodedMessage {
        MessageWriter.encode(size: wire__status_query__get_packed_size, pack: wire__status_query__pack) { writer in
            let message = writer.new(wire__status_query__init)
            (message.pointee.has_protocol_version, message.pointee.protocol_version) =
                writer.field(query.protocolVersion)
            if query.watcher != 0 {
                (message.pointee.has_watcher, message.pointee.watcher) = writer.field(query.watcher)
            }
            return message
        }
    }

    /// Reads a query. Another protocol version than ours is no error here.
    package static func decodeStatusQuery(
        header: UnsafeRawBufferPointer, tensors: [UnsafeRawBufferPointer] = []
    ) throws(WireError) -> StatusQuery {
        let name = "status query"
        return try decode(name, header, tensors, wire__status_query__unpack) {
            (message: Wire__StatusQuery, _) throws(WireError) in
            let version = try reading(name) { () throws(WireError) in
                try Field.value(message.has_protocol_version, message.protocol_version, "protocol_version")
            }
            return (
                name, StatusQuery(protocolVersion: version, watcher: message.has_watcher == 0 ? 0 : message.watcher)
            )
        }
    }

    /// An answer from the coordinator's status socket. It has no tensors.
    package static func encode(_ reply: StatusReply) -> EncodedMessage {
        MessageWriter.encode(size: wire__status_reply__get_packed_size, pack: wire__status_reply__pack) { writer in
            let message = writer.new(wire__status_reply__init)
            switch reply {
            case .status(let status):
                message.pointee.kind_case = WIRE__STATUS_REPLY__KIND_STATUS
                message.pointee.status = status.write(writer)
            case .refusal(let reason):
                message.pointee.kind_case = WIRE__STATUS_REPLY__KIND_REFUSAL
                message.pointee.refusal = Reason.write(refusal: reason, writer)
            }
            return message
        }
    }

    /// Reads an answer to a query.
    package static func decodeStatusReply(
        header: UnsafeRawBufferPointer, tensors: [UnsafeRawBufferPointer] = []
    ) throws(WireError) -> StatusReply {
        let name = "status reply"
        return try decode(name, header, tensors, wire__status_reply__unpack) {
            (message: Wire__StatusReply, _) throws(WireError) in
            let reply = try reading(name) { () throws(WireError) in try read(message) }
            return (name, reply)
        }
    }

    private static func read(_ message: Wire__StatusReply) throws(WireError) -> StatusReply {
        switch message.kind_case {
        case WIRE__STATUS_REPLY__KIND_STATUS:
            let status = try Field.message(message.status, "status")
            return .status(try within("status") { () throws(WireError) in try RunStatus(status) })
        case WIRE__STATUS_REPLY__KIND_REFUSAL:
            let refusal = try Field.message(message.refusal, "refusal")
            return try within("refusal") { () throws(WireError) in
                .refusal(reason: try Field.text(refusal.has_reason, refusal.reason, "reason"))
            }
        default:
            throw WireError(expected: "status or refusal", found: "none of them")
        }
    }
}
