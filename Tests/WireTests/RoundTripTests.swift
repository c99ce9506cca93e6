import Run
import Testing
import Wire

struct RoundTripTests {
    @Test(arguments: Sample.all)
    func `every kind of message comes back as it was`(sample: Sample) throws {
        func check<Message: WireValue>(_ message: Message) throws {
            #expect(try message.overTheWire() == message)
        }
        try check(sample.message)
    }

    @Test(arguments: Sample.all)
    func `headers are the bytes that the schema says`(sample: Sample) {
        #expect(sample.message.encoded.header == sample.header.encoded)
    }

    @Test(arguments: Sample.texts)
    func `texts come back byte by byte`(text: String) throws {
        guard case .goodbye(let reason) = try WorkerMessage.goodbye(reason: text).overTheWire() else {
            Issue.record("not a goodbye")
            return
        }
        #expect(Array(reason.utf8) == Array(text.utf8))
    }

    @Test func `what is empty or absent stays so`() throws {
        let messages: [WorkerMessage] = [
            .heartbeat(Heartbeat([])), .goodbye(reason: ""),
            .register(
                Registration(softwareVersion: "", worker: "", host: "", processID: 0, deviceKind: "", run: nil)),
            .register(Registration(softwareVersion: "", worker: "", host: "", processID: 0, deviceKind: "", run: "")),
            .result(
                run: "", lease: LeaseID(0), unit: UnitID(.evaluate(task: "squad"), 0),
                result: .evaluate(EvaluateResult(items: []))),
        ]
        for message in messages {
            #expect(try message.overTheWire() == message)
        }
        let grants = [
            WorkUnit.extract(ExtractUnit(firstText: 0, texts: [], maximumTokens: 1, sitesOfA: [1], sitesOfB: [1])),
            .train(TrainUnit(step: 0, texts: [], dense: false)),
            .evaluate(
                EvaluateUnit(
                    task: "gsm8k", channel: Channel(k: 0, j: 0), conditions: [], items: [],
                    form: .text(GenerationLimits(maximumNewTokens: 0)))),
            .evaluate(
                EvaluateUnit(
                    task: "mmlu", channel: Channel(k: 0, j: 0), conditions: [], items: [], form: .choice)),
        ]
        for (unit, stage) in zip(grants, [Stage.extract, .train, .evaluate(task: "gsm8k"), .evaluate(task: "mmlu")]) {
            let message = CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(stage, 0), unit: unit))
            #expect(try message.overTheWire() == message)
        }
        let status = StatusReply.status(
            RunStatus(
                run: "", phase: .running, elapsedSeconds: 0,
                stages: [
                    StageStatus(stage: .train, unitsDone: 0, unitsTotal: 0, seconds: 0, rate: nil, etaSeconds: nil)
                ], loss: nil, workers: [], faults: [Fault(atSeconds: 0, worker: nil, what: "")], faultCount: 0))
        #expect(try status.overTheWire() == status)
    }

    @Test func `every case of every enumeration comes back`() throws {
        for stage in [Stage.extract, .train, .similarity, .evaluate(task: "mmlu")] {
            let message = WorkerMessage.failure(lease: LeaseID(1), unit: UnitID(stage, 1), cause: "")
            #expect(try message.overTheWire() == message)
        }
        for operation in InjectionOperation.allCases {
            let message = CoordinatorMessage.welcome(
                Welcome(
                    run: "", modelA: "", modelB: "", delivery: Condition.Delivery(operation),
                    computeType: .bfloat16, seed: 0,
                    heartbeatSeconds: 1, silenceSeconds: 1))
            #expect(try message.overTheWire() == message)
        }
        for phase in RunStatus.Phase.allCases {
            for state in [WorkerStatus.State.loading, .idle, .working, .lost] {
                let worker = WorkerStatus(
                    worker: "", host: "", processID: 0, deviceKind: "", state: state, unitsDone: 0, leases: 0,
                    rate: nil, lastHeardSeconds: 0, bytesIn: 0, bytesOut: 0)
                let reply = StatusReply.status(
                    RunStatus(
                        run: "", phase: phase, elapsedSeconds: 0, stages: [], loss: nil, workers: [worker],
                        faults: [], faultCount: 0))
                #expect(try reply.overTheWire() == reply)
            }
        }
    }

    @Test func `the loss of a training that diverges is told`() throws {
        let reply = StatusReply.status(
            RunStatus(
                run: "", phase: .running, elapsedSeconds: 0, stages: [], loss: .nan, workers: [], faults: [],
                faultCount: 0))
        guard case .status(let status) = try reply.overTheWire() else {
            Issue.record("not a status")
            return
        }
        #expect(status.loss?.isNaN == true)
    }

    @Test(arguments: [0.1, -0.0, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude])
    func `doubles keep all bits`(sum: Double) throws {
        let gradient = ShardGradient.dense(FloatMatrix(zeros: 0, 0))
        let message = WorkerMessage.result(
            run: "", lease: LeaseID(1), unit: UnitID(.train, 0),
            result: .train(TrainResult(squaredErrorSum: sum, gradient: gradient)))
        guard case .result(_, _, _, .train(let result)) = try message.overTheWire() else {
            Issue.record("not a result of training")
            return
        }
        #expect(result.squaredErrorSum.bitPattern == sum.bitPattern)
    }

    @Test func `byteCount is the size of all frames`() {
        for sample in Sample.all {
            let encoded = sample.message.encoded
            #expect(encoded.byteCount == encoded.frames.reduce(encoded.header.count) { $0 + $1.count })
        }
    }
}
