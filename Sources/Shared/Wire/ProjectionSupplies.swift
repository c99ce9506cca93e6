import CWireMessages
import Run

// How W comes to a worker.

extension GrantedProjection {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__GrantedProjection> {
        let message = writer.new(wire__granted_projection__init)
        message.pointee.channel = channel.write(writer)
        (message.pointee.has_version, message.pointee.version) = writer.field(version)
        switch supply {
        case .held:
            message.pointee.supply_case = WIRE__GRANTED_PROJECTION__SUPPLY_HELD
            message.pointee.held = writer.new(wire__held_projection__init)
        case .initial(let initial, let updates, let checksum):
            let drawn = writer.new(wire__drawn_projection__init)
            drawn.pointee.initial = initial.write(writer)
            (drawn.pointee.n_updates, drawn.pointee.updates) = writer.messages(updates) { $0.write(&$1) }
            (drawn.pointee.has_checksum, drawn.pointee.checksum) = writer.field(checksum)
            message.pointee.supply_case = WIRE__GRANTED_PROJECTION__SUPPLY_INITIAL
            message.pointee.initial = drawn
        case .whole(let matrix, let moments):
            let whole = writer.new(wire__whole_projection__init)
            whole.pointee.projection = writer.matrix(matrix)
            if let moments {
                whole.pointee.first_moment = writer.matrix(moments.first)
                whole.pointee.second_moment = writer.matrix(moments.second)
            }
            message.pointee.supply_case = WIRE__GRANTED_PROJECTION__SUPPLY_WHOLE
            message.pointee.whole = whole
        case .replay(let updates, let checksum):
            let replayed = writer.new(wire__replayed_projection__init)
            (replayed.pointee.n_updates, replayed.pointee.updates) = writer.messages(updates) { $0.write(&$1) }
            (replayed.pointee.has_checksum, replayed.pointee.checksum) = writer.field(checksum)
            message.pointee.supply_case = WIRE__GRANTED_PROJECTION__SUPPLY_REPLAY
            message.pointee.replay = replayed
        case .shared(let shared, let checksum):
            let mapped = writer.new(wire__mapped_projection__init)
            mapped.pointee.shared = shared.write(writer)
            (mapped.pointee.has_checksum, mapped.pointee.checksum) = writer.field(checksum)
            message.pointee.supply_case = WIRE__GRANTED_PROJECTION__SUPPLY_SHARED
            message.pointee.shared = mapped
        }
        return message
    }

    init(_ message: Wire__GrantedProjection, _ tensors: inout TensorFrames) throws(WireError) {
        self.init(
            channel: try Channel(message.channel, "channel"),
            version: try Field.number(message.has_version, message.version, "version"),
            supply: try ProjectionSupply(message, &tensors))
    }
}

extension ProjectionSupply {
    fileprivate init(_ message: Wire__GrantedProjection, _ tensors: inout TensorFrames) throws(WireError) {
        switch message.supply_case {
        case WIRE__GRANTED_PROJECTION__SUPPLY_HELD: self = .held
        case WIRE__GRANTED_PROJECTION__SUPPLY_INITIAL:
            let drawn = try Field.message(message.initial, "initial")
            self = try within("initial") { () throws(WireError) in
                .initial(
                    try InitialProjection(drawn.initial, "initial"),
                    updates: try StepUpdate.list(drawn.n_updates, drawn.updates, &tensors),
                    checksum: try Field.value(drawn.has_checksum, drawn.checksum, "checksum"))
            }
        case WIRE__GRANTED_PROJECTION__SUPPLY_WHOLE:
            let whole = try Field.message(message.whole, "whole")
            self = try within("whole") { () throws(WireError) in
                let matrix = try tensors.matrix(whole.projection, "projection")
                guard whole.first_moment != nil || whole.second_moment != nil else {
                    return .whole(matrix, moments: nil)
                }
                return .whole(
                    matrix,
                    moments: Moments(
                        first: try tensors.matrix(whole.first_moment, "first_moment"),
                        second: try tensors.matrix(whole.second_moment, "second_moment")))
            }
        case WIRE__GRANTED_PROJECTION__SUPPLY_REPLAY:
            let replayed = try Field.message(message.replay, "replay")
            self = try within("replay") { () throws(WireError) in
                .replay(
                    try StepUpdate.list(replayed.n_updates, replayed.updates, &tensors),
                    checksum: try Field.value(replayed.has_checksum, replayed.checksum, "checksum"))
            }
        case WIRE__GRANTED_PROJECTION__SUPPLY_SHARED:
            let mapped = try Field.message(message.shared, "shared")
            self = try within("shared") { () throws(WireError) in
                .shared(
                    try SharedProjection(mapped.shared, "shared"),
                    checksum: try Field.value(mapped.has_checksum, mapped.checksum, "checksum"))
            }
        default:
            throw WireError(field: "supply", expected: "held, initial, whole, replay or shared", found: "none of them")
        }
    }
}

