import Generation
import Models
import Projection
package import Run
import Tensors

/// Does units: a unit in, a result out. It knows no coordinator and no sockets; the same unit gives the same bytes
/// on any machine of the same device kind.
///
/// What a unit needs besides itself (the models, W, rows of activations) is handed in before: ``load(_:)`` and
/// ``execute(_:)`` take them from the messages that bring them.
package final class UnitEngine: UnitExecutor {
    private let processor: Processor
    private let execution: Execution
    /// Folders to load instead of those that the coordinator names, where the files lie elsewhere on this machine.
    private let folderA: String?
    private let folderB: String?

    private var welcome: Welcome?
    private var a: LoadedModel?
    private var b: LoadedModel?
    private var training: TrainingEngine

    /// Sequences that are decoded together. It changes no bit of any of them.
    private static let decodingBatch = 32

    package init(processor: Processor, folderA: String? = nil, folderB: String? = nil) {
        self.processor = processor
        self.folderA = folderA
        self.folderB = folderB
        execution = Execution(threads: processor.threads)
        training = TrainingEngine(execution: execution)
    }

    /// Loads the run's models; those that are loaded already stay. W and rows of another run are forgotten.
    package func load(_ welcome: Welcome) throws -> Readiness {
        let pathA = folderA ?? welcome.modelA
        let pathB = folderB ?? welcome.modelB
        training = TrainingEngine(execution: execution)
        self.welcome = welcome
        let computeType = ComputeType(welcome.computePrecision)
        func isLoaded(_ model: LoadedModel?, from path: String) -> Bool {
            model?.folder.url.path == path && model?.model.device.computeType == computeType
                && model?.isChat == welcome.chat
        }
        func loaded(_ path: String) throws -> LoadedModel {
            try LoadedModel(path: path, processor: processor, computeType: computeType, chat: welcome.chat)
        }
        if !isLoaded(a, from: pathA) { a = try loaded(pathA) }
        if !isLoaded(b, from: pathB) { b = pathA == pathB ? a : try loaded(pathB) }
        guard let a, let b else { throw EngineError.notLoaded }
        return Readiness(fingerprintA: a.fingerprint, fingerprintB: b.fingerprint, capacity: 8)
    }

    /// Keeps activations for units that are granted later.
    package func keep(_ activations: TextActivations) {
        training.keep(activations)
    }

    /// Takes in what came with a grant and does its unit.
    package func execute(_ grant: Grant) throws -> UnitResult {
        try training.prepare(grant)
        switch grant.unit {
        case .extract(let unit): return .extract(try extract(unit))
        case .train(let unit): return .train(try training.result(unit, of: grant))
        case .trainOutputs(let unit, let targets):
            return .trainOutputs(try training.result(unit, targets: targets))
        case .similarity(let unit): return .similarity(try similarity(unit))
        case .evaluate(let unit): return .evaluate(try evaluate(unit))
        }
    }

    private func pair() throws(EngineError) -> (a: LoadedModel, b: LoadedModel, welcome: Welcome) {
        guard let a, let b, let welcome else { throw .notLoaded }
        return (a, b, welcome)
    }

    // MARK: Extraction

    private func extract(_ unit: ExtractUnit) throws -> ExtractResult {
        let (a, b, _) = try pair()
        let result = ExtractResult(
            a: try unit.sitesOfA.map {
                try activations(of: unit.texts, in: a, at: $0, maximumTokens: unit.maximumTokens)
            },
            b: try unit.sitesOfB.map {
                try activations(of: unit.texts, in: b, at: $0, maximumTokens: unit.maximumTokens)
            })
        training.keep(unit, result)
        return result
    }

    /// The residual stream after `layer` blocks at each text's own last token, [texts, width].
    private func activations(
        of texts: [String], in model: LoadedModel, at layer: Int, maximumTokens: Int
    ) throws -> FloatMatrix {
        let prompts = try texts.map { text in
            let tokens = model.text(text, maximumTokens: maximumTokens)
            guard !tokens.isEmpty else { throw EngineError.emptyPrompt(model: model.folder.url.path, text: text) }
            return tokens
        }
        let rows = try model.model.residualStreams(of: prompts, at: ActivationSite(afterBlocks: layer))
        return FloatMatrix(
            rows: rows.count, columns: model.folder.configuration.hiddenSize, values: Array(rows.joined()))
    }

    // MARK: Experiments

    private func similarity(_ unit: SimilarityUnit) throws -> SimilarityResult {
        let (a, b, welcome) = try pair()
        let limits = GenerationLimits(maximumNewTokens: unit.newTokens, stopStrings: [])
        let told = try messages(of: [unit.prompt], in: a, at: unit.layer, newTokens: unit.newTokens)
        let prompt = try b.prompt(unit.prompt, newTokens: unit.newTokens)
        let message = told[unit.prompt] ?? Message()
        let injection = Injection(
            site: ActivationSite(afterBlocks: unit.layer), operation: .init(welcome.operation), vector: message.vector)
        let results = try Generator(model: b.model, maximumBatch: Self.decodingBatch).generate([
            b.request(prompt.tokens, limits: limits),
            b.request(prompt.tokens, limits: limits, injection: injection),
        ])
        return SimilarityResult(
            plain: b.continuation(results[0], limits: limits, omitted: prompt.omitted),
            injected: b.continuation(results[1], limits: limits, omitted: prompt.omitted + message.omitted))
    }

    /// What A has to say on a text.
    private struct Message {
        /// W · A's activation, [d_B]; A's bare activation, [d_A], where the run has no W.
        var vector: [Float] = []
        /// Tokens cut off the text.
        var omitted = 0
    }

    /// A's messages on texts: from its activation after `layer` blocks at each text's last token.
    private func messages(
        of texts: [String], in a: LoadedModel, at layer: Int, newTokens: Int
    ) throws -> [String: Message] {
        // In the order of first appearance, each once: partners are often items of the same unit.
        var seen: Set<String> = []
        let distinct = texts.filter { seen.insert($0).inserted }
        let prompts = try distinct.map { try a.prompt($0, newTokens: newTokens) }
        let streams = try a.model.residualStreams(of: prompts.map(\.tokens), at: ActivationSite(afterBlocks: layer))
        let welcome = try pair().welcome
        let projection = try training.projection(of: Channel(k: welcome.layerK, j: welcome.layerJ))
        var messages: [String: Message] = [:]
        for (place, text) in distinct.enumerated() {
            let vector = try projection.map { try $0.project(streams[place], execution: execution) } ?? streams[place]
            messages[text] = Message(vector: vector, omitted: prompts[place].omitted)
        }
        return messages
    }

    private func evaluate(_ unit: EvaluateUnit) throws -> EvaluateResult {
        let (a, b, welcome) = try pair()
        let newTokens = unit.limits.maximumNewTokens
        let needsPartners = unit.conditions.contains(.shuffled)
        let told = try messages(
            of: unit.items.flatMap { [$0.fullPrompt] + (needsPartners ? [$0.partnerPrompt] : []) }, in: a,
            at: welcome.layerK, newTokens: newTokens)

        var questions: [Question] = []
        for item in unit.items {
            let own = try b.prompt(item.bPrompt, newTokens: newTokens)
            let message = told[item.fullPrompt] ?? Message()
            for condition in unit.conditions {
                switch condition {
                case .aFull: questions.append(Question(a, try a.prompt(item.fullPrompt, newTokens: newTokens)))
                case .bFull: questions.append(Question(b, try b.prompt(item.fullPrompt, newTokens: newTokens)))
                case .injected: questions.append(Question(b, own, told: message))
                case .random:
                    let noise = Noise.like(
                        message.vector, seed: welcome.seed, key: "\(unit.task.rawValue)/\(item.id)")
                    questions.append(Question(b, own, told: Message(vector: noise, omitted: message.omitted)))
                case .shuffled:
                    questions.append(Question(b, own, told: told[item.partnerPrompt] ?? Message()))
                case .bPrompt: questions.append(Question(b, own))
                case .noContext: questions.append(Question(b, try b.prompt(item.cue, newTokens: newTokens)))
                }
            }
        }
        let answers = try answer(questions, limits: unit.limits, welcome)
        let perItem = unit.conditions.count
        return EvaluateResult(
            items: unit.items.indices.map { item in
                ItemAnswers(answers: Array(answers[item * perItem..<(item + 1) * perItem]))
            })
    }

    /// A prompt for one of the models, with what it is told by activation.
    private struct Question {
        var model: LoadedModel
        var prompt: LoadedModel.Prompt
        var told: Message?

        init(_ model: LoadedModel, _ prompt: LoadedModel.Prompt, told: Message? = nil) {
            self.model = model
            self.prompt = prompt
            self.told = told
        }
    }

    /// Each question's answer, in their order; each model decodes all of its questions together.
    private func answer(
        _ questions: [Question], limits: GenerationLimits, _ welcome: Welcome
    ) throws -> [Continuation] {
        var answers = [Continuation?](repeating: nil, count: questions.count)
        let byModel = Dictionary(grouping: questions.indices) { ObjectIdentifier(questions[$0].model.model) }
        for places in byModel.values {
            let model = questions[places[0]].model
            let requests = places.map { place in
                model.request(
                    questions[place].prompt.tokens, limits: limits,
                    injection: questions[place].told.map {
                        Injection(
                            site: ActivationSite(afterBlocks: welcome.layerJ), operation: .init(welcome.operation),
                            vector: $0.vector)
                    })
            }
            let results = try Generator(model: model.model, maximumBatch: Self.decodingBatch).generate(requests)
            for (place, result) in zip(places, results) {
                let omitted = questions[place].prompt.omitted + (questions[place].told?.omitted ?? 0)
                answers[place] = model.continuation(result, limits: limits, omitted: omitted)
            }
        }
        return answers.compactMap(\.self)
    }
}
