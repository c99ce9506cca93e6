import CWireMessages
import Run

// How W comes to a worker other than as a matrix, and what comes with a unit besides its own rows.

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
                initialization: try Field.choice(message.has_initialization, message.initialization, "initialization"),
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

extension RowsOfB {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__RowsOfB> {
        let message = writer.new(wire__rows_of_b__init)
        (message.pointee.n_indices, message.pointee.indices) = writer.list(indices)
        message.pointee.b = writer.matrix(b)
        return message
    }

    init(
        _ pointer: UnsafeMutablePointer<Wire__RowsOfB>?, _ name: String, _ tensors: inout TensorFrames
    ) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            let indices = try Field.numbers(message.n_indices, message.indices, "indices")
            let b = try tensors.matrix(message.b, "b")
            try b.require(rows: indices.count, "b")
            return RowsOfB(indices: indices, b: b)
        }
    }
}

extension Companion {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Companion> {
        let message = writer.new(wire__companion__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.id = id.write(writer)
        message.pointee.unit = unit.write(writer)
        return message
    }

    init(_ message: Wire__Companion) throws(WireError) {
        let id = try UnitID(message.id, "id")
        try id.require(.train, "id")
        self.init(
            lease: try Field.lease(message.has_lease, message.lease, "lease"), id: id,
            unit: try within("unit") { () throws(WireError) in
                try TrainUnit(try Field.message(message.unit, ""))
            })
    }
}
