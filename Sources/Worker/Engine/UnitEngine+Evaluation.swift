import Devices
import Generation
import ModelReading
import PlainText
import Run
import Storage

/// Evaluation in two phases: first what one model tells the other (``messages(for:newTokens:)``), then the questions,
/// all of a unit's together. Nothing here knows a condition by its name.
extension UnitEngine {
    func evaluate(_ unit: EvaluateUnit) throws -> EvaluateResult {
        let limits: GenerationLimits? = if case .text(let limits) = unit.form { limits } else { nil }
        let newTokens = try answerTokens(of: unit)
        let messages = try messages(for: unit, newTokens: newTokens)
        var questions: [Question] = []
        for (number, item) in unit.items.enumerated() {
            for (place, condition) in unit.conditions.enumerated() {
                var question = try question(number, item, condition, unit, messages, newTokens: newTokens)
                question.condition = place
                questions.append(question)
            }
        }
        let choices = limits == nil ? unit.items.map(\.choices) : nil
        let isAnswered = unit.endpoints.contains(.answers)
        running?.spending.enter(.answers)
        // Likelihoods take a pass for each question, about as long as reading it did.
        let share = unit.endpoints.contains(.likelihood) && isAnswered ? 0.5 : 1
        var answers = try answer(
            questions, share: share, choices: isAnswered ? choices : nil,
            limits: isAnswered
                ? limits ?? GenerationLimits(maximumNewTokens: 0) : GenerationLimits(maximumNewTokens: 0),
            perItem: unit.conditions.count)
        running?.spending.enter(.likelihoods)
        if unit.endpoints.contains(.likelihood) { try addLikelihoods(to: &answers, questions, of: unit) }
        noteWork(of: unit, answers, questions)
        let perItem = unit.conditions.count
        return EvaluateResult(
            items: unit.items.indices.map { item in
                ItemAnswers(answers: Array(answers[item * perItem..<(item + 1) * perItem]))
            })
    }

    /// How the unit's time is shared by its conditions. Reading goes by tokens and the blocks that they go through; so do
    /// likelihoods, by the prompts'; writing goes by passes, since a token that is written takes about as long as a whole
    /// prompt does. A block of either model weighs as much as its weights, about: the square of its width.
    private func noteWork(of unit: EvaluateUnit, _ answers: [Answer], _ questions: [Question]) {
        guard let running, let (a, b, _) = try? pair() else { return }
        func weight(_ model: LoadedModel) -> Double {
            let width = Double(model.folder.configuration.hiddenSize)
            return width * width
        }
        func reading(_ passes: Cost.Passes, of model: LoadedModel) -> Double {
            weight(model) * Double(passes.blocks) * Double(passes.tokens)
        }
        let none = [Double](repeating: 0, count: unit.conditions.count)
        var (messages, writing, likelihoods) = (none, none, none)
        for (answer, question) in zip(answers, questions) {
            let (place, model) = (question.condition, question.model)
            let passes = question.isA ? answer.cost.passesOfA : answer.cost.passesOfB
            messages[place] += reading(question.told.passesOfA, of: a) + reading(question.told.passesOfB, of: b)
            writing[place] += weight(model) * Double(passes.blocks) * Double(passes.count)
            likelihoods[place] +=
                weight(model) * Double(model.folder.configuration.blockCount) * Double(question.prompt.tokens.count)
        }
        running.spending.note(messages, of: .messages)
        running.spending.note(writing, of: .answers)
        running.spending.note(likelihoods, of: .likelihoods)
    }

    /// A prompt for one of the models, with what it is told.
    struct Question {
        /// The condition's place in the unit.
        var condition: Int
        var model: LoadedModel
        /// Whether the model is A.
        var isA: Bool
        /// The prompt as a text, where choices are to continue it.
        var text = ""
        var prompt: ReadPrompt
        var injections: [Injection] = []
        /// What it is told in words.
        var words: String?
        var told = Told()

        /// What reaches the model of a message.
        var toldMessage: ToldMessage? {
            if let words { return .words(words) }
            return injections.isEmpty ? nil : .vector(digest: injections.digest, norm: injections.norm)
        }
    }

