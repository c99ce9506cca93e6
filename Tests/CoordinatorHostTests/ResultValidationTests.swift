import CPUDevice
import CoordinatorControl
import Run
import Testing

@testable import CoordinatorHost

/// Results that are shaped right and cannot be.
struct ResultValidationTests {
    private let inputs: RunInputs

    init() {
        var configuration = RunConfiguration(
            modelA: "a", modelB: "b", channels: [Channel(k: 1, j: 2)], experiments: [])
        configuration.training.rows = 4
        configuration.training.epochs = 1
        configuration.training.batch = 4
        configuration.training.shardRows = 2
        inputs = RunInputs(
            simulated: configuration, dimensionA: 3, dimensionB: 5, textsPerUnit: 4, items: ["1", "2"], itemsPerUnit: 2)
    }

    @Test(arguments: [UnitID(.extract, 1), UnitID(.extract, 1 << 40), UnitID(.evaluate(task: "simulated"), 1 << 40)])
    func `what follows from a unit's number is said of every number`(unit: UnitID) {
        let result = UnitResult.extract(ExtractResult(a: [], b: []))
        #expect(inputs.flaw(of: result, for: unit)?.contains("the run has no unit") == true)
        #expect(inputs.unit(unit) == nil)
        #expect(inputs.range(of: unit).isEmpty)
    }

    @Test(arguments: [Float.nan, .infinity, 1e38, -1e16])
    func `an activation that no model has is refused`(value: Float) {
        var a = FloatMatrix(zeros: 4, 3)
        a.values[5] = value
        let result = UnitResult.extract(ExtractResult(a: [a], b: [FloatMatrix(zeros: 4, 5)]))
        #expect(inputs.flaw(of: result, for: UnitID(.extract, 0))?.contains("activation") == true)
    }

    @Test(arguments: [Float.nan, .infinity, 1e38, 1])
    func `a W that Adam cannot have come to is refused`(value: Float) {
        var w = FloatMatrix(zeros: 5, 3)
        w.values[0] = 0.5
        let fine = UnitResult.trainOutputs(
            TrainOutputsResult(w: w, squaredErrorSums: [1, 1], standardisedErrorSums: [1, 1]))
        #expect(inputs.flaw(of: fine, for: UnitID(.train, 0)) == nil)
        w.values[0] = value
        let odd = UnitResult.trainOutputs(
            TrainOutputsResult(w: w, squaredErrorSums: [1, 1], standardisedErrorSums: [1, 1]))
        #expect(inputs.flaw(of: odd, for: UnitID(.train, 0))?.contains("W is not finite") == true)
    }

    @Test(arguments: [
        (Answer(tokens: [1, 2]), "new tokens"), (Answer(likelihoods: [0.5]), "likelihoods"),
        (Answer(cost: Cost(promptTokens: .max)), "cost"), (Answer(omittedPromptTokens: -1), "left out"),
    ])
    func `an answer beyond what was asked for is refused`(answer: Answer, why: String) {
        let items = [ItemAnswers(answers: [answer, Answer()]), ItemAnswers(answers: [Answer(), Answer()])]
        let flaw = inputs.flaw(
            of: .evaluate(EvaluateResult(items: items)), for: UnitID(.evaluate(task: "simulated"), 0))
        #expect(flaw?.contains(why) == true, "\(flaw ?? "none")")
    }

    /// A run in which a worker has extracted and is at a shard.
    private func shard(_ change: (inout FloatMatrix, inout Double) -> Void) throws -> String? {
        var outbox: [Grant] = []
        let run = try LiveRun(
            inputs: inputs, storage: MemoryStorage(), limits: RunLimits(), firstLease: 1,
            device: try CPUDevice(threads: 1), travel: LiveRun.Travel(gradients: .factors, weights: .whole),
            now: .seconds(0)
        ) { _, message in
            if case .grant(let grant) = message { outbox += [grant] + grant.companionGrants }
        }
        let peer = PeerID([1])
        run.start(at: .seconds(0))
        run.receive(
            .register(Registration(softwareVersion: "1", worker: "w", host: "h", processID: 1, deviceKind: "cpu")),
            from: peer, at: .seconds(0))
        run.receive(.ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)), from: peer, at: .seconds(0))
        func answer(_ grant: Grant, _ result: UnitResult) {
            run.receive(
                .result(run: inputs.plan.run, lease: grant.lease, unit: grant.id, result: result), from: peer,
                at: .seconds(1))
            run.settleDisk(at: .seconds(1))
        }
        let ones = { (rows: Int, columns: Int) in
            FloatMatrix(rows: rows, columns: columns, values: [Float](repeating: 1, count: rows * columns))
        }
        answer(try #require(outbox.last), .extract(ExtractResult(a: [ones(4, 3)], b: [ones(4, 5)])))
        let grant = try #require(outbox.last { $0.id.stage == .train })
        var (errors, sum) = (ones(2, 5), 10.0)
        change(&errors, &sum)
        answer(grant, .train(TrainResult(squaredErrorSum: sum, gradient: .factor(errors))))
        return run.status(at: .seconds(2)).faults.last?.what
    }

    @Test func `a shard's errors and loss have to fit each other and what W and the activations allow`() throws {
        #expect(try shard { _, _ in } == nil)
        #expect(try shard { errors, _ in errors.values[3] = .nan }?.contains("not finite") == true)
        #expect(try shard { errors, _ in errors.values[3] = 1e38 }?.contains("squares come to") == true)
        #expect(try shard { _, sum in sum = 11 }?.contains("squares come to") == true)
        let large = try shard { errors, sum in
            errors.values[3] = 0x1p50
            sum = 0x1p100
        }
        #expect(large?.contains("W and the activations allow") == true, "\(large ?? "none")")
    }
}
