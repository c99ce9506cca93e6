import CWireMessages
package import Run

extension WireFormat {
    /// A message from a worker to the coordinator.
    package static func encode(_ message: WorkerMessage) -> EncodedMessage {
        MessageWriter.encode(size: wire__worker_envelope__get_packed_size, pack: wire__worker_envelope__pack) {
            writer in
            let envelope = writer.new(wire__worker_envelope__init)
            switch message {
            case .register(let registration):
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_REGISTRATION
                envelope.pointee.registration = registration.write(writer)
            case .ready(let readiness):
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_READINESS
                envelope.pointee.readiness = readiness.write(writer)
            case .heartbeat(let heartbeat):
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_HEARTBEAT
                envelope.pointee.heartbeat = heartbeat.write(writer)
            case .result(let run, let lease, let unit, let result):
                let report = ResultReport(run: run, lease: lease, unit: unit, result: result)
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_RESULT
                envelope.pointee.result = report.write(&writer)
            case .spent(let lease, let unit, let seconds):
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_SPENDING
                envelope.pointee.spending = SpendingReport(lease: lease, unit: unit, seconds: seconds).write(writer)
            case .failure(let lease, let unit, let cause):
                let report = FailureReport(lease: lease, unit: unit, cause: cause)
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_FAILURE
                envelope.pointee.failure = report.write(writer)
            case .unprepared(let lease, let unit, let cause):
                let report = FailureReport(lease: lease, unit: unit, cause: cause)
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_UNPREPARED
                envelope.pointee.unprepared = report.write(writer)
            case .goodbye(let reason):
                envelope.pointee.kind_case = WIRE__WORKER_ENVELOPE__KIND_GOODBYE
                envelope.pointee.goodbye = Reason.write(goodbye: reason, writer)
            }
            return envelope
        }
    }

    /// Reads a message from a worker.
    ///
    /// A registration of another protocol version is returned with that version and what else of it can be read.
    /// - Parameters:
    ///   - header: the first frame.
    ///   - tensors: the frames after it. All need to live as long as the call only.
    package static func decodeWorkerMessage(
        header: UnsafeRawBufferPointer, tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> WorkerMessage {
        try decode("worker message", header, tensors, wire__worker_envelope__unpack) {
            (envelope: Wire__WorkerEnvelope, tensors) throws(WireError) in try read(envelope, &tensors)
        }
    }

    private static func read(
        _ envelope: Wire__WorkerEnvelope, _ tensors: inout TensorFrames
    ) throws(WireError) -> (kind: String, message: WorkerMessage) {
        switch envelope.kind_case {
        case WIRE__WORKER_ENVELOPE__KIND_REGISTRATION:
            try named("register") { () throws(WireError) in
                .register(try Registration(try Field.message(envelope.registration, "")))
            }
        case WIRE__WORKER_ENVELOPE__KIND_READINESS:
            try named("ready") { () throws(WireError) in
                .ready(try Readiness(try Field.message(envelope.readiness, "")))
            }
        case WIRE__WORKER_ENVELOPE__KIND_HEARTBEAT:
            try named("heartbeat") { () throws(WireError) in
                .heartbeat(try Heartbeat(try Field.message(envelope.heartbeat, "")))
            }
        case WIRE__WORKER_ENVELOPE__KIND_RESULT:
            try named("result") { () throws(WireError) in
                let report = try ResultReport(try Field.message(envelope.result, ""), &tensors)
                return .result(run: report.run, lease: report.lease, unit: report.unit, result: report.result)
            }
        case WIRE__WORKER_ENVELOPE__KIND_SPENDING:
            try named("spent") { () throws(WireError) in
                let report = try SpendingReport(try Field.message(envelope.spending, ""))
                return .spent(lease: report.lease, unit: report.unit, seconds: report.seconds)
            }
        case WIRE__WORKER_ENVELOPE__KIND_FAILURE:
            try named("failure") { () throws(WireError) in
                let report = try FailureReport(try Field.message(envelope.failure, ""))
                return .failure(lease: report.lease, unit: report.unit, cause: report.cause)
            }
        case WIRE__WORKER_ENVELOPE__KIND_UNPREPARED:
            try named("unprepared") { () throws(WireError) in
                let report = try FailureReport(try Field.message(envelope.unprepared, ""))
                return .unprepared(lease: report.lease, unit: report.unit, cause: report.cause)
            }
        case WIRE__WORKER_ENVELOPE__KIND_GOODBYE:
            try named("goodbye") { () throws(WireError) in
                let goodbye = try Field.message(envelope.goodbye, "")
                return .goodbye(reason: try Field.text(goodbye.has_reason, goodbye.reason, "reason"))
            }
        default:
            throw WireError(
                message: "worker message",
                expected: "register, ready, heartbeat, result, spent, failure, unprepared or goodbye",
                found: "none of them")
        }
    }
}
