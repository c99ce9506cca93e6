import CoordinatorControl
import CoordinatorHost
import Evaluation
import Projection
import Run

/// A run of no models: texts whose activations are drawn, items whose answers are made of the W that is held; and what
/// one process makes of it all by itself.
package struct SimulatedInputs: Sendable {
    let run: RunInputs
    /// [texts, d_A] and [texts, d_B]
    private let a: FloatMatrix
    private let b: FloatMatrix
    /// W after the training.
    let w: FloatMatrix

    private static let (dimensionA, dimensionB) = (6, 20)

    init(texts: Int, textsPerUnit: Int, items: Int, itemsPerUnit: Int) {
        var configuration = RunConfiguration(modelA: "a", modelB: "b", layerK: 1, layerJ: 2)
        configuration.training.rows = texts
        configuration.training.epochs = 2
        configuration.training.batch = 4
        configuration.training.shardRows = 2
        run = RunInputs(
            simulated: configuration, dimensionA: Self.dimensionA, dimensionB: Self.dimensionB,
            textsPerUnit: textsPerUnit, items: (0..<items).map { "item \($0)" }, itemsPerUnit: itemsPerUnit)
        a = Self.draw(texts, Self.dimensionA, "a")
        b = Self.draw(texts, Self.dimensionB, "b")
        w = Self.trained(run, a, b)
    }

    private static func draw(_ rows: Int, _ columns: Int, _ name: String) -> FloatMatrix {
        var generator = NamedGenerator(seed: 1, purpose: "simulated activations", key: name)
        return FloatMatrix(
            rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.normal()) })
    }

    // MARK: Answers

    func extract(_ texts: Range<Int>) -> ExtractResult {
        ExtractResult(a: Self.gather(texts, from: a), b: Self.gather(texts, from: b))
    }

    func answer(_ unit: EvaluateUnit, w: UInt64) -> EvaluateResult {
        EvaluateResult(
            items: unit.items.map { item in
                ItemAnswers(answers: unit.conditions.map { Self.continuation("\(item.id) \($0.rawValue) \(w)") })
            })
    }

    func answer(_ unit: SimilarityUnit, w: UInt64) -> SimilarityResult {
        SimilarityResult(
            plain: Self.continuation(unit.prompt),
            injected: Self.continuation("\(unit.prompt) \(unit.layer) \(w)"))
    }

    private static func continuation(_ text: String) -> Continuation { Continuation(tokens: [], text: text) }

    private static func gather(_ rows: some Collection<Int>, from matrix: FloatMatrix) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: matrix.columns, values: rows.flatMap { matrix[row: $0] })
    }

    // MARK: One process

    /// W as one process trains it, a batch after the other.
    private static func trained(_ run: RunInputs, _ a: FloatMatrix, _ b: FloatMatrix) -> FloatMatrix {
        guard let schedule = run.schedule else { return FloatMatrix(zeros: 0, 0) }
        let training = run.configuration.training
        var trainer = ProjectionTrainer(
            w: training.initialization.matrix(
                dimensionA: a.columns, dimensionB: b.columns, seed: run.configuration.seed),
            adam: Adam(learningRate: training.learningRate))
        do {
            for step in 0..<schedule.steps {
                let order = schedule.order(epoch: step / schedule.stepsPerEpoch)
                let shards = try (0..<schedule.shardCount(step: step)).map { shard in
                    let rows = schedule.rows(step: step, shard: shard, order: order)
                    let x = gather(rows, from: a)
                    let result = try ShardLoss.result(
                        w: trainer.projection, x: x, y: gather(rows, from: b), dense: false)
                    return ShardContribution(result: result, x: x)
                }
                _ = try trainer.apply(shards: shards, batchRows: schedule.batchRowCount(step: step))
            }
        } catch {
            preconditionFailure("the simulated training: \(error)")
        }
        return trainer.projection
    }

    /// What the unit's result has to be; nil for shards, whose W is gone when the run has ended.
    func expected(_ id: UnitID) -> UnitResult? {
        switch run.unit(id) {
        case .extract(let unit): .extract(extract(unit.firstRow..<unit.firstRow + unit.texts.count))
        case .similarity(let unit): .similarity(answer(unit, w: w.checksum))
        case .evaluate(let unit): .evaluate(answer(unit, w: w.checksum))
        default: nil
        }
    }
}
