import CWireMessages
import Run

// What the experiments ask.

extension SimilarityUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__SimilarityUnit> {
        let message = writer.new(wire__similarity_unit__init)
        (message.pointee.has_prompt, message.pointee.prompt) = writer.field(prompt)
        (message.pointee.has_layer, message.pointee.layer) = writer.field(layer)
        (message.pointee.has_new_tokens, message.pointee.new_tokens) = writer.field(newTokens)
        message.pointee.channel = channel.write(writer)
        return message
    }

    init(_ message: Wire__SimilarityUnit) throws(WireError) {
        self.init(
            prompt: try Field.text(message.has_prompt, message.prompt, "prompt"),
            layer: try Field.number(message.has_layer, message.layer, "layer", in: 0...WireLimits.layers),
            newTokens: try Field.number(
                message.has_new_tokens, message.new_tokens, "new_tokens", in: 0...WireLimits.tokens),
            channel: try Channel(message.channel, "channel"))
    }
}

extension EvaluateUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluateUnit> {
        let message = writer.new(wire__evaluate_unit__init)
        (message.pointee.has_task, message.pointee.task) = writer.field(task)
        message.pointee.channel = channel.write(writer)
        (message.pointee.n_conditions, message.pointee.conditions) = writer.messages(conditions) { $0.write(writer) }
        (message.pointee.n_items, message.pointee.items) = writer.messages(items) { $0.write(writer) }
        switch form {
        case .text(let limits):
            message.pointee.form_case = WIRE__EVALUATE_UNIT__FORM_TEXT
            message.pointee.text = limits.write(writer)
        case .choice:
            message.pointee.form_case = WIRE__EVALUATE_UNIT__FORM_CHOICE
            message.pointee.choice = writer.new(wire__choice_form__init)
        }
        (message.pointee.has_answers, message.pointee.answers) = writer.field(endpoints.contains(.answers))
        (message.pointee.has_likelihood, message.pointee.likelihood) = writer.field(endpoints.contains(.likelihood))
        (message.pointee.n_sample, message.pointee.sample) = writer.list(sample)
        (message.pointee.n_references, message.pointee.references) = writer.messages(references) { places in
            let group = writer.new(wire__references__init)
            (group.pointee.n_conditions, group.pointee.conditions) = writer.list(places)
            return group
        }
        (message.pointee.n_sites_of_a, message.pointee.sites_of_a) = writer.list(sitesOfA)
        (message.pointee.n_sites_of_b, message.pointee.sites_of_b) = writer.list(sitesOfB)
        return message
    }

    init(_ message: Wire__EvaluateUnit) throws(WireError) {
        let stage = try Field.stage(message.has_task, message.task, "task")
        guard case .evaluate(let task) = stage else {
            throw WireError(field: "task", expected: "a task", found: stage.rawValue)
        }
        let conditions = try Field.messages(message.n_conditions, message.conditions, "conditions") {
            (condition) throws(WireError) in try Condition(condition)
        }
        let roles = conditions.reduce(into: Set()) { $0.formUnion($1.roles) }
        let form: AnswerForm
        switch message.form_case {
        case WIRE__EVALUATE_UNIT__FORM_TEXT:
            form = .text(
                try within("text") { () throws(WireError) in
                    try GenerationLimits(try Field.message(message.text, ""))
                })
        case WIRE__EVALUATE_UNIT__FORM_CHOICE: form = .choice
        default: throw WireError(field: "form", expected: "text or choice", found: "neither")
        }
        self.init(
            task: task, channel: try Channel(message.channel, "channel"), conditions: conditions,
            items: try Field.messages(message.n_items, message.items, "items") { (item) throws(WireError) in
                let item = try EvaluationItem(item)
                if let role = roles.subtracting(item.prompts.keys).map(\.rawValue).min() {
                    throw WireError(field: "prompts", expected: "one for the role '\(role)'", found: "none")
                }
                if form == .choice, item.choices.isEmpty { throw Field.missing("choices") }
                return item
            },
            form: form, endpoints: try Self.endpoints(message),
            sample: try Field.texts(message.n_sample, message.sample, "sample"),
            references: try Field.messages(message.n_references, message.references, "references") {
                (group) throws(WireError) in try Self.reference(group, among: conditions)
            },
            sitesOfA: try Field.sites(message.n_sites_of_a, message.sites_of_a, "sites_of_a", from: 0),
            sitesOfB: try Field.sites(message.n_sites_of_b, message.sites_of_b, "sites_of_b", from: 0))
    }

    private static func endpoints(_ message: Wire__EvaluateUnit) throws(WireError) -> Set<EvaluationEndpoint> {
        var endpoints: Set<EvaluationEndpoint> = []
        if try Field.flag(message.has_answers, message.answers, "answers") { endpoints.insert(.answers) }
        if try Field.flag(message.has_likelihood, message.likelihood, "likelihood") { endpoints.insert(.likelihood) }
        return endpoints
    }

    /// Places of conditions that B answers.
    private static func reference(
        _ message: Wire__References, among conditions: [Condition]
    ) throws(WireError) -> [Int] {
        let places = try Field.numbers(message.n_conditions, message.conditions, "conditions")
        guard !places.isEmpty,
            places.allSatisfy({ conditions.indices.contains($0) && conditions[$0].answerer == .b })
        else {
            throw WireError(field: "conditions", expected: "places of conditions that B answers", found: "\(places)")
        }
        return places
    }
}

extension PromptRole {
    private static let others = 6

    fileprivate var code: Int {
        switch self {
        case .a: 1
        case .b: 2
        case .both: 3
        case .question: 4
        case .cue: 5
        case .other(let number): Self.others + number
        }
    }

