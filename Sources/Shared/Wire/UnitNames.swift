import CWireMessages
import Run

extension UnitID {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__UnitID> {
        let message = writer.new(wire__unit_id__init)
        (message.pointee.has_stage, message.pointee.stage) = writer.field(stage.rawValue)
        (message.pointee.has_index, message.pointee.index) = writer.field(index)
        return message
    }

    init(_ pointer: UnsafeMutablePointer<Wire__UnitID>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            UnitID(
                try Field.stage(message.has_stage, message.stage, "stage"),
                try Field.number(message.has_index, message.index, "index"))
        }
    }

    /// Refuses a unit or result of another stage than the one that this name says.
    func require(_ expected: Stage, _ name: String) throws(WireError) {
        guard stage == expected else {
            throw WireError(field: "\(name).stage", expected: expected.rawValue, found: stage.rawValue)
        }
    }

    /// Refuses a result of evaluation where this name is no task's.
    func requireTask(_ name: String) throws(WireError) {
        guard case .evaluate = stage else {
            throw WireError(field: "\(name).stage", expected: "a task", found: stage.rawValue)
        }
    }
}
