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
        return message
    }

    init(_ message: Wire__Grant, _ tensors: inout TensorFrames) throws(WireError) {
        let id = try UnitID(message.id, "id")
        let unit = try within("unit") { () throws(WireError) in try WorkUnit(try Field.message(message.unit, "")) }
        try id.require(stageIn: unit.stages, "id")
        self.init(
            lease: try Field.lease(message.has_lease, message.lease, "lease"), id: id, unit: unit,
            projection: message.projection == nil ? nil : try tensors.matrix(message.projection, "projection"),
            rows: message.rows == nil ? nil : try ActivationRows(message.rows, "rows", &tensors))
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
