import Devices
import Models
import PlainText
import Run

/// The first phase of an evaluation: what one model has to say to the other.
extension Cost.Passes {
    /// Of passes of one depth.
    static func + (a: Self, b: Self) -> Self {
        .init(count: a.count + b.count, blocks: max(a.blocks, b.blocks), tokens: a.tokens + b.tokens)
    }
}

extension UnitEngine {
    /// What came of a message, whatever it is made of.
    struct Told {
        /// Tokens cut off the prompt that the message comes from.
        var omitted = 0
        var passesOfA = Cost.Passes()
        var passesOfB = Cost.Passes()
        var bytes = 0
    }

    /// An activation on a prompt.
    struct Spoken {
        /// W · A's activation, [d_B]; A's bare activation, [d_A], where the run has no W; the answering model's own.
        var vector: [Float]
        var told: Told
    }

    /// What A has written on a prompt.
    struct Written {
        var text: String
        var told: Told
    }

    /// The messages of one unit: each prompt's once, whichever items and conditions use it.
    struct Messages {
        /// A's, mapped into B's space.
        var spoken: [ExactText: Spoken] = [:]
        /// A model's own, where it would be told one.
        var own: [ModelSide: [ExactText: Spoken]] = [:]
        /// Of the unit's sample.
        var moments: MessageMoments?
        /// By prompt and length.
        var written: [Int: [ExactText: Written]] = [:]
        /// By rounds, of each item: what each model was answered by the other last.
        var debates: [Int: [Heard]] = [:]
    }

    /// What either model hears from the other before its last answer of a debate.
    struct Heard {
        var byA: Written
        var byB: Written
    }

    /// Everything that the unit's conditions tell.
    /// - Parameter newTokens: positions that the answer needs: prompts are cut to leave room for them.
    func messages(for unit: EvaluateUnit, newTokens: Int) throws -> Messages {
        let (a, _, _) = try pair()
        var messages = Messages()
        var spoken: [String] = []
        for condition in unit.conditions {
            let prompts = unit.items.compactMap { item in condition.message?.source.flatMap { item.prompts[$0] } }
            switch condition.message {
            case .activation, .noise: spoken += prompts
            case .own:
                let (blocks, sites) =
                    condition.answerer == .a ? (unit.channel.k, unit.sitesOfA) : (unit.channel.j, unit.sitesOfB)
                let own = try activations(
                    of: prompts, in: condition.answerer, at: blocks, also: sites, newTokens: newTokens
                ).mapValues {
                    // A's own message is a gate's: what it takes is no answer's cost.
                    Spoken(
                        vector: $0.vector,
                        told: Told(
                            omitted: $0.told.omitted, passesOfB: condition.answerer == .b ? $0.told.passesOfA : .init(),
                            bytes: $0.told.bytes))
                }
                messages.own[condition.answerer, default: [:]].merge(own) { first, _ in first }
            case .words(_, let words):
                let written = try self.written(on: prompts, by: a, newTokens: words, form: unit.form)
                messages.written[words, default: [:]].merge(written) { first, _ in first }
            case .debate(let rounds):
                if messages.debates[rounds] == nil { messages.debates[rounds] = try debate(on: unit, rounds: rounds) }
            case .matched: messages.moments = try moments(of: unit, newTokens: newTokens)
            case .zero, nil: break
            }
        }
        messages.spoken = try messagesOfA(
            on: spoken, at: unit.channel.k, also: unit.sitesOfA, over: unit.channel, newTokens: newTokens)
        return messages
    }

    /// Of the messages on the unit's sample, which is the same for all units of a task: they are worked out once.
    private func moments(of unit: EvaluateUnit, newTokens: Int) throws -> MessageMoments {
        let key = SampleKey(channel: unit.channel, sample: unit.sample.map(ExactText.init), newTokens: newTokens)
        let projection = try training.projection(of: unit.channel)
        if let known = sampled, known.key == key, known.w == projection?.matrix { return known.moments }
        let spoken = try messagesOfA(
            on: unit.sample, at: unit.channel.k, also: unit.sitesOfA, over: unit.channel, newTokens: newTokens)
        let moments = MessageMoments(of: unit.sample.compactMap { spoken[ExactText($0)]?.vector })
        sampled = (key, projection?.matrix, moments)
        return moments
    }

    /// What the moments of a task's messages depend on, besides W.
    struct SampleKey: Hashable {
        var channel: Channel
        var sample: [ExactText]
        var newTokens: Int
    }

    /// A's activations after `layer` blocks at each text's last token, mapped by the channel's W.
    /// - Parameter sites: where units of other channels will read the same texts.
    func messagesOfA(
        on texts: [String], at layer: Int, also sites: [Int] = [], over channel: Channel, newTokens: Int
    ) throws -> [ExactText: Spoken] {
        let bare = try activations(of: texts, in: .a, at: layer, also: sites, newTokens: newTokens)
        guard let projection = try training.projection(of: channel) else { return bare }
        return try bare.mapValues { bare in
            let vector = try projection.project(bare.vector, on: device)
            var told = bare.told
            told.bytes = MemoryLayout<Float>.size * vector.count
            return Spoken(vector: vector, told: told)
        }
    }