    private func question(
        _ number: Int, _ item: EvaluationItem, _ condition: Condition, _ unit: EvaluateUnit, _ messages: Messages,
        newTokens: Int
    ) throws -> Question {
        let (a, b, welcome) = try pair()
        func prompt(_ role: PromptRole) throws(EngineError) -> String {
            guard let text = item.prompts[role] else { throw .missingPrompt(item: item.id, role: role) }
            return text
        }
        let model = condition.answerer == .a ? a : b
        var question = Question(
            condition: 0, model: model, isA: condition.answerer == .a,
            prompt: ReadPrompt(tokens: [], omitted: 0))
        // What is put into the stream by a link at the prompt's last tokens that have a part in it, backwards.
        var message: ((_ link: Int, _ tokens: Int) -> [[Float]])?
        /// Of the noise at a token, by its distance from the last.
        func key(_ link: Int, _ distance: Int) -> String {
            "\(unit.task)/\(item.id)" + (distance == 0 ? "" : "/\(distance)") + (link == 0 ? "" : "+\(link)")
        }
        switch condition.message {
        case nil: break
        case .activation(let source), .noise(let source), .own(let source):
            var isOwn = false
            if case .own = condition.message { isOwn = true }
            let known = isOwn ? messages.own[condition.answerer] ?? [:] : messages.spoken
            guard let spoken = known[ExactText(try prompt(source))] else {
                throw EngineError.missingPrompt(item: item.id, role: source)
            }
            question.told = spoken.told
            if case .noise = condition.message {
                message = { link, tokens in
                    spoken.vectors[link].reversed().prefix(tokens).enumerated().map {
                        Noise.like($1, seed: welcome.seed, key: key(link, $0))
                    }
                }
            } else {
                message = { Array(spoken.vectors[$0].reversed().prefix($1)) }
            }
        case .matched:
            let moments = messages.moments
            message = { link, tokens in
                (0..<tokens).map { Noise.like(moments[link], seed: welcome.seed, key: key(link, $0)) }
            }
        case .zero:
            let zeros = [Float](repeating: 0, count: model.folder.configuration.hiddenSize)
            message = { Array(repeating: zeros, count: $1) }
        case .words(let source, let words):
            guard let written = messages.written[words]?[ExactText(try prompt(source))] else {
                throw EngineError.missingPrompt(item: item.id, role: source)
            }
            question.told = written.told
            question.words = written.text
        case .debate(let rounds):
            guard let heard = messages.debates[rounds]?[number] else { throw EngineError.notLoaded }
            let written = condition.answerer == .a ? heard.byA : heard.byB
            question.told = written.told
            question.words = written.text
        }
        guard let text = item.text(for: condition, told: question.words) else {
            throw EngineError.missingPrompt(item: item.id, role: condition.prompt)
        }
        question.text = text
        question.prompt = try model.prompt(text, newTokens: newTokens, at: welcome.positions[condition.answerer])
        if let message {
            let coordinates = try coordinates(of: condition, over: unit.channel)
            let own = NormKey(model: condition.answerer, prompt: ExactText(text), coordinates: coordinates)
            let places = try places(of: question.prompt, in: text, of: condition.answerer)
            let written = unit.channel.blocks(of: condition.answerer)
            for (link, blocks) in written.enumerated() where !written[..<link].contains(blocks) {
                question.injections.append(
                    Injection(
                        site: ActivationSite(afterBlocks: blocks), vectors: message(link, places.count).reversed(),
                        by: condition.delivery ?? welcome.delivery, norm: messages.norms[own]?[link],
                        width: model.folder.configuration.hiddenSize,
                        following: question.prompt.tokens.count - places.upperBound))
            }
            if condition.teller != nil {
                question.told.bytes =
                    MemoryLayout<Float>.size
                    * question.injections.reduce(0) { $0 + $1.vectors.reduce(0) { $0 + $1.count } }
            }
        }
        return question
    }

    /// Where a model's stream over a prompt is read or written.
    func places(of prompt: ReadPrompt, in text: String, of side: ModelSide) throws -> Range<Int> {
        let (a, b, welcome) = try pair()
        guard let places = prompt.places else {
            throw EngineError.missingToken(
                model: (side == .a ? a : b).folder.url.path, position: welcome.positions[side], text: text)
        }
        return places
    }

