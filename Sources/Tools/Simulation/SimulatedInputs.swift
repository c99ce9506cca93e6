import CPUDevice
import CoordinatorHost
import Devices
import Projection
import Run

/// A run of no models: texts whose activations are drawn, items whose answers are made of the W that is held; and what
/// one process makes of it all by itself.
struct SimulatedInputs: Sendable {
    let run: RunInputs
    /// [texts, width], by site.
    private let activations: [Site: FloatMatrix]
    /// Each channel's W after the training, [d_B, d_A].
    let projections: [Channel: FloatMatrix]

    static let (dimensionA, dimensionB) = (6, 20)
    /// What every simulated process computes on: one of each would start as many threads.
    static let device: any Device = {
        do {
            return try CPUDevice(threads: 1)
        } catch {
            preconditionFailure("the simulation's device: \(error)")
        }
    }()

    /// - Parameters:
    ///   - textsPerUnit: of the extraction.
    ///   - batch: texts of a step of the training, cut into shards of `shardTexts`.
    init(
        channels: [Channel], texts: Int, textsPerUnit: Int, epochs: Int = 2, batch: Int = 5, shardTexts: Int = 2,
        items: Int, itemsPerUnit: Int
    ) {
        var configuration = RunConfiguration(modelA: "a", modelB: "b", channels: channels, experiments: [])
        configuration.training.rows = texts
        configuration.training.epochs = epochs
        configuration.training.batch = batch
        configuration.training.shardRows = shardTexts
        let run = RunInputs(
            simulated: configuration, dimensionA: Self.dimensionA, dimensionB: Self.dimensionB,
            textsPerUnit: textsPerUnit, items: (0..<items).map { "item \($0)" }, itemsPerUnit: itemsPerUnit)
        let activations = Dictionary(
            uniqueKeysWithValues: run.plan.sites.map { site in
                (site, Self.draw(texts, site.model == .a ? Self.dimensionA : Self.dimensionB, "\(site)"))
            })
        self.run = run
        self.activations = activations
        projections = Dictionary(
            uniqueKeysWithValues: channels.map { channel in
                guard let a = activations[.a(channel.k)], let b = activations[.b(channel.j)] else {
                    preconditionFailure("\(channel) is not among the run's sites")
                }
                return (channel, Self.trained(run, a, b))
            })
    }

    private static func draw(_ rows: Int, _ columns: Int, _ name: String) -> FloatMatrix {
        var generator = NamedGenerator(seed: 1, purpose: "simulated activations", key: name)
        return FloatMatrix(
            rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.normal()) })
    }

    // MARK: Answers

    func extract(_ unit: ExtractUnit) -> ExtractResult {
        let texts = unit.firstText..<unit.firstText + unit.texts.count
        func matrices(_ sites: [Site]) -> [FloatMatrix] {
            sites.compactMap { activations[$0].map { Self.gather(texts, from: $0) } }
        }
        return ExtractResult(
            a: matrices(unit.sitesOfA.map { .a($0) }), b: matrices(unit.sitesOfB.map { .b($0) }))
    }

    /// - Parameter w: the checksum of W.
    func answer(_ unit: EvaluateUnit, w: UInt64) -> EvaluateResult {
        EvaluateResult(
            items: unit.items.map { item in
                ItemAnswers(answers: unit.conditions.map { Answer(text: "\(item.id) \($0.name) \(w)") })
            })
    }

    func answer(_ unit: SimilarityUnit, w: UInt64) -> SimilarityResult {
        SimilarityResult(
            plain: WrittenText(text: unit.prompt), injected: WrittenText(text: "\(unit.prompt) \(unit.layer) \(w)"))
    }

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
                    let texts = schedule.texts(step: step, shard: shard, order: order)
                    let x = gather(texts, from: a)
                    let result = try ShardLoss.result(
                        w: trainer.projection, x: x, y: gather(texts, from: b), dense: false, on: device)
                    return ShardContribution(result: result, x: x)
                }
                _ = try trainer.apply(shards: shards, batchRows: schedule.batchTextCount(step: step), on: device)
            }
        } catch {
            preconditionFailure("the simulated training: \(error)")
        }
        return trainer.projection
    }

    /// What the unit's result has to be; nil for units of the training, which end in W.
    /// - Parameter channel: the place of the channel whose W it needs.
    func expected(_ id: UnitID, channel: Int?) -> UnitResult? {
        let w = channel.flatMap { projections[run.plan.channels[$0]] }?.checksum ?? 0
        return switch run.unit(id) {
        case .extract(let unit): .extract(extract(unit))
        case .similarity(let unit): .similarity(answer(unit, w: w))
        case .evaluate(let unit): .evaluate(answer(unit, w: w))
        default: nil
        }
    }
}
