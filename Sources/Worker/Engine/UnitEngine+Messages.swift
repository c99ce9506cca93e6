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
        /// W · A's activation, [d_B]; A's bare activation, [d_A], where the run has no W; the answering model's own. Of
        /// each link of the channel, of each token at which it was read.
        var vectors: [[[Float]]]
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
        /// Of the unit's sample, link by link.
        var moments: [MessageMoments] = []
        /// Of the answering model's stream over a prompt, where each link writes it.
        var norms: [NormKey: [Double]] = [:]
        /// By prompt and length.
        var written: [Int: [ExactText: Written]] = [:]
        /// By rounds, of each item: what each model was answered by the other last.
        var debates: [Int: [Heard]] = [:]
    }

    /// Whose stream over which prompt, and how many of its last coordinates a message meets.
    struct NormKey: Hashable {
        var model: ModelSide
        var prompt: ExactText
        var coordinates: Int
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
                let own = try activations(
                    of: prompts, in: condition.answerer, at: unit.channel.blocks(of: condition.answerer),
                    also: unit.sites(of: condition.answerer), newTokens: newTokens
                ).mapValues {
                    // A's own message is a gate's: what it takes is no answer's cost.
                    Spoken(
                        vectors: $0.vectors,
                        told: Told(
                            omitted: $0.told.omitted, passesOfB: condition.answerer == .b ? $0.told.passesOfA : .init()
                        ))
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
            on: spoken, at: unit.channel.blocks(of: .a), also: unit.sitesOfA, over: unit.channel, newTokens: newTokens)
        messages.norms = try norms(for: unit, newTokens: newTokens)
        return messages
    }

    /// The norms that the unit's messages are given.
    private func norms(for unit: EvaluateUnit, newTokens: Int) throws -> [NormKey: [Double]] {
        var norms: [NormKey: [Double]] = [:]
        let welcome = try pair().2
        for condition in unit.conditions where condition.usesChannel {
            guard (condition.delivery ?? welcome.delivery).matchesNorm else { continue }
            let coordinates = try coordinates(of: condition, over: unit.channel)
            let found = try medianNorms(
                of: unit.items.compactMap { $0.prompts[condition.prompt] }, in: condition.answerer,
                at: unit.channel.blocks(of: condition.answerer), also: unit.sites(of: condition.answerer),
                coordinates: coordinates, newTokens: newTokens)
            for (prompt, found) in found {
                norms[NormKey(model: condition.answerer, prompt: prompt, coordinates: coordinates)] = found
            }
        }
        return norms
    }

    /// How many coordinates of the answering model's stream a condition's message meets.
    func coordinates(of condition: Condition, over channel: Channel) throws -> Int {
        let (a, b, _) = try pair()
        let (ofA, ofB) = (a.folder.configuration.hiddenSize, b.folder.configuration.hiddenSize)
        let width = condition.answerer == .a ? ofA : ofB
        switch condition.message {
        case .activation, .noise, .matched:
            return try training.projections(of: channel) == nil ? min(ofA, width) : width
        case .own, .zero, .words, .debate, nil: return width
        }
    }

    /// The median norms of a model's streams after so many blocks each over each text.
    func medianNorms(
        of texts: [String], in side: ModelSide, at layers: [Int], also sites: [Int] = [], coordinates: Int,
        newTokens: Int
    ) throws -> [ExactText: [Double]] {
        try readings(
            .medianNorm(coordinates: coordinates), of: texts, in: side, at: layers, also: sites, newTokens: newTokens
        ).mapValues { streams in layers.compactMap { streams.medianNorms[$0] } }
    }

    /// Of the messages on the unit's sample, link by link. It is the same for all units of a task: they are worked out
    /// once.
    private func moments(of unit: EvaluateUnit, newTokens: Int) throws -> [MessageMoments] {
        let key = SampleKey(channel: unit.channel, sample: unit.sample.map(ExactText.init), newTokens: newTokens)
        let w = try training.projections(of: unit.channel)?.map(\.matrix)
        if let known = sampled, known.key == key, known.w == w { return known.moments }
        // Of all tokens, so few texts at a time as are read together anyway: the messages of all would be gigabytes.
        let size = try pair().welcome.positions.areAll ? Self.textsOfAllTokens : max(1, unit.sample.count)
        let parts = stride(from: 0, to: unit.sample.count, by: size).map {
            unit.sample[$0..<min($0 + size, unit.sample.count)]
        }
        var sums = Array(repeating: MessageMoments.Sums(), count: unit.channel.links.count)
        var spoken: (part: Int, messages: [ExactText: Spoken])?
        for _ in 0..<MessageMoments.Sums.passes {
            for (number, texts) in parts.enumerated() {
                if spoken?.part != number {
                    spoken = nil
                    spoken = (
                        number,
                        try messagesOfA(
                            on: Array(texts), at: unit.channel.blocks(of: .a), also: unit.sitesOfA, over: unit.channel,
                            newTokens: newTokens)
                    )
                }
                for text in texts {
                    for (link, vectors) in (spoken?.messages[ExactText(text)]?.vectors ?? []).enumerated() {
                        for vector in vectors { sums[link].add(vector) }
                    }
                }
            }
            for link in sums.indices { sums[link].endPass() }
        }
        let moments = sums.map(\.moments)
        sampled = (key, w, moments)
        return moments
    }

    /// Texts all of whose tokens' messages are held at a time.
    private static let textsOfAllTokens = 4

    /// What the moments of a task's messages depend on, besides W.
    struct SampleKey: Hashable {
        var channel: Channel
        var sample: [ExactText]
        var newTokens: Int
    }

    /// A's activations after so many blocks each, at the token of each text where they are read, mapped by the W's of the
    /// channel's links.
    /// - Parameters:
    ///   - layers: one for each link.
    ///   - sites: where units of other channels will read the same texts.
    func messagesOfA(
        on texts: [String], at layers: [Int], also sites: [Int] = [], over channel: Channel, newTokens: Int
    ) throws -> [ExactText: Spoken] {
        var spoken = try activations(of: texts, in: .a, at: layers, also: sites, newTokens: newTokens)
        guard !spoken.isEmpty, let projections = try training.projections(of: channel) else { return spoken }
        // All at once: W is larger than any cache.
        let told = Array(spoken.keys)
        for (link, projection) in projections.enumerated() {
            let vectors = told.map { spoken[$0]?.vectors[link] ?? [] }
            let rows = vectors.reduce(0) { $0 + $1.count }
            let values = Array(vectors.joined().joined())
            let mapped = try projection.project(
                rows: FloatMatrix(rows: rows, columns: values.count / max(1, rows), values: values), on: device)
            var row = 0
            for (text, vectors) in zip(told, vectors) {
                spoken[text]?.vectors[link] = (row..<row + vectors.count).map { Array(mapped[row: $0]) }
                row += vectors.count
            }
        }
        return spoken
    }

    /// A model's streams after so many blocks each, at the token of each text where they are read, in one pass. What is
    /// kept of them costs an answer as much as reading them for it alone.
    private func activations(
        of texts: [String], in side: ModelSide, at layers: [Int], also sites: [Int], newTokens: Int
    ) throws -> [ExactText: Spoken] {
        try readings(
            .stream, of: texts, in: side, at: layers, also: sites, newTokens: newTokens
        ).mapValues { streams in
            Spoken(
                vectors: layers.map { streams.vectors[$0] ?? [] },
                told: Told(
                    omitted: streams.omitted,
                    passesOfA: Cost.Passes(count: 1, blocks: layers.max() ?? 0, tokens: streams.tokens)))
        }
    }

    /// What is wanted of a model's streams over each text, after these numbers of blocks at least: found where it was
    /// kept, or read.
    private func readings(
        _ wanted: StreamMemory.Wanted, of texts: [String], in side: ModelSide, at layers: [Int], also sites: [Int],
        newTokens: Int
    ) throws -> [ExactText: StreamMemory.Streams] {
        func key(_ text: ExactText) -> StreamMemory.Key {
            StreamMemory.Key(model: side, text: text, newTokens: newTokens, wanted: wanted)
        }
        var found: [ExactText: StreamMemory.Streams] = [:]
        var missing: [ExactText] = []
        for text in Self.distinct(texts) {
            if let kept = streams[key(text)], layers.allSatisfy(kept.has) {
                found[text] = kept
            } else {
                missing.append(text)
            }
        }
        let read = try read(wanted, of: missing, in: side, at: Set(sites + layers).sorted(), newTokens: newTokens)
        if sites.count > 1 {
            for (text, read) in read { streams.keep(read, for: key(text)) }
        }
        return found.merging(read) { first, _ in first }
    }

    /// One pass of a model over the texts, for all of the sites.
    private func read(
        _ wanted: StreamMemory.Wanted, of texts: [ExactText], in side: ModelSide, at layers: [Int], newTokens: Int
    ) throws -> [ExactText: StreamMemory.Streams] {
        guard !texts.isEmpty else { return [:] }
        let (a, b, welcome) = try pair()
        let model = side == .a ? a : b
        let prompts = try texts.map { try model.prompt($0.text, newTokens: newTokens, at: welcome.positions[side]) }
        let sites = layers.map { ActivationSite(afterBlocks: $0) }
        var tokens = prompts.map(\.tokens)
        if case .stream = wanted {
            // What follows the token that is read has no part in its stream.
            tokens = try zip(texts, prompts).map { text, prompt in
                Array(prompt.tokens[..<(try places(of: prompt, in: text.text, of: side).upperBound)])
            }
        }
        var read = zip(prompts, tokens).map { StreamMemory.Streams(tokens: $1.count, omitted: $0.omitted) }
        switch wanted {
        case .stream where welcome.positions.areAll:
            for (layer, streams) in zip(layers, try model.model.everyStream(of: tokens, at: sites)) {
                for (place, streams) in streams.enumerated() { read[place].vectors[layer] = streams }
            }
        case .stream:
            for (layer, streams) in zip(layers, try model.model.residualStreams(of: tokens, at: sites)) {
                for (place, stream) in streams.enumerated() { read[place].vectors[layer] = [stream] }
            }
        case .medianNorm(let coordinates):
            let medians = try ReceiverNorm.medians(of: tokens, in: model.model, at: sites, coordinates: coordinates)
            for (layer, medians) in zip(layers, medians) {
                for (place, median) in medians.enumerated() { read[place].medianNorms[layer] = median }
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(texts, read))
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