    fileprivate init(_ present: Presence, _ code: Int64, _ name: String) throws(WireError) {
        let code = try Field.number(present, code, name, in: 1...Self.others + Self.mostOthers)
        self = Self.own.first { $0.code == code } ?? .other(code - Self.others)
    }
}

extension Condition {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Condition> {
        let message = writer.new(wire__condition__init)
        (message.pointee.has_name, message.pointee.name) = writer.field(name)
        (message.pointee.has_answerer, message.pointee.answerer) = writer.field(answerer.code)
        (message.pointee.has_prompt, message.pointee.prompt) = writer.field(prompt.code)
        switch self.message {
        case nil: break
        case .activation(let source):
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_ACTIVATION
            message.pointee.activation = Int64(source.code)
        case .own(let source):
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_OWN
            message.pointee.own = Int64(source.code)
        case .noise(let source):
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_NOISE
            message.pointee.noise = Int64(source.code)
        case .matched:
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_MATCHED
            message.pointee.matched = writer.new(wire__no_content__init)
        case .zero:
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_ZERO
            message.pointee.zero = writer.new(wire__no_content__init)
        case .debate(let rounds):
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_DEBATE
            message.pointee.debate = Int64(rounds)
        case .words(let source, let newTokens):
            let words = writer.new(wire__words_message__init)
            (words.pointee.has_of, words.pointee.of) = writer.field(source.code)
            (words.pointee.has_new_tokens, words.pointee.new_tokens) = writer.field(newTokens)
            message.pointee.message_case = WIRE__CONDITION__MESSAGE_WORDS
            message.pointee.words = words
        }
        if let delivery { message.pointee.delivery = delivery.write(writer) }
        return message
    }

    fileprivate init(_ message: Wire__Condition) throws(WireError) {
        let told: Message?
        switch message.message_case {
        case WIRE__CONDITION__MESSAGE_ACTIVATION:
            told = .activation(of: try PromptRole(1, message.activation, "activation"))
        case WIRE__CONDITION__MESSAGE_OWN: told = .own(of: try PromptRole(1, message.own, "own"))
        case WIRE__CONDITION__MESSAGE_NOISE: told = .noise(like: try PromptRole(1, message.noise, "noise"))
        case WIRE__CONDITION__MESSAGE_DEBATE:
            told = .debate(rounds: try Field.number(1, message.debate, "debate", in: 2...WireLimits.rounds))
        case WIRE__CONDITION__MESSAGE_MATCHED: told = .matched
        case WIRE__CONDITION__MESSAGE_ZERO: told = .zero
        case WIRE__CONDITION__MESSAGE_WORDS:
            told = try within("words") { () throws(WireError) in
                let words = try Field.message(message.words, "")
                return .words(
                    of: try PromptRole(words.has_of, words.of, "of"),
                    newTokens: try Field.number(
                        words.has_new_tokens, words.new_tokens, "new_tokens", in: 1...WireLimits.tokens))
            }
        default: told = nil
        }
        self.init(
            try Field.name(message.has_name, message.name, "name"),
            try Field.choice(message.has_answerer, message.answerer, "answerer"),
            reads: try PromptRole(message.has_prompt, message.prompt, "prompt"), told: told,
            by: try message.delivery.map { (delivery) throws(WireError) in
                try within("delivery") { () throws(WireError) in try Condition.Delivery(delivery.pointee) }
            })
    }
}

extension EvaluationItem {
    /// A prompt that several roles have in common travels once.
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluationItem> {
        let message = writer.new(wire__evaluation_item__init)
        (message.pointee.has_id, message.pointee.id) = writer.field(id)
        var texts: [String] = []
        var places: [(role: PromptRole, text: Int)] = []
        for (role, prompt) in prompts.sorted(by: { $0.key.code < $1.key.code }) {
            // Not by `==`, which takes canonically equivalent texts for equal.
            let known = texts.firstIndex { $0.utf8.elementsEqual(prompt.utf8) }
            if known == nil { texts.append(prompt) }
            places.append((role, known ?? texts.count - 1))
        }
        (message.pointee.n_texts, message.pointee.texts) = writer.list(texts)
        (message.pointee.n_prompts, message.pointee.prompts) = writer.messages(places) { place in
            let prompt = writer.new(wire__item_prompt__init)
            (prompt.pointee.has_role, prompt.pointee.role) = writer.field(place.role.code)
            (prompt.pointee.has_text, prompt.pointee.text) = writer.field(place.text)
            return prompt
        }
        (message.pointee.n_choices, message.pointee.choices) = writer.list(choices)
        (message.pointee.n_golds, message.pointee.golds) = writer.list(golds)
        return message
    }

    fileprivate init(_ message: Wire__EvaluationItem) throws(WireError) {
        let texts = try Field.texts(message.n_texts, message.texts, "texts")
        var prompts: [PromptRole: String] = [:]
        let roles = try Field.messages(message.n_prompts, message.prompts, "prompts") {
            (prompt) throws(WireError) -> (PromptRole, Int) in
            guard !texts.isEmpty else {
                throw WireError(field: "text", expected: "a place among the texts", found: "no text")
            }
            return (
                try PromptRole(prompt.has_role, prompt.role, "role"),
                try Field.number(prompt.has_text, prompt.text, "text", in: 0...texts.count - 1)
            )
        }
        for (role, text) in roles { prompts[role] = texts[text] }
        self.init(
            id: try Field.text(message.has_id, message.id, "id"), prompts: prompts,
            choices: try Field.texts(message.n_choices, message.choices, "choices"),
            golds: try Field.texts(message.n_golds, message.golds, "golds"))
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
