import Evaluation
import Foundation
import Run
import Weights

@testable import WorkerEngine

/// The worker's engine on a pair of models, asked in the figures' own words.
///
/// All that the evaluation's tests know of how a run is named, units are granted and results look stands here.
struct EngineUnderTest {
    private let engine = UnitEngine(processor: Processor(threads: 1))
    private let pair: ReferencePair
    /// [d_B, d_A]
    let w: FloatMatrix
    private let seed: UInt64

    init(_ pair: ReferencePair, seed: UInt64) throws {
        self.pair = pair
        self.seed = seed
        let tensor = try SafetensorsFile(pair.projection).tensor("proj.weight")
        guard let tensor, tensor.shape.count == 2 else { throw NoMatrix(file: pair.projection) }
        w = FloatMatrix(rows: tensor.shape[0], columns: tensor.shape[1], values: try tensor.floats())
    }

    private struct NoMatrix: Error {
        let file: URL
    }

    private struct OtherResult: Error {
        let result: UnitResult
    }

    private struct Unknown: Error {
        let name: String
    }

    /// The value that a flag or a file names so.
    private static func value<Value: RawRepresentable<String>>(_ name: String) throws -> Value {
        guard let value = Value(rawValue: name) else { throw Unknown(name: name) }
        return value
    }

    /// Joins a run with these settings, and tells the models' fingerprints. The models stay loaded between runs.
    /// - Parameter modelB: another folder for B.
    @discardableResult
    func join(k: Int, j: Int, operation: String, modelB: String? = nil) throws -> (a: String, b: String) {
        let readiness = try engine.load(
            Welcome(
                run: "evaluation", modelA: pair.modelA, modelB: modelB ?? pair.modelB, layerK: k, layerJ: j,
                operation: try Self.value(operation), computeType: .float32, seed: seed, heartbeatSeconds: 1,
                silenceSeconds: 10))
        return (readiness.fingerprintA, readiness.fingerprintB)
    }

