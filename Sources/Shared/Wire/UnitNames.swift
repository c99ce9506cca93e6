import CWireMessages
import Run

extension UnitID {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__UnitID> {
        let message = writer.new(wire__unit_id__init)
        (message.pointee.has_stage, message.pointee.stage) = writer.field(stage.code)
        (message.pointee.has_index, message.pointee.index) = writer.field(index)
        return message
    }

    init(_ pointer: UnsafeMutablePointer<Wire__UnitID>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            UnitID(
                try Stage(message.has_stage, message.stage, "stage"),
                try Field.number(message.has_index, message.index, "index"))
        }
    }

    /// Refuses a unit or result of another stage than the one that this name says.
    func require(stageIn stages: [Stage], _ name: String) throws(WireError) {
        guard stages.contains(stage) else {
            throw WireError(
                field: "\(name).stage", expected: stages.map(\.rawValue).joined(separator: " or "),
                found: stage.rawValue)
        }
    }
}
