import CWireMessages
import Run

extension Registration {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Registration> {
        let message = writer.new(wire__registration__init)
        (message.pointee.has_protocol_version, message.pointee.protocol_version) = writer.field(protocolVersion)
        (message.pointee.has_software_version, message.pointee.software_version) = writer.field(softwareVersion)
        (message.pointee.has_worker, message.pointee.worker) = writer.field(worker)
        (message.pointee.has_host, message.pointee.host) = writer.field(host)
        (message.pointee.has_process_id, message.pointee.process_id) = writer.field(processID)
        (message.pointee.has_device_kind, message.pointee.device_kind) = writer.field(deviceKind.rawValue)
        (message.pointee.has_device, message.pointee.device) = writer.field(device)
        (message.pointee.has_run, message.pointee.run) = writer.field(run)
        (message.pointee.n_leases, message.pointee.leases) = writer.list(leases)
        return message
    }

    /// A registration of another protocol version may have other fields: of it only the version and what else can be
    /// read is returned, without leases, so that the worker can be refused with both versions named.
    init(_ message: Wire__Registration) throws(WireError) {
        let version = try Field.value(message.has_protocol_version, message.protocol_version, "protocol_version")
        guard version == Run.protocolVersion else {
            func readable(_ present: Presence, _ bytes: ProtobufCBinaryData) -> String {
                (try? Field.name(present, bytes, "")) ?? "unknown"
            }
            self.init(
                protocolVersion: version,
                softwareVersion: readable(message.has_software_version, message.software_version),
                worker: readable(message.has_worker, message.worker), host: readable(message.has_host, message.host),
                processID: max(0, message.process_id),
                deviceKind: DeviceKind(rawValue: readable(message.has_device_kind, message.device_kind)))
            return
        }
        self.init(
            protocolVersion: version,
            softwareVersion: try Field.name(
                message.has_software_version, message.software_version, "software_version"),
            worker: try Field.name(message.has_worker, message.worker, "worker"),
            host: try Field.name(message.has_host, message.host, "host"),
            processID: try Field.processID(message.has_process_id, message.process_id, "process_id"),
            deviceKind: DeviceKind(
                rawValue: try Field.name(message.has_device_kind, message.device_kind, "device_kind")),
            device: try Field.name(message.has_device, message.device, "device"),
            run: try Field.optionalName(message.has_run, message.run, "run"),
            leases: try Field.leases(message.n_leases, message.leases, "leases"))
    }
}

extension Heartbeat {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__WorkerHeartbeat> {
        let message = writer.new(wire__worker_heartbeat__init)
        (message.pointee.n_leases, message.pointee.leases) = writer.list(leases)
        (message.pointee.n_shares, message.pointee.shares) = writer.list(shares)
        (message.pointee.has_memory_bytes, message.pointee.memory_bytes) = writer.field(memoryBytes)
        return message
    }

    init(_ message: Wire__WorkerHeartbeat) throws(WireError) {
        self.init(
            try Field.leases(message.n_leases, message.leases, "leases"),
            shares: try Field.list(message.n_shares, message.shares, "shares") { (share) throws(WireError) in
                try Field.number(1, share, "", in: 0...1000)
            },
            memoryBytes: message.has_memory_bytes == 0 ? nil : message.memory_bytes)
    }
}

extension Readiness {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Readiness> {
        let message = writer.new(wire__readiness__init)
        (message.pointee.has_fingerprint_a, message.pointee.fingerprint_a) = writer.field(fingerprintA)
        (message.pointee.has_fingerprint_b, message.pointee.fingerprint_b) = writer.field(fingerprintB)
        (message.pointee.has_capacity, message.pointee.capacity) = writer.field(capacity)
        return message
    }

    init(_ message: Wire__Readiness) throws(WireError) {
        self.init(
            fingerprintA: try Field.name(message.has_fingerprint_a, message.fingerprint_a, "fingerprint_a"),
            fingerprintB: try Field.name(message.has_fingerprint_b, message.fingerprint_b, "fingerprint_b"),
            capacity: try Field.number(
                message.has_capacity, message.capacity, "capacity", in: 1...MessageLimits.elements))
    }
}

