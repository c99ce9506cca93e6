import Generation
import Models
import Projection
package import Run

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
        if a?.folder.url.path != pathA { a = try LoadedModel(path: pathA, processor: processor) }
        if b?.folder.url.path != pathB { b = pathA == pathB ? a : try LoadedModel(path: pathB, processor: processor) }
        guard let a, let b else { throw EngineError.notLoaded }
        return Readiness(fingerprintA: a.fingerprint, fingerprintB: b.fingerprint, capacity: 8)
    }

    /// Takes in what came with a grant and does its unit.
    package func execute(_ grant: Grant) throws -> UnitResult {
        try training.prepare(grant)
        switch grant.unit {
        case .extract(let unit): return .extract(try extract(unit))
        case .train(let unit): return .train(try training.result(unit, number: grant.id.index))
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
        let (a, b, welcome) = try pair()
        let result = ExtractResult(
            a: try activations(of: unit.texts, in: a, at: welcome.layerK, maximumTokens: unit.maximumTokens),
            b: try activations(of: unit.texts, in: b, at: welcome.layerJ, maximumTokens: unit.maximumTokens))
        let indices = Array(unit.firstRow..<unit.firstRow + unit.texts.count)
        training.keep(ActivationRows(indices: indices, a: result.a, b: result.b))
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
        let prompt = b.prompt(unit.prompt, newTokens: unit.newTokens)
        let injection = Injection(
            site: ActivationSite(afterBlocks: unit.layer), operation: .init(welcome.operation),
            vector: told[unit.prompt] ?? [])
        let results = try Generator(model: b.model, maximumBatch: Self.decodingBatch).generate([
            b.request(prompt, limits: limits), b.request(prompt, limits: limits, injection: injection),
        ])
        return SimilarityResult(
            plain: b.continuation(results[0], limits: limits), injected: b.continuation(results[1], limits: limits))
    }

    /// What A has to say on each text: W · its activation after `layer` blocks at the text's last token, or the
    /// bare activation where the run has no W.
    private func messages(
        of texts: [String], in a: LoadedModel, at layer: Int, newTokens: Int
    ) throws -> [String: [Float]] {
        // In the order of first appearance, each once: partners are often items of the same unit.
        var seen: Set<String> = []
        let distinct = texts.filter { seen.insert($0).inserted }
        let streams = try a.model.residualStreams(
            of: distinct.map { a.prompt($0, newTokens: newTokens) }, at: ActivationSite(afterBlocks: layer))
        let projection = training.projection
        var messages: [String: [Float]] = [:]
        for (text, stream) in zip(distinct, streams) {
            messages[text] = try projection.map { try $0.project(stream, execution: execution) } ?? stream
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

        func injection(_ vector: [Float]?) -> Injection {
            Injection(
                site: ActivationSite(afterBlocks: welcome.layerJ), operation: .init(welcome.operation),
                vector: vector ?? [])
        }
        var requestsToA: [GenerationRequest] = []
        var requestsToB: [GenerationRequest] = []
        for item in unit.items {
            let own = b.prompt(item.bPrompt, newTokens: newTokens)
            for condition in unit.conditions {
                func ask(_ tokens: [Int32], _ injection: Injection? = nil) {
                    requestsToB.append(b.request(tokens, limits: unit.limits, injection: injection))
                }
                switch condition {
                case .aFull:
                    requestsToA.append(
                        a.request(a.prompt(item.fullPrompt, newTokens: newTokens), limits: unit.limits))
                case .bFull: ask(b.prompt(item.fullPrompt, newTokens: newTokens))
                case .injected: ask(own, injection(told[item.fullPrompt]))
                case .random:
                    let noise = Noise.like(
                        told[item.fullPrompt] ?? [], seed: welcome.seed, key: "\(unit.task.rawValue)/\(item.id)")
                    ask(own, injection(noise))
                case .shuffled: ask(own, injection(told[item.partnerPrompt]))
                case .bPrompt: ask(own)
                case .noContext: ask(b.prompt(item.cue, newTokens: newTokens))
                }
            }
        }
        var fromA = try Generator(model: a.model, maximumBatch: Self.decodingBatch).generate(requestsToA)[...]
        var fromB = try Generator(model: b.model, maximumBatch: Self.decodingBatch).generate(requestsToB)[...]
        return EvaluateResult(
            items: unit.items.map { _ in
                ItemAnswers(
                    answers: unit.conditions.map { condition in
                        condition == .aFull
                            ? a.continuation(fromA.removeFirst(), limits: unit.limits)
                            : b.continuation(fromB.removeFirst(), limits: unit.limits)
                    })
            })
    }
}
