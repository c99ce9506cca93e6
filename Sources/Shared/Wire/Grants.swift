import CWireMessages
import Run

extension Grant {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__Grant> {
        let message = writer.new(wire__grant__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.id = id.write(writer)
        message.pointee.unit = unit.write(&writer)
        if let projection { message.pointee.projection = projection.write(&writer) }
        (message.pointee.n_activations, message.pointee.activations) = writer.messages(activations) { $0.write(&$1) }
        (message.pointee.n_companions, message.pointee.companions) = writer.messages(companions) { [writer] companion in
            companion.write(writer)
        }
        return message
    }

    init(_ message: Wire__Grant, _ tensors: inout TensorFrames) throws(WireError) {
        let id = try UnitID(message.id, "id")
        let unit = try within("unit") { () throws(WireError) in
            try WorkUnit(try Field.message(message.unit, ""), &tensors)
        }
        try id.require(unit.stage, "id")
        self.init(lease: try Field.lease(message.has_lease, message.lease, "lease"), id: id, unit: unit)
        if let projection = message.projection {
            self.projection = try within("projection") { () throws(WireError) in
                try GrantedProjection(projection.pointee, &tensors)
            }
        }
        activations = try tensors.messages(message.n_activations, message.activations, "activations") {
            (activations, tensors) throws(WireError) in try TextActivations(activations, &tensors)
        }
        // A worker holds no more units than that at a time.
        guard message.n_companions <= MessageLimits.frames else {
            throw WireError(
                field: "companions", expected: "at most \(MessageLimits.frames) elements",
                found: "\(message.n_companions)")
        }
        companions = try Field.messages(message.n_companions, message.companions, "companions") {
            (companion) throws(WireError) in try Companion(companion)
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
