import CWireMessages
import Run

extension Grant {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__Grant> {
        let message = writer.new(wire__grant__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.id = id.write(writer)
        message.pointee.unit = unit.write(writer)
        if let projection { message.pointee.projection = writer.matrix(projection) }
        if let rows { message.pointee.rows = rows.write(&writer) }
        if let version { (message.pointee.has_version, message.pointee.version) = writer.field(version) }
        if let moments {
            message.pointee.first_moment = writer.matrix(moments.first)
            message.pointee.second_moment = writer.matrix(moments.second)
        }
        if let rowsOfA { message.pointee.rows_of_a = rowsOfA.write(&writer) }
        var steps: [UnsafeMutablePointer<Wire__StepUpdate>?] = []
        for update in updates { steps.append(update.write(&writer)) }
        (message.pointee.n_updates, message.pointee.updates) = writer.list(steps) { $0 }
        if let checksum { (message.pointee.has_checksum, message.pointee.checksum) = writer.field(checksum) }
        if let initial { message.pointee.initial = initial.write(writer) }
        if let shared { message.pointee.shared = shared.write(writer) }
        if let rowsOfB { message.pointee.rows_of_b = rowsOfB.write(&writer) }
        (message.pointee.n_companions, message.pointee.companions) = writer.messages(companions) { [writer] companion in
            companion.write(writer)
        }
        if let targets { message.pointee.targets = writer.matrix(targets) }
        return message
    }

    init(_ message: Wire__Grant, _ tensors: inout TensorFrames) throws(WireError) {
        let id = try UnitID(message.id, "id")
        let unit = try within("unit") { () throws(WireError) in try WorkUnit(try Field.message(message.unit, "")) }
        try id.require(unit.stage, "id")
        self.init(
            lease: try Field.lease(message.has_lease, message.lease, "lease"), id: id, unit: unit,
            projection: message.projection == nil ? nil : try tensors.matrix(message.projection, "projection"),
            rows: message.rows == nil ? nil : try ActivationRows(message.rows, "rows", &tensors),
            version: message.has_version == 0
                ? nil : try Field.number(message.has_version, message.version, "version"))
        if message.first_moment != nil || message.second_moment != nil {
            moments = Moments(
                first: try tensors.matrix(message.first_moment, "first_moment"),
                second: try tensors.matrix(message.second_moment, "second_moment"))
        }
        if message.rows_of_a != nil { rowsOfA = try RowsOfA(message.rows_of_a, "rows_of_a", &tensors) }
        updates = try StepUpdate.list(message.n_updates, message.updates, "updates", &tensors)
        if message.has_checksum != 0 { checksum = message.checksum }
        if message.initial != nil { initial = try InitialProjection(message.initial, "initial") }
        if message.shared != nil { shared = try SharedProjection(message.shared, "shared") }
        if [projection != nil, initial != nil, shared != nil].count(where: \.self) > 1 {
            throw WireError(expected: "W in one form", found: "several of projection, initial and shared")
        }
        if message.rows_of_b != nil { rowsOfB = try RowsOfB(message.rows_of_b, "rows_of_b", &tensors) }
        // A worker holds no more units than that at a time.
        guard message.n_companions <= MessageLimits.frames else {
            throw WireError(
                field: "companions", expected: "at most \(MessageLimits.frames) elements",
                found: "\(message.n_companions)")
        }
        companions = try Field.messages(message.n_companions, message.companions, "companions") {
            (companion) throws(WireError) in try Companion(companion)
        }
        if case .trainRows(let unit) = unit { targets = try unit.targets(message.targets, &tensors) }
    }
}

extension RowsOfA {
    fileprivate func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__RowsOfA> {
        let message = writer.new(wire__rows_of_a__init)
        (message.pointee.n_indices, message.pointee.indices) = writer.list(indices)
        message.pointee.a = writer.matrix(a)
        return message
    }

    fileprivate init(
        _ pointer: UnsafeMutablePointer<Wire__RowsOfA>?, _ name: String, _ tensors: inout TensorFrames
    ) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            let indices = try Field.numbers(message.n_indices, message.indices, "indices")
            let a = try tensors.matrix(message.a, "a")
            try a.require(rows: indices.count, "a")
            return RowsOfA(indices: indices, a: a)
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
            (message.pointee.n_rows, message.pointee.rows) = writer.list(shard.rows)
            (message.pointee.has_own, message.pointee.own) = writer.field(shard.isOwn)
            return message
        }
        message.pointee.errors = writer.matrix(errors)
        return message
    }

    fileprivate static func list(
        _ count: Int, _ updates: UnsafeMutablePointer<UnsafeMutablePointer<Wire__StepUpdate>?>?, _ name: String,
        _ tensors: inout TensorFrames
    ) throws(WireError) -> [StepUpdate] {
        // Each step has a tensor frame, so there cannot be more of them.
        guard count <= MessageLimits.frames else {
            throw WireError(field: name, expected: "at most \(MessageLimits.frames) elements", found: "\(count)")
        }
        var steps: [StepUpdate] = []
        for index in 0..<count {
            steps.append(
                try within("\(name)[\(index)]") { () throws(WireError) in
                    try StepUpdate(try Field.message(updates?[index], ""), &tensors)
                })
        }
        return steps
    }

    private init(_ message: Wire__StepUpdate, _ tensors: inout TensorFrames) throws(WireError) {
        let shards = try Field.messages(message.n_shards, message.shards, "shards") { (shard) throws(WireError) in
            Shard(
                unit: try Field.number(shard.has_unit, shard.unit, "unit"),
                rows: try Field.numbers(shard.n_rows, shard.rows, "rows"),
                isOwn: try Field.flag(shard.has_own, shard.own, "own"))
        }
        let errors = try tensors.matrix(message.errors, "errors")
        try errors.require(rows: shards.reduce(0) { $0 + ($1.isOwn ? 0 : $1.rows.count) }, "errors")
        self.init(
            step: try Field.number(message.has_step, message.step, "step"),
            learningRate: try Field.interval(message.has_learning_rate, message.learning_rate, "learning_rate"),
            shards: shards, errors: errors)
    }
}

extension ActivationRows {
    fileprivate func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__ActivationRows> {
        let message = writer.new(wire__activation_rows__init)
        (message.pointee.n_indices, message.pointee.indices) = writer.list(indices)
        message.pointee.a = writer.matrix(a)
        message.pointee.b = writer.matrix(b)
        return message
    }

    fileprivate init(
        _ pointer: UnsafeMutablePointer<Wire__ActivationRows>?, _ name: String, _ tensors: inout TensorFrames
    ) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            let indices = try Field.numbers(message.n_indices, message.indices, "indices")
            let a = try tensors.matrix(message.a, "a")
            let b = try tensors.matrix(message.b, "b")
            try a.require(rows: indices.count, "a")
            try b.require(rows: indices.count, "b")
            return ActivationRows(indices: indices, a: a, b: b)
        }
    }
}

extension FloatMatrix {
    /// Refuses another number of rows.
    func require(rows expected: Int, _ name: String) throws(WireError) {
        guard rows == expected else {
            throw WireError(field: name, expected: "\(expected) rows", found: "\(rows)")
        }
    }
}
