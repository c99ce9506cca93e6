import CWireMessages
package import Run

extension WireFormat {
    /// A message from the coordinator to a worker.
    package static func encode(_ message: CoordinatorMessage) -> EncodedMessage {
        MessageWriter.encode(
            size: wire__coordinator_envelope__get_packed_size, pack: wire__coordinator_envelope__pack
        ) { writer in
            let envelope = writer.new(wire__coordinator_envelope__init)
            switch message {
            case .welcome(let welcome):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_WELCOME
                envelope.pointee.welcome = welcome.write(writer)
            case .refusal(let reason):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_REFUSAL
                envelope.pointee.refusal = Reason.write(refusal: reason, writer)
            case .grant(let grant):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_GRANT
                envelope.pointee.grant = grant.write(&writer)
            case .activations(let activations):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_ACTIVATIONS
                envelope.pointee.activations = activations.write(&writer)
            case .heartbeat:
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_HEARTBEAT
                envelope.pointee.heartbeat = writer.new(wire__coordinator_heartbeat__init)
            case .finished(let reason):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_FINISHED
                envelope.pointee.finished = Reason.write(finished: reason, writer)
            }
            return envelope
        }
    }

    /// Reads a message from the coordinator.
    /// - Parameters:
    ///   - header: the first frame.
    ///   - tensors: the frames after it. All need to live as long as the call only.
    package static func decodeCoordinatorMessage(
        header: UnsafeRawBufferPointer, tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> CoordinatorMessage {
        try decode("coordinator message", header, tensors, wire__coordinator_envelope__unpack) {
            (envelope: Wire__CoordinatorEnvelope, tensors) throws(WireError) in try read(envelope, &tensors)
        }
    }

    private static func read(
        _ envelope: Wire__CoordinatorEnvelope, _ tensors: inout TensorFrames
    ) throws(WireError) -> (kind: String, message: CoordinatorMessage) {
        switch envelope.kind_case {
        case WIRE__COORDINATOR_ENVELOPE__KIND_WELCOME:
            try named("welcome") { () throws(WireError) in
                .welcome(try Welcome(try Field.message(envelope.welcome, "")))
            }
        case WIRE__COORDINATOR_ENVELOPE__KIND_REFUSAL:
            try named("refusal") { () throws(WireError) in
                let refusal = try Field.message(envelope.refusal, "")
                return .refusal(reason: try Field.text(refusal.has_reason, refusal.reason, "reason"))
            }
        case WIRE__COORDINATOR_ENVELOPE__KIND_GRANT:
            try named("grant") { () throws(WireError) in
                .grant(try Grant(try Field.message(envelope.grant, ""), &tensors))
            }
        case WIRE__COORDINATOR_ENVELOPE__KIND_ACTIVATIONS:
            try named("activations") { () throws(WireError) in
                .activations(try TextActivations(try Field.message(envelope.activations, ""), &tensors))
            }
        case WIRE__COORDINATOR_ENVELOPE__KIND_HEARTBEAT: ("heartbeat", .heartbeat)
        case WIRE__COORDINATOR_ENVELOPE__KIND_FINISHED:
            try named("finished") { () throws(WireError) in
                let finished = try Field.message(envelope.finished, "")
                return .finished(reason: try Field.text(finished.has_reason, finished.reason, "reason"))
            }
        default:
            throw WireError(
                message: "coordinator message",
                expected: "welcome, refusal, activations, grant, heartbeat or finished", found: "none of them")
        }
    }
}
