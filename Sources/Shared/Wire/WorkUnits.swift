import CWireMessages
import Run

extension WorkUnit {
    /// The stage that has such units.
    var stage: Stage {
        switch self {
        case .parity: .parity
        case .extract: .extract
        case .train, .trainOutputs: .train
        case .sums: .sums
        case .similarity: .similarity
        case .evaluate(let unit): .evaluate(task: unit.task)
        }
    }

    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__WorkUnit> {
        let message = writer.new(wire__work_unit__init)
        switch self {
        case .parity(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_PARITY
            message.pointee.parity = unit.write(&writer)
        case .extract(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_EXTRACT
            message.pointee.extract = unit.write(writer)
        case .train(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN
            message.pointee.train = unit.write(writer)
        case .trainOutputs(let unit, let targets):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN_OUTPUTS
            message.pointee.train_outputs = unit.write(targets: targets, &writer)
        case .sums(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_SUMS
            message.pointee.sums = unit.write(&writer)
        case .similarity(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_SIMILARITY
            message.pointee.similarity = unit.write(writer)
        case .evaluate(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_EVALUATE
            message.pointee.evaluate = unit.write(writer)
        }
        return message
    }

    init(_ message: Wire__WorkUnit, _ tensors: inout TensorFrames) throws(WireError) {
        switch message.kind_case {
        case WIRE__WORK_UNIT__KIND_PARITY:
            self = try within("parity") { () throws(WireError) in
                .parity(try ParityUnit(try Field.message(message.parity, ""), &tensors))
            }
        case WIRE__WORK_UNIT__KIND_EXTRACT:
            self = try within("extract") { () throws(WireError) in
                .extract(try ExtractUnit(try Field.message(message.extract, "")))
            }
        case WIRE__WORK_UNIT__KIND_TRAIN:
            self = try within("train") { () throws(WireError) in
                .train(try TrainUnit(try Field.message(message.train, "")))
            }
        case WIRE__WORK_UNIT__KIND_TRAIN_OUTPUTS:
            self = try within("train_outputs") { () throws(WireError) in
                let message = try Field.message(message.train_outputs, "")
                let unit = try TrainOutputsUnit(message)
                return .trainOutputs(unit, targets: try unit.targets(message.targets, &tensors))
            }
        case WIRE__WORK_UNIT__KIND_SUMS:
            self = try within("sums") { () throws(WireError) in
                .sums(try SumsUnit(try Field.message(message.sums, ""), &tensors))
            }
        case WIRE__WORK_UNIT__KIND_SIMILARITY:
            self = try within("similarity") { () throws(WireError) in
                .similarity(try SimilarityUnit(try Field.message(message.similarity, "")))
            }
        case WIRE__WORK_UNIT__KIND_EVALUATE:
            self = try within("evaluate") { () throws(WireError) in
                .evaluate(try EvaluateUnit(try Field.message(message.evaluate, "")))
            }
        default:
            throw WireError(
                expected: "parity, extract, train, train_outputs, sums, similarity or evaluate", found: "none of them")
        }
    }
}