    /// Positions that are kept for an answer of the unit's.
    func answerTokens(of unit: EvaluateUnit) throws -> Int {
        let (a, b, _) = try pair()
        return unit.answerTokens(of: a.reading, and: b.reading)
    }

    /// Each question's answer, in their order; each model decodes all of its questions together.
    /// - Parameters:
    ///   - share: what they are of the unit's work; nil where that is not known.
    ///   - choices: of each item, where answers are chosen.
    ///   - perItem: questions of an item, which stand together.
    ///   - thinks: whether thoughts are no part of the answers, where the settings say what ends them.
    func answer(
        _ questions: [Question], share: Double? = nil, choices: [[String]]?, limits: GenerationLimits, perItem: Int = 1,
        thinks: Bool = true
    ) throws -> [Answer] {
        var answers = [Answer?](repeating: nil, count: questions.count)
        let byModel = Dictionary(grouping: questions.indices) { ObjectIdentifier(questions[$0].model.model) }
        var answered = 0
        defer { running?.stretch = nil }
        for places in byModel.values {
            let asked = places.map { questions[$0] }
            running?.stretch = share.map { share in
                let each = share / Double(questions.count)
                return Double(answered) * each...Double(answered + places.count) * each
            }
            answered += places.count
            let found =
                if let choices {
                    try choose(asked, among: places.map { choices[$0 / perItem] })
                } else {
                    try write(asked, limits: limits, thinks: thinks)
                }
            for (place, answer) in zip(places, found) { answers[place] = answer }
        }
        return answers.compactMap(\.self)
    }

    /// Texts, of questions to one model.
    private func write(_ questions: [Question], limits: GenerationLimits, thinks: Bool) throws -> [Answer] {
        guard let model = questions.first?.model else { return [] }
        let requests = questions.map {
            model.request($0.prompt.tokens, limits: limits, injections: $0.injections, thinks: thinks)
        }
        let results = try continuations(of: requests, by: model.model)
        return zip(questions, results).map { question, result in
            // Each token but the first takes a pass of its own, and so does an end-of-text token.
            let passes = result.tokens.count + (result.finish == .endToken ? 1 : 0)
            var answer = model.answer(result, limits: limits, thinks: thinks)
            complete(&answer, question, passes: passes, tokens: question.prompt.tokens.count + max(passes - 1, 0))
            return answer
        }
    }

    /// Choices, of questions to one model.
    private func choose(_ questions: [Question], among choices: [[String]]) throws -> [Answer] {
        guard let model = questions.first?.model else { return [] }
        let requests = try zip(questions, choices).map { question, choices in
            LikelihoodRequest(
                tokens: question.prompt.tokens, injections: question.injections,
                continuations: try model.tokens(ofChoices: choices, after: question.text))
        }
        let sums = try Generator(model: model.model, maximumBatch: device.standardBatch).likelihoods(requests)
        return zip(questions, zip(requests, sums)).map { question, found in
            var answer = Answer(likelihoods: found.1)
            let more = found.0.continuations.reduce(0) { $0 + $1.count - 1 }
            complete(&answer, question, passes: 1 + more, tokens: question.prompt.tokens.count + more)
            return answer
        }
    }

    /// What an answer rests on and took, besides its text.
    private func complete(_ answer: inout Answer, _ question: Question, passes: Int, tokens: Int) {
        let answering = Cost.Passes(
            count: passes, blocks: question.model.folder.configuration.blockCount, tokens: passes > 0 ? tokens : 0)
        answer.omittedPromptTokens = question.prompt.omitted + question.told.omitted
        answer.promptDigest = ContentHasher.digest(of: question.prompt.tokens).hex
        answer.told = question.toldMessage
        answer.cost = Cost(
            promptTokens: question.prompt.tokens.count, newTokens: answer.tokens.count,
            passesOfA: question.isA ? answering + question.told.passesOfA : question.told.passesOfA,
            passesOfB: question.isA ? question.told.passesOfB : answering,
            passesOfBForMessage: question.isA ? Cost.Passes() : question.told.passesOfB,
            messageBytes: question.told.bytes)
    }
}