    /// A model's streams after `layer` blocks at each text's last token. What is kept of them costs an answer as much as
    /// reading them for it alone.
    private func activations(
        of texts: [String], in side: ModelSide, at layer: Int, also sites: [Int], newTokens: Int
    ) throws -> [ExactText: Spoken] {
        var found: [ExactText: StreamMemory.Streams] = [:]
        var missing: [ExactText] = []
        for text in Self.distinct(texts) {
            let key = StreamMemory.Key(model: side, text: text, newTokens: newTokens)
            if let kept = streams[key], kept.vectors[layer] != nil { found[text] = kept } else { missing.append(text) }
        }
        let read = try readStreams(of: missing, in: side, at: Set(sites + [layer]).sorted(), newTokens: newTokens)
        if sites.count > 1 {
            for (text, read) in read {
                streams.keep(read, for: StreamMemory.Key(model: side, text: text, newTokens: newTokens))
            }
        }
        return found.merging(read) { first, _ in first }.mapValues { streams in
            let vector = streams.vectors[layer] ?? []
            return Spoken(
                vector: vector,
                told: Told(
                    omitted: streams.omitted,
                    passesOfA: Cost.Passes(count: 1, blocks: layer, tokens: streams.tokens),
                    bytes: MemoryLayout<Float>.size * vector.count))
        }
    }

    /// One pass of a model over the texts, for all of the sites.
    private func readStreams(
        of texts: [ExactText], in side: ModelSide, at layers: [Int], newTokens: Int
    ) throws -> [ExactText: StreamMemory.Streams] {
        guard !texts.isEmpty else { return [:] }
        let (a, b, _) = try pair()
        let model = side == .a ? a : b
        let prompts = try texts.map { try model.prompt($0.text, newTokens: newTokens) }
        let streams = try model.model.residualStreams(
            of: prompts.map(\.tokens), at: layers.map { ActivationSite(afterBlocks: $0) })
        return Dictionary(
            uniqueKeysWithValues: texts.enumerated().map { place, text in
                let vectors = zip(layers, streams).map { ($0, $1[place]) }
                return (
                    text,
                    StreamMemory.Streams(
                        vectors: Dictionary(uniqueKeysWithValues: vectors), tokens: prompts[place].tokens.count,
                        omitted: prompts[place].omitted)
                )
            })
    }

    /// What A writes on each prompt: up to a stop string of the answers', where these are texts.
    private func written(
        on texts: [String], by a: LoadedModel, newTokens: Int, form: AnswerForm
    ) throws -> [ExactText: Written] {
        let distinct = Self.distinct(texts)
        var stops: [String] = []
        if case .text(let limits) = form { stops = limits.stopStrings }
        let limits = GenerationLimits(maximumNewTokens: newTokens, stopStrings: stops)
        let questions = try distinct.map { text in
            Question(condition: 0, model: a, isA: true, prompt: try a.prompt(text.text, newTokens: newTokens))
        }
        let answers = try answer(questions, choices: nil, limits: limits)
        var written: [ExactText: Written] = [:]
        for (text, answer) in zip(distinct, answers) {
            written[text] = Written(
                text: answer.text,
                told: Told(
                    omitted: answer.omittedPromptTokens, passesOfA: answer.cost.passesOfA,
                    bytes: answer.text.utf8.count))
        }
        return written
    }

    /// All rounds of a debate but the last, over all of a unit's items.
    private func debate(on unit: EvaluateUnit, rounds: Int) throws -> [Heard] {
        var heard: [Heard]?
        for _ in 1..<rounds {
            heard = try answersInDebate(on: unit, heard).enumerated().map { place, pair in
                let before = heard?[place].byA.told
                let (ofA, ofB) = (said(pair.a, unit.items[place]), said(pair.b, unit.items[place]))
                // Both models have gone through all rounds so far, whichever of them answers next.
                let told = Told(
                    omitted: pair.a.omittedPromptTokens + pair.b.omittedPromptTokens,
                    passesOfA: pair.a.cost.passesOfA + (before?.passesOfA ?? .init()),
                    passesOfB: pair.b.cost.passesOfB + (before?.passesOfB ?? .init()),
                    bytes: ofA.utf8.count + ofB.utf8.count + (before?.bytes ?? 0))
                return Heard(byA: Written(text: ofB, told: told), byB: Written(text: ofA, told: told))
            }
        }
        return heard ?? []
    }

    /// What was written, or the text that was chosen.
    private func said(_ answer: Answer, _ item: EvaluationItem) -> String {
        guard let best = answer.likelihoods.max(), let choice = answer.likelihoods.firstIndex(of: best) else {
            return answer.text
        }
        return String(item.choices[choice].drop { $0 == " " })
    }

    /// One round's answers of both models.
    private func answersInDebate(
        on unit: EvaluateUnit, _ heard: [Heard]?
    ) throws -> [(a: Answer, b: Answer)] {
        let (a, b, _) = try pair()
        let limits: GenerationLimits? = if case .text(let limits) = unit.form { limits } else { nil }
        let newTokens = try answerTokens(of: unit)
        func questions(_ model: LoadedModel, _ role: PromptRole, isA: Bool) throws -> [Question] {
            try unit.items.enumerated().map { place, item in
                guard let prompt = item.prompts[role] else {
                    throw EngineError.missingPrompt(item: item.id, role: role)
                }
                let line = heard.map { (isA ? $0[place].byA : $0[place].byB).text + "\n" } ?? ""
                return Question(
                    condition: 0, model: model, isA: isA, text: line + prompt,
                    prompt: try model.prompt(line + prompt, newTokens: newTokens))
            }
        }
        let choices = limits == nil ? unit.items.map(\.choices) : nil
        let end = limits ?? GenerationLimits(maximumNewTokens: 0)
        let ofA = try answer(questions(a, .a, isA: true), choices: choices, limits: end)
        let ofB = try answer(questions(b, .b, isA: false), choices: choices, limits: end)
        return zip(ofA, ofB).map { (a: $0, b: $1) }
    }

    /// In the order of first appearance, each once: partners are often items of the same unit.
    private static func distinct(_ texts: [String]) -> [ExactText] {
        var seen: Set<ExactText> = []
        return texts.map(ExactText.init).filter { seen.insert($0).inserted }
    }
}
