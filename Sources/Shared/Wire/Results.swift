import CWireMessages
import Run

/// A unit's result with its names, as ``WorkerMessage/result(run:lease:unit:result:)`` holds them.
struct ResultReport {
    var run: String
    var lease: LeaseID
    var unit: UnitID
    var result: UnitResult

    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__Result> {
        let message = writer.new(wire__result__init)
        (message.pointee.has_run, message.pointee.run) = writer.field(run)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.unit = unit.write(writer)
        switch result {
        case .extract(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_EXTRACT
            message.pointee.extract = result.write(&writer)
        case .train(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_TRAIN
            message.pointee.train = result.write(&writer)
        case .trainOutputs(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_TRAIN_OUTPUTS
            message.pointee.train_outputs = result.write(&writer)
        case .similarity(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_SIMILARITY
            message.pointee.similarity = result.write(writer)
        case .evaluate(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_EVALUATE
            message.pointee.evaluate = result.write(writer)
        }
        return message
    }

    init(run: String, lease: LeaseID, unit: UnitID, result: UnitResult) {
        self.run = run
        self.lease = lease
        self.unit = unit
        self.result = result
    }

    init(_ message: Wire__Result, _ tensors: inout TensorFrames) throws(WireError) {
        run = try Field.text(message.has_run, message.run, "run")
        lease = try Field.lease(message.has_lease, message.lease, "lease")
        unit = try UnitID(message.unit, "unit")
        switch message.kind_case {
        case WIRE__RESULT__KIND_EXTRACT:
            try unit.require(.extract, "unit")
            result = try within("extract") { () throws(WireError) in
                .extract(try ExtractResult(try Field.message(message.extract, ""), &tensors))
            }
        case WIRE__RESULT__KIND_TRAIN:
            try unit.require(.train, "unit")
            result = try within("train") { () throws(WireError) in
                .train(try TrainResult(try Field.message(message.train, ""), &tensors))
            }
        case WIRE__RESULT__KIND_TRAIN_OUTPUTS:
            try unit.require(.train, "unit")
            result = try within("train_outputs") { () throws(WireError) in
                .trainOutputs(try TrainOutputsResult(try Field.message(message.train_outputs, ""), &tensors))
            }
        case WIRE__RESULT__KIND_SIMILARITY:
            try unit.require(.similarity, "unit")
            result = try within("similarity") { () throws(WireError) in
                .similarity(try SimilarityResult(try Field.message(message.similarity, "")))
            }
        case WIRE__RESULT__KIND_EVALUATE:
            try unit.requireTask("unit")
            result = try within("evaluate") { () throws(WireError) in
                .evaluate(try EvaluateResult(try Field.message(message.evaluate, "")))
            }
        default:
            throw WireError(expected: "extract, train, train_outputs, similarity or evaluate", found: "none of them")
        }
    }
}

extension Continuation {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Continuation> {
        let message = writer.new(wire__continuation__init)
        (message.pointee.n_tokens, message.pointee.tokens) = writer.list(tokens) { $0 }
        (message.pointee.has_text, message.pointee.text) = writer.field(text)
        (message.pointee.has_omitted_prompt_tokens, message.pointee.omitted_prompt_tokens) =
            writer.field(omittedPromptTokens)
        return message
    }

    fileprivate init(_ message: Wire__Continuation) throws(WireError) {
        self.init(
            tokens: try Field.list(message.n_tokens, message.tokens, "tokens") { (token) throws(WireError) in
                guard token >= 0 else {
                    throw WireError(expected: "a token id of at least 0", found: "\(token)")
                }
                return token
            },
            text: try Field.text(message.has_text, message.text, "text"),
            omittedPromptTokens: try Field.number(
                message.has_omitted_prompt_tokens, message.omitted_prompt_tokens, "omitted_prompt_tokens",
                in: 0...WireLimits.number))
    }
}

extension SimilarityResult {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__SimilarityResult> {
        let message = writer.new(wire__similarity_result__init)
        message.pointee.plain = plain.write(writer)
        message.pointee.injected = injected.write(writer)
        return message
    }

    fileprivate init(_ message: Wire__SimilarityResult) throws(WireError) {
        self.init(
            plain: try within("plain") { () throws(WireError) in
                try Continuation(try Field.message(message.plain, ""))
            },
            injected: try within("injected") { () throws(WireError) in
                try Continuation(try Field.message(message.injected, ""))
            })
    }
}

extension EvaluateResult {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluateResult> {
        let message = writer.new(wire__evaluate_result__init)
        (message.pointee.n_items, message.pointee.items) = writer.messages(items) { item in
            let answers = writer.new(wire__item_answers__init)
            (answers.pointee.n_answers, answers.pointee.answers) = writer.messages(item.answers) { $0.write(writer) }
            return answers
        }
        return message
    }

    fileprivate init(_ message: Wire__EvaluateResult) throws(WireError) {
        self.init(
            items: try Field.messages(message.n_items, message.items, "items") { (item) throws(WireError) in
                ItemAnswers(
                    answers: try Field.messages(item.n_answers, item.answers, "answers") {
                        (answer) throws(WireError) in try Continuation(answer)
                    })
            })
    }
}

/// A unit that cannot be done, as ``WorkerMessage/failure(lease:unit:cause:)`` holds it.
struct FailureReport {
    var lease: LeaseID
    var unit: UnitID
    var cause: String

    init(lease: LeaseID, unit: UnitID, cause: String) {
        self.lease = lease
        self.unit = unit
        self.cause = cause
    }

    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Failure> {
        let message = writer.new(wire__failure__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.unit = unit.write(writer)
        (message.pointee.has_cause, message.pointee.cause) = writer.field(cause)
        return message
    }

    init(_ message: Wire__Failure) throws(WireError) {
        lease = try Field.lease(message.has_lease, message.lease, "lease")
        unit = try UnitID(message.unit, "unit")
        cause = try Field.text(message.has_cause, message.cause, "cause")
    }
}