extension Condition.Delivery {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Delivery> {
        let message = writer.new(wire__delivery__init)
        (message.pointee.has_operation, message.pointee.operation) = writer.field(operation.code)
        (message.pointee.has_strength, message.pointee.strength) = writer.field(strength as Double?)
        (message.pointee.has_match_norm, message.pointee.match_norm) = writer.field(matchesNorm)
        return message
    }

    init(_ message: Wire__Delivery) throws(WireError) {
        self.init(
            try Field.choice(message.has_operation, message.operation, "operation"),
            strength: try Field.finite(message.has_strength, message.strength, "strength"),
            matchesNorm: try Field.flag(message.has_match_norm, message.match_norm, "match_norm"))
    }
}

extension Welcome {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Welcome> {
        let message = writer.new(wire__welcome__init)
        (message.pointee.has_run, message.pointee.run) = writer.field(run)
        (message.pointee.has_model_a, message.pointee.model_a) = writer.field(modelA)
        (message.pointee.has_model_b, message.pointee.model_b) = writer.field(modelB)
        message.pointee.delivery = delivery.write(writer)
        (message.pointee.has_position_of_a, message.pointee.position_of_a) = writer.field(positions.a.description)
        (message.pointee.has_position_of_b, message.pointee.position_of_b) = writer.field(positions.b.description)
        (message.pointee.has_compute_type, message.pointee.compute_type) = writer.field(
            computeType.code)
        (message.pointee.has_chat, message.pointee.chat) = writer.field(chat)
        message.pointee.reading = reading.write(writer)
        (message.pointee.has_seed, message.pointee.seed) = writer.field(seed)
        (message.pointee.has_heartbeat_seconds, message.pointee.heartbeat_seconds) = writer.field(heartbeatSeconds)
        (message.pointee.has_silence_seconds, message.pointee.silence_seconds) = writer.field(silenceSeconds)
        return message
    }

    init(_ message: Wire__Welcome) throws(WireError) {
        self.init(
            run: try Field.text(message.has_run, message.run, "run"),
            modelA: try Field.text(message.has_model_a, message.model_a, "model_a"),
            modelB: try Field.text(message.has_model_b, message.model_b, "model_b"),
            delivery: try within("delivery") { () throws(WireError) in
                try Condition.Delivery(try Field.message(message.delivery, ""))
            },
            positions: TokenPositions(
                a: try position(message.has_position_of_a, message.position_of_a, "position_of_a"),
                b: try position(message.has_position_of_b, message.position_of_b, "position_of_b")),
            computeType: try Field.choice(
                message.has_compute_type, message.compute_type, "compute_type"),
            chat: try Field.flag(message.has_chat, message.chat, "chat"),
            reading: try within("reading") { () throws(WireError) in
                try ReadingSettings(try Field.message(message.reading, ""))
            },
            seed: try Field.value(message.has_seed, message.seed, "seed"),
            heartbeatSeconds: try Field.interval(
                message.has_heartbeat_seconds, message.heartbeat_seconds, "heartbeat_seconds"),
            silenceSeconds: try Field.interval(
                message.has_silence_seconds, message.silence_seconds, "silence_seconds"))
    }
}

/// A token's position as flags have it.
private func position(
    _ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String
) throws(WireError) -> TokenPosition {
    let text = try Field.text(present, bytes, name)
    guard let position = TokenPosition(text) else {
        throw WireError(field: name, expected: "a position such as -1", found: "\(text.prefix(40))")
    }
    return position
}

/// A reason alone: the whole of a goodbye, a refusal and the end of a run.
enum Reason {
    static func write(goodbye reason: String, _ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Goodbye> {
        let message = writer.new(wire__goodbye__init)
        (message.pointee.has_reason, message.pointee.reason) = writer.field(reason)
        return message
    }

    static func write(refusal reason: String, _ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Refusal> {
        let message = writer.new(wire__refusal__init)
        (message.pointee.has_reason, message.pointee.reason) = writer.field(reason)
        return message
    }

    static func write(finished reason: String, _ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Finished> {
        let message = writer.new(wire__finished__init)
        (message.pointee.has_reason, message.pointee.reason) = writer.field(reason)
        return message
    }
}
