import Generation
import Models
import Projection
package import Run

/// Why a unit cannot be done by this worker.
package enum EngineError: Error, CustomStringConvertible {
    case notLoaded
    case missingRow(Int)
    /// W is not what the unit needs.
    case replica(any Error)
    case emptyPrompt(model: String, text: String)

    package var description: String {
        switch self {
        case .notLoaded: "no models are loaded"
        case .missingRow(let row): "the unit reads row \(row), and its activations were not sent"
        case .replica(let error): "\(error)"
        case .emptyPrompt(let model, let text): "\(model): the tokenizer makes no token of \"\(text.prefix(40))\""
        }
    }

    /// Whether the unit may be sound and what it needs besides itself is not here.
    package var isUnprepared: Bool {
        switch self {
        case .missingRow, .replica: true
        case .notLoaded, .emptyPrompt: false
        }
    }
}

/// Does units: a unit in, a result out. It knows no coordinator and no sockets; the same unit gives the same bytes
/// on any machine of the same device kind.
///
/// What a unit needs besides itself (the models, W, rows of activations) is handed in before: ``load(_:)`` and
/// ``execute(_:)`` take them from the messages that bring them.
package final class UnitEngine {
    private let processor: Processor
    private let execution: Execution
    /// Folders to load instead of those that the coordinator names, where the files lie elsewhere on this machine.
    private let folderA: String?
    private let folderB: String?

    private var welcome: Welcome?
    private var a: LoadedModel?
    private var b: LoadedModel?
    private var replica: ProjectionReplica?
    /// E of the latest shards that were computed here, by the unit's number.
    private var ownErrors: [Int: FloatMatrix] = [:]
    private var rowsOfA: [Int: ArraySlice<Float>] = [:]
    private var rowsOfB: [Int: ArraySlice<Float>] = [:]

    /// Shards whose errors are kept, for the steps that are taken here.
    private static let ownErrorCount = 256
    /// Sequences that are decoded together. It changes no bit of any of them.
    private static let decodingBatch = 32

    package init(processor: Processor, folderA: String? = nil, folderB: String? = nil) {
        self.processor = processor
        self.folderA = folderA
        self.folderB = folderB
        execution = Execution(threads: processor.threads)
    }

    /// Loads the run's models; those that are loaded already stay. W and rows of another run are forgotten.
    package func load(_ welcome: Welcome) throws -> Readiness {
        let pathA = folderA ?? welcome.modelA
        let pathB = folderB ?? welcome.modelB
        replica = nil
        ownErrors = [:]
        rowsOfA = [:]
        rowsOfB = [:]
        self.welcome = welcome
        if a?.folder.url.path != pathA { a = try LoadedModel(path: pathA, processor: processor) }
        if b?.folder.url.path != pathB { b = pathA == pathB ? a : try LoadedModel(path: pathB, processor: processor) }
        guard let a, let b else { throw EngineError.notLoaded }
        return Readiness(fingerprintA: a.fingerprint, fingerprintB: b.fingerprint, capacity: 8)
    }

    /// Takes in what came with a grant and does its unit.
    package func execute(_ grant: Grant) throws -> UnitResult {
        if let rows = grant.rows { keep(rows) }
        try prepareProjection(grant)
        switch grant.unit {
        case .extract(let unit): return .extract(try extract(unit))
        case .train(let unit): return .train(try train(unit, number: grant.id.index))
        case .similarity(let unit): return .similarity(try similarity(unit))
        case .evaluate(let unit): return .evaluate(try evaluate(unit))
        }
    }

    private func pair() throws(EngineError) -> (a: LoadedModel, b: LoadedModel, welcome: Welcome) {
        guard let a, let b, let welcome else { throw .notLoaded }
        return (a, b, welcome)
    }

    // MARK: W

    /// Brings W to the version that the unit needs.
    private func prepareProjection(_ grant: Grant) throws(EngineError) {
        if let rows = grant.rowsOfA {
            for (place, row) in rows.indices.enumerated() { rowsOfA[row] = rows.a[row: place] }
        }
        if let matrix = grant.projection {
            replica = ProjectionReplica(matrix, moments: grant.moments, version: grant.version ?? 0)
        }
        if !grant.updates.isEmpty { try take(grant.updates, checksum: grant.checksum) }
        guard let needed = grant.version else { return }
        guard let replica else { throw .replica(ReplicaError.missing(needed: needed)) }
        guard replica.version == needed else {
            throw .replica(ReplicaError.otherVersion(held: replica.version, needed: needed))
        }
    }

    private func take(_ updates: [StepUpdate], checksum: UInt64?) throws(EngineError) {
        guard var replica else { throw .replica(ReplicaError.missing(needed: updates.first?.step ?? 0)) }
        // Held once only, so that the steps work in place; of no use where they fail.
        self.replica = nil
        do {
            try replica.take(
                updates, checksum: checksum, row: { rowsOfA[$0] }, ownErrors: { ownErrors[$0] }, execution: execution)
        } catch {
            throw .replica(error)
        }
        self.replica = replica
        let last = updates.last?.shards.last?.unit ?? 0
        for old in ownErrors.keys where old <= last { ownErrors[old] = nil }
    }

    // MARK: Extraction and training

    private func keep(_ rows: ActivationRows) {
        for (place, row) in rows.indices.enumerated() {
            rowsOfA[row] = rows.a[row: place]
            rowsOfB[row] = rows.b[row: place]
        }
    }

    private func extract(_ unit: ExtractUnit) throws -> ExtractResult {
        let (a, b, welcome) = try pair()
        let result = ExtractResult(
            a: try activations(of: unit.texts, in: a, at: welcome.layerK, maximumTokens: unit.maximumTokens),
            b: try activations(of: unit.texts, in: b, at: welcome.layerJ, maximumTokens: unit.maximumTokens))
        let indices = Array(unit.firstRow..<unit.firstRow + unit.texts.count)
        keep(ActivationRows(indices: indices, a: result.a, b: result.b))
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

    private func train(_ unit: TrainUnit, number: Int) throws -> TrainResult {
        guard let replica else { throw EngineError.replica(ReplicaError.missing(needed: unit.step)) }
        let result = try ShardLoss.result(
            w: replica.matrix, x: try gather(unit.rows, from: rowsOfA), y: try gather(unit.rows, from: rowsOfB),
            dense: unit.dense, execution: execution)
        if case .factor(let errors) = result.gradient {
            if ownErrors.count >= Self.ownErrorCount, let oldest = ownErrors.keys.min() { ownErrors[oldest] = nil }
            ownErrors[number] = errors
        }
        return result
    }

    private func gather(_ rows: [Int], from store: [Int: ArraySlice<Float>]) throws(EngineError) -> FloatMatrix {
        var values: [Float] = []
        for row in rows {
            guard let activation = store[row] else { throw .missingRow(row) }
            values.append(contentsOf: activation)
        }
        return FloatMatrix(rows: rows.count, columns: rows.isEmpty ? 0 : values.count / rows.count, values: values)
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
        let projection = replica.map { LinearProjection($0.matrix) }
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
