import CPUDevice
import Evaluation
import Foundation
import Run
import Tasks
import TestSupport
import Weights

@testable import WorkerEngine

/// The worker's engine on a pair of models, asked in the figures' own words.
///
/// All that the evaluation's tests know of how a run is named, units are granted and results look stands here.
struct EngineUnderTest {
    private let engine: UnitEngine
    private let pair: ReferencePair
    /// [d_B, d_A]
    let w: FloatMatrix
    private let seed: UInt64

    init(_ pair: ReferencePair, seed: UInt64) throws {
        self.pair = pair
        self.seed = seed
        engine = UnitEngine(device: try CPUDevice(threads: 1))
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
    /// - Parameter modelA, modelB: other folders.
    @discardableResult
    func join(
        k: Int, j: Int, operation: String, strength: Double = 1, matchesNorm: Bool = false,
        positions: TokenPositions = TokenPositions(), chat: Bool = false, modelA: String? = nil, modelB: String? = nil
    ) throws -> (a: String, b: String) {
        let readiness = try engine.load(
            Welcome(
                run: "evaluation", modelA: modelA ?? pair.modelA, modelB: modelB ?? pair.modelB,
                delivery: Condition.Delivery(
                    try Self.value(operation), strength: strength, matchesNorm: matchesNorm),
                positions: positions, computeType: .float32, chat: chat, seed: seed, heartbeatSeconds: 1,
                silenceSeconds: 10))
        return (readiness.fingerprintA, readiness.fingerprintB)
    }

    /// The channel whose W the tests give: elsewhere than where the units read and write, unless they say so.
    private static let channel = Channel(k: 1, j: 3)

    /// A W for each of a channel's links: the first's with its outputs moved on by as many places.
    private func w(of channel: Channel) -> FloatMatrix {
        FloatMatrix(
            stacking: channel.links.indices.map { link in
                let moved = (0..<w.rows).flatMap { w[row: ($0 - link + w.rows) % w.rows] }
                return FloatMatrix(rows: w.rows, columns: w.columns, values: moved)
            })
    }

    private func granted(_ w: FloatMatrix?, version: Int?, of channel: Channel) -> GrantedProjection? {
        version.map {
            GrantedProjection(channel: channel, version: $0, supply: w.map { .whole($0, moments: nil) } ?? .held)
        }
    }

    private func result(
        _ unit: WorkUnit, stage: Stage, projected: Bool, channel: Channel = channel
    ) throws -> UnitResult {
        try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(stage, 0), unit: unit,
                projection: projected ? granted(w(of: channel), version: 1, of: channel) : nil))
    }

    // MARK: Evaluation

    /// What the models read of an item, and the prompts of those whose messages take its message's place.
    struct Prompts {
        var item: String
        var a: String
        var full: String
        var own: String
        var cue: String
        var others: [String]
    }

    private static func items(_ task: EvaluationFigures.Task) -> [TaskItem] {
        task.items.map { TaskItem(id: $0.id, context: $0.context, question: $0.question, golds: $0.golds) }
    }

    private static func task(_ name: String) throws -> TaskDefinition {
        guard let task = TaskDefinition.all.first(where: { $0.name == name }) else { throw Unknown(name: name) }
        return task
    }

    /// Other items whose messages are told.
    private static let others = 2

    /// A condition of the table, with as many tokens of a message as the figures have; `other_2` is told the message of
    /// the second of the other items.
    private static func condition(_ name: String, messageTokens: Int) throws -> ConditionDefinition {
        let table = ConditionTable.standard
        let parts = name.split(separator: "_")
        let isNumbered = parts.count == 2 && Int(parts[1]) != nil
        guard
            var found = try table.conditions(
                named: [isNumbered ? String(parts[0]) : name], messageTokens: messageTokens
            ).first
        else { throw Unknown(name: name) }
        found.condition = isNumbered ? found.asked(others: others)[1] : found.condition
        return found
    }

    private func evaluationItems(_ task: EvaluationFigures.Task, bPrompt: String) throws -> [EvaluationItem] {
        let (items, definition) = (Self.items(task), try Self.task(task.task))
        return try Evaluation.Prompts.evaluationItems(
            items, of: definition, bPrompt: Self.value(bPrompt),
            others: OtherItems.places(among: items, of: definition, count: Self.others))
    }

    func prompts(_ task: EvaluationFigures.Task, bPrompt: String) throws -> [Prompts] {
        try evaluationItems(task, bPrompt: bPrompt).map {
            Prompts(
                item: $0.id, a: $0.prompts[.a] ?? "", full: $0.prompts[.both] ?? "", own: $0.prompts[.b] ?? "",
                cue: $0.prompts[.cue] ?? "", others: [$0.prompts[.other(1)] ?? "", $0.prompts[.other(2)] ?? ""])
        }
    }

    /// How a task's answers end.
    static func limits(_ task: String, preset: String) throws -> (newTokens: Int, stopStrings: [String]) {
        let preset: EvaluationProtocol = try value(preset)
        guard case .text(let limits) = try Self.task(task).answer(preset) else { throw Unknown(name: task) }
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
        channel: EvaluationFigures.Channel, operation: String, messageTokens: Int
    ) throws -> [String: Answers] {
        try join(k: channel.k, j: channel.j, operation: operation)
        let definition = try Self.task(task.task)
        let preset: EvaluationProtocol = try Self.value(preset)
        let named = try conditions.map { try Self.condition($0, messageTokens: messageTokens) }
        let line = Channel(k: channel.k, j: channel.j)
        let items = try evaluationItems(task, bPrompt: bPrompt)
        let unit = EvaluateUnit(
            task: task.task, channel: line, conditions: named.map(\.condition), items: items,
            form: definition.answer(preset), sample: Evaluation.Prompts.sample(of: items))
        let result = try result(
            .evaluate(unit), stage: .evaluate(task: task.task), projected: channel.projected, channel: line)
        guard case .evaluate(let evaluated) = result else { throw OtherResult(result: result) }
        let scores = try TaskScores(
            definition, conditions: named, items: Self.items(task),
            answers: evaluated.items.map { $0.answers.map { [$0] } }, preset: preset, seed: seed)
        let metrics = task.metrics.compactMap { name in definition.metrics.first { $0.name == name } }
        return Dictionary(
            uniqueKeysWithValues: named.enumerated().map { place, condition in
                let ofMetrics = metrics.compactMap { scores.score(condition.condition, $0) }
                let answers = Answers(
                    answers: scores.items.map { Self.answer($0.answers[place].first, metrics: metrics, of: scores) },
                    means: ofMetrics.map(\.mean), standardErrors: ofMetrics.map { $0.standardError ?? .nan })
                return (condition.name, answers)
            })
    }

    private static func answer(
        _ scored: ScoredAnswer, metrics: [Metric], of scores: TaskScores
    ) -> EvaluationFigures.Answer {
        let answer = scored.answer
        return EvaluationFigures.Answer(
            tokens: answer.tokens, text: answer.text, omitted: answer.omittedPromptTokens,
            scored: scored.text,
            values: metrics.compactMap { metric in scores.metrics.firstIndex(of: metric).flatMap { scored.values[$0] } }
        )
    }

    /// What B gives the right answers of a task's items under the conditions, in their order: the first is `silent`, and
    /// `other` and `other_2` are among them.
    func likelihoods(
        _ task: EvaluationFigures.Task, preset: String, bPrompt: String, conditions: [String],
        channel: EvaluationFigures.Channel, operation: String, strength: Double, matchesNorm: Bool = false,
        positions: TokenPositions = TokenPositions()
    ) throws -> [ItemAnswers] {
        try join(
            k: channel.k, j: channel.j, operation: operation, strength: strength, matchesNorm: matchesNorm,
            positions: positions)
        let named = try conditions.map { try Self.condition($0, messageTokens: 1).condition }
        let line = try channel.channel
        let items = try evaluationItems(task, bPrompt: bPrompt)
        let unit = EvaluateUnit(
            task: task.task, channel: line, conditions: named, items: items,
            form: try Self.task(task.task).answer(Self.value(preset)), endpoints: [.likelihood],
            sample: conditions.contains("matched") ? Evaluation.Prompts.sample(of: items) : [],
            references: [[0], named.indices.filter { named[$0].name.hasPrefix("other") }])
        let result = try result(
            .evaluate(unit), stage: .evaluate(task: task.task), projected: channel.projected, channel: line)
        guard case .evaluate(let found) = result else { throw OtherResult(result: result) }
        return found.items
    }

    /// Messages that say nothing of their items.
    enum Fake: CaseIterable {
        /// A W that ignores its input: it maps everything to zero.
        case zeroProjection
        /// A message that is always the same: A reads one prompt, whatever the item.
        case constantMessage
        /// An A of random weights.
        case randomSpeaker
    }

    /// The scores of a task's first items on the shipped data, with the conditions that the audit takes.
    func scores(_ task: String, count: Int, fake: Fake?) throws -> TaskScores {
        let definition = try Self.task(task)
        let file = Repository.root.appendingPathComponent(
            "Sources/Coordinator/DemoAssets/Assets/" + (task == "squad" ? "questions.json" : "word-problems.jsonl"))
        let items = Array(try definition.read(TaskSource(files: [file.path])).items.prefix(count))
        var asked = try Evaluation.Prompts.evaluationItems(
            items, of: definition, bPrompt: .task, others: OtherItems.places(among: items, of: definition, count: 4))
        if fake == .constantMessage {
            for item in asked.indices {
                for role in asked[item].prompts.keys where role != .b && role != .both && role != .cue {
                    asked[item].prompts[role] = "Question: Who?\nAnswer:"
                }
            }
        }
        let names = ["silent", "injected", "other", "self", "random", "zero"]
        let conditions = names.compactMap(ConditionTable.standard.definition)
        let flat = AskedConditions(conditions, of: asked, others: 4, endpoints: EvaluationEndpoint.allCases)
        try join(
            k: 4, j: 4, operation: "replace",
            modelA: fake == .randomSpeaker ? try RandomSpeaker.folder().path : nil)
        let channel = Channel(k: 4, j: 4)
        let unit = EvaluateUnit(
            task: task, channel: channel, conditions: flat.asked, items: asked, form: definition.answer(.standard),
            endpoints: Set(EvaluationEndpoint.allCases), references: flat.references)
        let w = fake == .zeroProjection ? FloatMatrix(zeros: w.rows, w.columns) : w
        let result = try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(.evaluate(task: task), 0), unit: .evaluate(unit),
                projection: granted(w, version: 1, of: channel)))
        guard case .evaluate(let found) = result else { throw OtherResult(result: result) }
        return try TaskScores(
            definition, conditions: conditions, items: items, answers: found.items.map { flat.grouped($0.answers) },
            preset: .standard, endpoints: EvaluationEndpoint.allCases, seed: seed)
    }

    /// The answers to a unit, in the run that was joined last, through W where it is `projected`.
    func answers(to unit: EvaluateUnit, projected: Bool = true) throws -> [ItemAnswers] {
        let result = try result(
            .evaluate(unit), stage: .evaluate(task: unit.task), projected: projected, channel: unit.channel)
        guard case .evaluate(let found) = result else { throw OtherResult(result: result) }
        return found.items
    }

    /// Units that are at hand together, in the order in which they are done: the number of each, and its answers.
    func answers(toAllOf units: [EvaluateUnit]) -> [(unit: Int, answers: Result<[ItemAnswers], any Error>)] {
        var grants = units.enumerated().map { number, unit in
            Grant(
                lease: LeaseID(UInt64(number)), id: UnitID(.evaluate(task: unit.task), number), unit: .evaluate(unit),
                projection: granted(w, version: 1, of: unit.channel))
        }
        var done: [(unit: Int, answers: Result<[ItemAnswers], any Error>)] = []
        let first = grants.removeFirst()
        engine.execute(
            first, besides: { grants.isEmpty ? nil : grants.removeFirst() },
            finish: { lease, result in
                let answers = result.flatMap { result -> Result<[ItemAnswers], any Error> in
                    guard case .evaluate(let found) = result else { return .failure(OtherResult(result: result)) }
                    return .success(found.items)
                }
                done.append((Int(lease.value), answers))
            })
        return done
    }

    /// How much of a unit is done, as the meter says it whenever the engine looks for another one.
    func shares(of unit: EvaluateUnit) -> [Double] {
        let grant = Grant(
            lease: LeaseID(7), id: UnitID(.evaluate(task: unit.task), 0), unit: .evaluate(unit),
            projection: granted(w, version: 1, of: unit.channel))
        var shares: [Double] = []
        engine.execute(
            grant,
            besides: { [engine] in
                shares.append(engine.meter?.share(of: LeaseID(7)) ?? -1)
                return nil
            }, finish: { _, _ in })
        return shares + [engine.meter?.share(of: LeaseID(7)) ?? -1]
    }

    /// The models of the run that was joined last.
    func models() throws -> (a: LoadedModel, b: LoadedModel) {
        let (a, b, _) = try engine.pair()
        return (a, b)
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
                path: model == "a" ? pair.modelA : pair.modelB, on: try CPUDevice(threads: 1),
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
        let unit = SimilarityUnit(prompt: prompt, layer: layer, newTokens: newTokens, channel: Self.channel)
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
        let unit = ExtractUnit(
            firstText: 0, texts: texts, maximumTokens: maximumTokens, sitesOfA: [k], sitesOfB: [j])
        let result = try result(.extract(unit), stage: .extract, projected: false)
        guard case .extract(let found) = result else { throw OtherResult(result: result) }
        func rows(_ matrix: FloatMatrix) -> [[Float]] { (0..<matrix.rows).map { Array(matrix[row: $0]) } }
        return (rows(found.a[0]), rows(found.b[0]))
    }

    /// What the models of the run that was joined last say at several sites.
    /// - Parameter answerTokens: where the texts are prompts.
    func extraction(
        of texts: [String], k: [Int], j: [Int], maximumTokens: Int, answerTokens: Int? = nil
    ) throws -> ExtractResult {
        let unit = ExtractUnit(
            firstText: 0, texts: texts, maximumTokens: maximumTokens, sitesOfA: k, sitesOfB: j,
            answerTokens: answerTokens)
        let result = try result(.extract(unit), stage: .extract, projected: false)
        guard case .extract(let found) = result else { throw OtherResult(result: result) }
        return found
    }

    /// A similarity unit in the run that was joined last, with this W or none.
    /// - Parameter version: of W, that the unit needs.
    func similarity(w: FloatMatrix?, version: Int?, layer: Int = 2) throws {
        let unit = SimilarityUnit(
            prompt: "Everyone knows that", layer: layer, newTokens: 1, channel: Self.channel)
        _ = try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(.similarity, 0), unit: .similarity(unit),
                projection: granted(w, version: version, of: Self.channel)))
    }

    /// The squared errors of W on texts that were read before, summed; with their activations where they are sent.
    func squaredError(
        ofTexts texts: [Int], sent: (a: [[Float]], b: [[Float]])? = nil
    ) throws -> Double {
        func matrix(_ rows: [[Float]]) -> FloatMatrix {
            FloatMatrix(rows: rows.count, columns: rows.first?.count ?? 0, values: Array(rows.joined()))
        }
        // Where ``streams(of:k:j:maximumTokens:)`` read them.
        let channel = Channel(k: 4, j: 2)
        let activations = sent.map { sent in
            [
                TextActivations(site: .a(channel.k), texts: texts, values: matrix(sent.a)),
                TextActivations(site: .b(channel.j), texts: texts, values: matrix(sent.b)),
            ]
        }
        let result = try engine.execute(
            Grant(
                lease: LeaseID(1), id: UnitID(.train, 0),
                unit: .train(TrainUnit(step: 0, texts: texts, dense: false)),
                projection: granted(w, version: 0, of: channel), activations: activations ?? []))
        guard case .train(let found) = result else { throw OtherResult(result: result) }
        return found.squaredErrorSum
    }
}
