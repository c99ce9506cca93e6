import CWireMessages
import Run

extension WorkUnit {
    /// The stage that has such units.
    var stage: Stage {
        switch self {
        case .extract: .extract
        case .train, .trainOutputs: .train
        case .similarity: .similarity
        case .evaluate(let unit): Stage(unit.task)
        }
    }

    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__WorkUnit> {
        let message = writer.new(wire__work_unit__init)
        switch self {
        case .extract(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_EXTRACT
            message.pointee.extract = unit.write(writer)
        case .train(let unit):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN
            message.pointee.train = unit.write(writer)
        case .trainOutputs(let unit, let targets):
            message.pointee.kind_case = WIRE__WORK_UNIT__KIND_TRAIN_OUTPUTS
            message.pointee.train_outputs = unit.write(targets: targets, &writer)
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
        case WIRE__WORK_UNIT__KIND_SIMILARITY:
            self = try within("similarity") { () throws(WireError) in
                .similarity(try SimilarityUnit(try Field.message(message.similarity, "")))
            }
        case WIRE__WORK_UNIT__KIND_EVALUATE:
            self = try within("evaluate") { () throws(WireError) in
                .evaluate(try EvaluateUnit(try Field.message(message.evaluate, "")))
            }
        default:
            throw WireError(expected: "extract, train, train_outputs, similarity or evaluate", found: "none of them")
        }
    }
}

extension SimilarityUnit {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__SimilarityUnit> {
        let message = writer.new(wire__similarity_unit__init)
        (message.pointee.has_prompt, message.pointee.prompt) = writer.field(prompt)
        (message.pointee.has_layer, message.pointee.layer) = writer.field(layer)
        (message.pointee.has_new_tokens, message.pointee.new_tokens) = writer.field(newTokens)
        return message
    }

    fileprivate init(_ message: Wire__SimilarityUnit) throws(WireError) {
        self.init(
            prompt: try Field.text(message.has_prompt, message.prompt, "prompt"),
            layer: try Field.number(message.has_layer, message.layer, "layer", in: 0...WireLimits.layers),
            newTokens: try Field.number(
                message.has_new_tokens, message.new_tokens, "new_tokens", in: 0...WireLimits.tokens))
    }
}

extension EvaluateUnit {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluateUnit> {
        let message = writer.new(wire__evaluate_unit__init)
        (message.pointee.has_task, message.pointee.task) = writer.field(task.code)
        (message.pointee.n_conditions, message.pointee.conditions) = writer.list(conditions) { $0.code }
        (message.pointee.n_items, message.pointee.items) = writer.messages(items) { $0.write(writer) }
        message.pointee.limits = limits.write(writer)
        return message
    }

    fileprivate init(_ message: Wire__EvaluateUnit) throws(WireError) {
        self.init(
            task: try EvaluationTask(message.has_task, message.task, "task"),
            conditions: try Field.list(message.n_conditions, message.conditions, "conditions") {
                (code) throws(WireError) in try Condition(1, code, "")
            },
            items: try Field.messages(message.n_items, message.items, "items") { (item) throws(WireError) in
                try EvaluationItem(item)
            },
            limits: try within("limits") { () throws(WireError) in
                try GenerationLimits(try Field.message(message.limits, ""))
            })
    }
}

extension EvaluationItem {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluationItem> {
        let message = writer.new(wire__evaluation_item__init)
        (message.pointee.has_id, message.pointee.id) = writer.field(id)
        (message.pointee.has_full_prompt, message.pointee.full_prompt) = writer.field(fullPrompt)
        (message.pointee.has_b_prompt, message.pointee.b_prompt) = writer.field(bPrompt)
        (message.pointee.has_cue, message.pointee.cue) = writer.field(cue)
        (message.pointee.has_partner_prompt, message.pointee.partner_prompt) = writer.field(partnerPrompt)
        return message
    }

    fileprivate init(_ message: Wire__EvaluationItem) throws(WireError) {
        self.init(
            id: try Field.text(message.has_id, message.id, "id"),
            fullPrompt: try Field.text(message.has_full_prompt, message.full_prompt, "full_prompt"),
            bPrompt: try Field.text(message.has_b_prompt, message.b_prompt, "b_prompt"),
            cue: try Field.text(message.has_cue, message.cue, "cue"),
            partnerPrompt: try Field.text(message.has_partner_prompt, message.partner_prompt, "partner_prompt"))
    }
}

extension GenerationLimits {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__GenerationLimits> {
        let message = writer.new(wire__generation_limits__init)
        (message.pointee.has_maximum_new_tokens, message.pointee.maximum_new_tokens) = writer.field(maximumNewTokens)
        (message.pointee.n_stop_strings, message.pointee.stop_strings) = writer.list(stopStrings)
        return message
    }

    fileprivate init(_ message: Wire__GenerationLimits) throws(WireError) {
        self.init(
            maximumNewTokens: try Field.number(
                message.has_maximum_new_tokens, message.maximum_new_tokens, "maximum_new_tokens",
                in: 0...WireLimits.tokens),
            stopStrings: try Field.texts(message.n_stop_strings, message.stop_strings, "stop_strings"))
    }
}