extension InitialProjection {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__InitialProjection> {
        let message = writer.new(wire__initial_projection__init)
        (message.pointee.has_initialization, message.pointee.initialization) = writer.field(initialization.code)
        (message.pointee.has_seed, message.pointee.seed) = writer.field(seed)
        (message.pointee.has_dimension_a, message.pointee.dimension_a) = writer.field(dimensionA)
        (message.pointee.has_dimension_b, message.pointee.dimension_b) = writer.field(dimensionB)
        return message
    }

    init(_ pointer: UnsafeMutablePointer<Wire__InitialProjection>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            InitialProjection(
                initialization: try ProjectionInitialization(
                    message.has_initialization, message.initialization, "initialization"),
                seed: try Field.value(message.has_seed, message.seed, "seed"),
                dimensionA: try Dimension.read(message.has_dimension_a, message.dimension_a, "dimension_a"),
                dimensionB: try Dimension.read(message.has_dimension_b, message.dimension_b, "dimension_b"))
        }
        try Dimension.require(dimensionA, dimensionB, name)
    }
}

extension SharedProjection {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__SharedProjection> {
        let message = writer.new(wire__shared_projection__init)
        (message.pointee.has_process_id, message.pointee.process_id) = writer.field(processID)
        (message.pointee.has_descriptor_number, message.pointee.descriptor_number) = writer.field(descriptor)
        (message.pointee.has_key, message.pointee.key) = writer.field(key)
        (message.pointee.has_dimension_a, message.pointee.dimension_a) = writer.field(dimensionA)
        (message.pointee.has_dimension_b, message.pointee.dimension_b) = writer.field(dimensionB)
        return message
    }

    init(_ pointer: UnsafeMutablePointer<Wire__SharedProjection>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            SharedProjection(
                processID: try Field.processID(message.has_process_id, message.process_id, "process_id"),
                descriptor: try Field.processID(
                    message.has_descriptor_number, message.descriptor_number, "descriptor_number"),
                key: try Field.value(message.has_key, message.key, "key"),
                dimensionA: try Dimension.read(message.has_dimension_a, message.dimension_a, "dimension_a"),
                dimensionB: try Dimension.read(message.has_dimension_b, message.dimension_b, "dimension_b"))
        }
        try Dimension.require(dimensionA, dimensionB, name)
    }
}

/// The sides of a W that does not travel as a tensor: bounded like those of one that does.
private enum Dimension {
    static func read(_ present: Presence, _ value: Int64, _ name: String) throws(WireError) -> Int {
        try Field.number(present, value, name, in: 1...WireLimits.matrixSide)
    }

    static func require(_ dimensionA: Int, _ dimensionB: Int, _ name: String) throws(WireError) {
        guard dimensionA * dimensionB <= WireLimits.matrixSide else {
            throw WireError(
                field: name, expected: "a matrix of at most \(MessageLimits.tensorBytes) bytes",
                found: "\(dimensionB) × \(dimensionA) float32")
        }
    }
}

extension StepUpdate {
    fileprivate func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__StepUpdate> {
        let message = writer.new(wire__step_update__init)
        (message.pointee.has_step, message.pointee.step) = writer.field(step)
        (message.pointee.has_learning_rate, message.pointee.learning_rate) = writer.field(learningRate)
        (message.pointee.n_shards, message.pointee.shards) = writer.messages(shards) { [writer] shard in
            let message = writer.new(wire__shard_update__init)
            (message.pointee.has_unit, message.pointee.unit) = writer.field(shard.unit)
            (message.pointee.n_texts, message.pointee.texts) = writer.list(shard.texts)
            (message.pointee.has_own, message.pointee.own) = writer.field(shard.isOwn)
            return message
        }
        message.pointee.errors = writer.matrix(errors)
        return message
    }

    fileprivate static func list(
        _ count: Int, _ updates: UnsafeMutablePointer<UnsafeMutablePointer<Wire__StepUpdate>?>?,
        _ tensors: inout TensorFrames
    ) throws(WireError) -> [StepUpdate] {
        try tensors.messages(count, updates, "updates") { (update, tensors) throws(WireError) in
            try StepUpdate(update, &tensors)
        }
    }

    private init(_ message: Wire__StepUpdate, _ tensors: inout TensorFrames) throws(WireError) {
        let shards = try Field.messages(message.n_shards, message.shards, "shards") { (shard) throws(WireError) in
            Shard(
                unit: try Field.number(shard.has_unit, shard.unit, "unit"),
                texts: try Field.numbers(shard.n_texts, shard.texts, "texts"),
                isOwn: try Field.flag(shard.has_own, shard.own, "own"))
        }
        let errors = try tensors.matrix(message.errors, "errors")
        try errors.require(rows: shards.reduce(0) { $0 + ($1.isOwn ? 0 : $1.texts.count) }, "errors")
        self.init(
            step: try Field.number(message.has_step, message.step, "step"),
            learningRate: try Field.interval(message.has_learning_rate, message.learning_rate, "learning_rate"),
            shards: shards, errors: errors)
    }
}
