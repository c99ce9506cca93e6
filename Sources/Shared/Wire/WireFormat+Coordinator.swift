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
            case .activations(let part):
                envelope.pointee.kind_case = WIRE__COORDINATOR_ENVELOPE__KIND_ACTIVATIONS
                envelope.pointee.activations = part.write(&writer)
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
            (envelope: Wire__CoordinatorEnvelope, tensors) throws(WireError) in
            let kind = try kind(of: envelope)
            let message = try reading(kind) { () throws(WireError) in try read(envelope, &tensors) }
            return (kind, message)
        }
    }

    private static func kind(of envelope: Wire__CoordinatorEnvelope) throws(WireError) -> String {
        switch envelope.kind_case {
        case WIRE__COORDINATOR_ENVELOPE__KIND_WELCOME: return "welcome"
        case WIRE__COORDINATOR_ENVELOPE__KIND_REFUSAL: return "refusal"
        case WIRE__COORDINATOR_ENVELOPE__KIND_GRANT: return "grant"
        case WIRE__COORDINATOR_ENVELOPE__KIND_ACTIVATIONS: return "activations"
        case WIRE__COORDINATOR_ENVELOPE__KIND_HEARTBEAT: return "heartbeat"
        case WIRE__COORDINATOR_ENVELOPE__KIND_FINISHED: return "finished"
        default:
            throw WireError(
                message: "coordinator message",
                expected: "welcome, refusal, activations, grant, heartbeat or finished", found: "none of them")
        }
    }

    private static func read(
        _ envelope: Wire__CoordinatorEnvelope, _ tensors: inout TensorFrames
    ) throws(WireError) -> CoordinatorMessage {
        switch envelope.kind_case {
        case WIRE__COORDINATOR_ENVELOPE__KIND_WELCOME:
            return .welcome(try Welcome(try Field.message(envelope.welcome, "")))
        case WIRE__COORDINATOR_ENVELOPE__KIND_REFUSAL:
            let refusal = try Field.message(envelope.refusal, "")
            return .refusal(reason: try Field.text(refusal.has_reason, refusal.reason, "reason"))
        case WIRE__COORDINATOR_ENVELOPE__KIND_GRANT:
            return .grant(try Grant(try Field.message(envelope.grant, ""), &tensors))
        case WIRE__COORDINATOR_ENVELOPE__KIND_ACTIVATIONS:
            return .activations(try ActivationPart(try Field.message(envelope.activations, ""), &tensors))
        case WIRE__COORDINATOR_ENVELOPE__KIND_HEARTBEAT:
            return .heartbeat
        default:
            let finished = try Field.message(envelope.finished, "")
            return .finished(reason: try Field.text(finished.has_reason, finished.reason, "reason"))
        }
    }
}
