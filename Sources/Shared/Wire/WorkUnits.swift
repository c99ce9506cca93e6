import CWireMessages
import Run

extension WorkUnit {
    /// The stage that has such units.
    var stage: Stage {
        switch self {
        case .extract: .extract
        case .train, .trainRows: .train
        case .similarity: .similarity
        case .evaluate(let unit): .evaluate(task: unit.task)
        }
    }

    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__WorkUnit> {
        let message = writer.new(wire__work_unit__init)
        switch self {
        case .extract(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_EXTRACT
            message.pointee.extract = unit.write(writer)
        case .train(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN
            message.pointee.train = unit.write(writer)
        case .trainRows(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN_ROWS
            message.pointee.train_rows = unit.write(writer)
        case .similarity(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_SIMILARITY
            message.pointee.similarity = unit.write(writer)
        case .evaluate(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_EVALUATE
            message.pointee.evaluate = unit.write(writer)
        }
        return message
    }

    init(_ message: Wire__WorkUnit) throws(WireError) {
        switch message.kind_case {
        case WIRE__WORK_UNIT__KIND_EXTRACT:
            self = try within("extract") { () throws(WireError) in
                .extract(try ExtractUnit(try Field.message(message.extract, "")))
            }
        case WIRE__WORK_UNIT__KIND_TRAIN:
            self = try within("train") { () throws(WireError) in
                .train(try TrainUnit(try Field.message(message.train, "")))
            }
        case WIRE__WORK_UNIT__KIND_TRAIN_ROWS:
            self = try within("train_rows") { () throws(WireError) in
                .trainRows(try TrainRowsUnit(try Field.message(message.train_rows, "")))
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
            throw WireError(expected: "extract, train, train_rows, similarity or evaluate", found: "none of them")
        }
    }
}

extension ExtractUnit {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ExtractUnit> {
        let message = writer.new(wire__extract_unit__init)
        (message.pointee.has_first_row, message.pointee.first_row) = writer.field(firstRow)
        (message.pointee.n_texts, message.pointee.texts) = writer.list(texts)
        (message.pointee.has_maximum_tokens, message.pointee.maximum_tokens) = writer.field(maximumTokens)
        return message
    }

    fileprivate init(_ message: Wire__ExtractUnit) throws(WireError) {
        self.init(
            firstRow: try Field.number(message.has_first_row, message.first_row, "first_row"),
            texts: try Field.texts(message.n_texts, message.texts, "texts"),
            maximumTokens: try Field.number(
                message.has_maximum_tokens, message.maximum_tokens, "maximum_tokens", in: 1...WireLimits.tokens))
    }
}

extension TrainUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__TrainUnit> {
        let message = writer.new(wire__train_unit__init)
        (message.pointee.has_step, message.pointee.step) = writer.field(step)
        (message.pointee.n_rows, message.pointee.rows) = writer.list(rows)
        (message.pointee.has_dense, message.pointee.dense) = writer.field(dense)
        return message
    }

    init(_ message: Wire__TrainUnit) throws(WireError) {
        self.init(
            step: try Field.number(message.has_step, message.step, "step"),
            rows: try Field.numbers(message.n_rows, message.rows, "rows"),
            dense: try Field.flag(message.has_dense, message.dense, "dense"))
    }
}