    private func result(_ unit: WorkUnit, stage: Stage, projected: Bool) throws -> UnitResult {
        try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(stage, 0), unit: unit, projection: projected ? w : nil,
                version: projected ? 1 : nil))
    }

    // MARK: Evaluation

    /// What the models read of an item, and the prompt of the item whose message takes its message's place.
    struct Prompts {
        var item: String
        var a: String
        var full: String
        var own: String
        var cue: String
        var partner: String
    }

    private static func items(_ task: EvaluationFigures.Task) -> [TaskItem] {
        task.items.map { TaskItem(id: $0.id, context: $0.context, question: $0.question, golds: $0.golds) }
    }

    private func evaluationItems(_ task: EvaluationFigures.Task, bPrompt: String) throws -> [EvaluationItem] {
        try Evaluation.Prompts.evaluationItems(
            Self.items(task), of: Self.value(task.task), bPrompt: Self.value(bPrompt), seed: seed)
    }

    func prompts(_ task: EvaluationFigures.Task, bPrompt: String) throws -> [Prompts] {
        try evaluationItems(task, bPrompt: bPrompt).map {
            Prompts(
                item: $0.id, a: $0.fullPrompt, full: $0.fullPrompt, own: $0.bPrompt, cue: $0.cue,
                partner: $0.partnerPrompt)
        }
    }

    /// How a task's answers end.
    static func limits(_ task: String, preset: String) throws -> (newTokens: Int, stopStrings: [String]) {
        let preset: EvaluationProtocol = try value(preset)
        let limits = preset.limits(for: try value(task))
        return (limits.maximumNewTokens, limits.stopStrings)
    }

    /// The answers to a task's items with their scores, by condition.
    struct Answers {
        var answers: [EvaluationFigures.Answer]
        var means: [Double]
        var standardErrors: [Double]
    }

    /// Asks and scores, in one unit, under the conditions in the order given.
    func answers(
        _ task: EvaluationFigures.Task, preset: String, bPrompt: String, conditions: [String],
        channel: EvaluationFigures.Channel, operation: String
    ) throws -> [String: Answers] {
        try join(k: channel.k, j: channel.j, operation: operation)
        let name: EvaluationTask = try Self.value(task.task)
        let preset: EvaluationProtocol = try Self.value(preset)
        let named: [Condition] = try conditions.map { try Self.value($0) }
        let unit = EvaluateUnit(
            task: name, conditions: named, items: try evaluationItems(task, bPrompt: bPrompt),
            limits: preset.limits(for: name))
        let result = try result(.evaluate(unit), stage: Stage(name), projected: channel.projected)
        guard case .evaluate(let evaluated) = result else { throw OtherResult(result: result) }
        let scores = try TaskScores(
            name, conditions: named, items: Self.items(task), answers: evaluated.items, preset: preset, seed: seed)
        let metrics: [Metric] = try task.metrics.map { try Self.value($0) }
        return Dictionary(
            uniqueKeysWithValues: named.enumerated().map { place, condition in
                let ofMetrics = metrics.compactMap { scores.score(condition, $0) }
                let answers = Answers(
                    answers: scores.items.map { Self.answer($0.answers[place], metrics: metrics, of: scores) },
                    means: ofMetrics.map(\.mean), standardErrors: ofMetrics.map { $0.standardError ?? .nan })
                return (condition.rawValue, answers)
            })
    }

    private static func answer(
        _ scored: ScoredAnswer, metrics: [Metric], of scores: TaskScores
    ) -> EvaluationFigures.Answer {
        let continuation = scored.continuation
        return EvaluationFigures.Answer(
            tokens: continuation.tokens, text: continuation.text, omitted: continuation.omittedPromptTokens,
            scored: scored.text,
            values: metrics.compactMap { metric in scores.metrics.firstIndex(of: metric).map { scored.values[$0] } })
    }

    /// One of the models, asked how it reads prompts.
    struct Reader {
        fileprivate let model: LoadedModel

        /// The token ids that it reads, and how many were left out for an answer's sake.
        func read(_ prompt: String, newTokens: Int) throws -> (ids: [Int32], omitted: Int) {
            let read = try model.prompt(prompt, newTokens: newTokens)
            return (read.tokens, read.omitted)
        }
    }

    func reader(_ model: String) throws -> Reader {
        Reader(
            model: try LoadedModel(
                path: model == "a" ? pair.modelA : pair.modelB, processor: Processor(threads: 1),
                computeType: .float32))
    }

    /// What B is told under `random` in place of a message.
    static func noise(like message: [Float], seed: UInt64, task: String, item: String) -> [Float] {
        Noise.like(message, seed: seed, key: "\(task)/\(item)")
    }

    // MARK: The other units

    /// B's continuations of a prompt, without and with A's message on it, and how far they agree.
    struct Similarity {
        var plain: EvaluationFigures.Text
        var injected: EvaluationFigures.Text
        var commonPrefixTokens: Int
        var editSimilarity: Double
    }

    /// The run reads and writes elsewhere: the unit names its own layer.
    func similarity(
        _ prompt: String, layer: Int, newTokens: Int, operation: String, projected: Bool
    ) throws -> Similarity {
        try join(k: 1, j: 3, operation: operation)
        let unit = SimilarityUnit(prompt: prompt, layer: layer, newTokens: newTokens)
        let result = try result(.similarity(unit), stage: .similarity, projected: projected)
        guard case .similarity(let found) = result else { throw OtherResult(result: result) }
        let agreement = TextSimilarity(found.plain, found.injected)
        return Similarity(
            plain: .init(tokens: found.plain.tokens, text: found.plain.text),
            injected: .init(tokens: found.injected.tokens, text: found.injected.text),
            commonPrefixTokens: agreement.commonPrefixTokens, editSimilarity: agreement.editSimilarity)
    }

    /// Both models' residual streams at each text's own last token, [texts][width].
    func streams(
        of texts: [String], k: Int, j: Int, maximumTokens: Int
    ) throws -> (a: [[Float]], b: [[Float]]) {
        try join(k: k, j: j, operation: "replace")
        let unit = ExtractUnit(firstRow: 0, texts: texts, maximumTokens: maximumTokens)
        let result = try result(.extract(unit), stage: .extract, projected: false)
        guard case .extract(let found) = result else { throw OtherResult(result: result) }
        func rows(_ matrix: FloatMatrix) -> [[Float]] { (0..<matrix.rows).map { Array(matrix[row: $0]) } }
        return (rows(found.a), rows(found.b))
    }

    /// A similarity unit in the run that was joined last, with this W or none.
    /// - Parameter version: of W, that the unit needs.
    func similarity(w: FloatMatrix?, version: Int?, layer: Int = 2) throws {
        let unit = SimilarityUnit(prompt: "Everyone knows that", layer: layer, newTokens: 1)
        _ = try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(.similarity, 0), unit: .similarity(unit), projection: w,
                version: version))
    }

    /// The squared errors of W on texts that were read before, summed; with their activations where they are sent.
    func squaredError(
        ofTexts texts: [Int], sent: (a: [[Float]], b: [[Float]])? = nil
    ) throws -> Double {
        func matrix(_ rows: [[Float]]) -> FloatMatrix {
            FloatMatrix(rows: rows.count, columns: rows.first?.count ?? 0, values: Array(rows.joined()))
        }
        let rows = sent.map { ActivationRows(indices: texts, a: matrix($0.a), b: matrix($0.b)) }
        let result = try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(.train, 0),
                unit: .train(TrainUnit(step: 0, rows: texts, dense: false)), projection: w, rows: rows, version: 0))
        guard case .train(let found) = result else { throw OtherResult(result: result) }
        return found.squaredErrorSum
    }
}
