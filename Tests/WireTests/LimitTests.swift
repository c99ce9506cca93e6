import Run
import Testing
import Wire

struct LimitTests {
    private func failure(index: Int) -> WorkerMessage {
        .failure(lease: LeaseID(1), unit: UnitID(.train, index), cause: "")
    }

    private func similarity(k: Int) -> CoordinatorMessage {
        let unit = SimilarityUnit(prompt: "", layer: 1, newTokens: 1, channel: Channel(k: k, j: 1))
        return .grant(Grant(lease: LeaseID(1), id: UnitID(.similarity, 0), unit: .similarity(unit)))
    }

    private func welcome(heartbeat: Double = 1, silence: Double = 1) -> CoordinatorMessage {
        .welcome(
            Welcome(
                run: "", modelA: "", modelB: "", delivery: Condition.Delivery(.replace),
                computeType: .float32, seed: 0,
                heartbeatSeconds: heartbeat, silenceSeconds: silence))
    }

    private func status(
        elapsed: Double = 0, rate: Double? = nil, eta: Double? = nil, faultCount: Int = 0, processID: Int32 = 0
    ) -> StatusReply {
        .status(
            RunStatus(
                run: "", phase: .running, elapsedSeconds: elapsed,
                stages: [
                    StageStatus(stage: .train, unitsDone: 0, unitsTotal: 0, seconds: 0, rate: rate, etaSeconds: eta)
                ], loss: nil,
                workers: [
                    WorkerStatus(
                        worker: "", host: "", processID: processID, deviceKind: "", state: .idle, unitsDone: 0,
                        leases: 0, rate: nil, lastHeardSeconds: 0, bytesIn: 0, bytesOut: 0)
                ], faults: [], faultCount: faultCount))
    }

    @Test func `unit numbers reach to the limit and no further`() {
        #expect(refusal(of: failure(index: WireLimits.number)) == nil)
        for index in [-1, WireLimits.number + 1, .max, .min] {
            #expect(refusal(of: failure(index: index))?.field == "unit.index")
        }
    }

    @Test func `row numbers are refused in their place`() {
        let message = CoordinatorMessage.grant(
            Grant(
                lease: LeaseID(1), id: UnitID(.train, 0),
                unit: .train(TrainUnit(step: 0, texts: [0, 1, -1], dense: false))))
        #expect(refusal(of: message)?.field == "unit.train.texts[2]")
    }

    @Test func `a worker's name reaches to the limit and no further`() {
        func registration(_ name: String) -> WorkerMessage {
            .register(
                Registration(softwareVersion: "1", worker: name, host: "h", processID: 1, deviceKind: "cpu"))
        }
        let longest = String(repeating: "n", count: MessageLimits.nameBytes)
        #expect(refusal(of: registration(longest)) == nil)
        #expect(refusal(of: registration(longest + "n"))?.field == "worker")
    }

    @Test func `layers, token counts and capacities have limits of their own`() {
        #expect(refusal(of: similarity(k: 65_537))?.field == "unit.similarity.channel.k")
        #expect(refusal(of: similarity(k: -1))?.field == "unit.similarity.channel.k")
        for capacity in [0, -1, 65_537] {
            let message = WorkerMessage.ready(Readiness(fingerprintA: "", fingerprintB: "", capacity: capacity))
            #expect(refusal(of: message)?.field == "capacity")
        }
        for tokens in [0, -1, WireLimits.tokens + 1] {
            let unit = WorkUnit.extract(
                ExtractUnit(
                    firstText: 0, texts: [], maximumTokens: tokens, sitesOfA: [1], sitesOfB: [1]))
            let message = CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(.extract, 0), unit: unit))
            #expect(refusal(of: message)?.field == "unit.extract.maximum_tokens")
        }
    }

    @Test func `an extraction names a model's sites once each, in ascending order, as many as fit into one message`() {
        func refusal(_ sites: [Int]) -> String? {
            let unit = ExtractUnit(firstText: 0, texts: [], maximumTokens: 1, sitesOfA: [1], sitesOfB: sites)
            return WireTests.refusal(
                of: CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(.extract, 0), unit: .extract(unit))))?
                .field
        }
        #expect(refusal(Array(0..<MessageLimits.sites)) == nil)
        for sites in [Array(0...MessageLimits.sites), [], [2, 2], [3, 2], [WireLimits.layers + 1]] {
            #expect(refusal(sites) == "unit.extract.sites_of_b")
        }
        #expect(refusal([-1]) == "unit.extract.sites_of_b[0]")
    }

    @Test(arguments: [0, -1, .nan, .infinity] as [Double])
    func `intervals are finite and above 0`(seconds: Double) {
        #expect(refusal(of: welcome(heartbeat: seconds))?.field == "heartbeat_seconds")
        #expect(refusal(of: welcome(silence: seconds))?.field == "silence_seconds")
    }

    @Test(arguments: [-0.5, .nan, .infinity] as [Double])
    func `measured times and rates are finite and not negative`(value: Double) {
        #expect(refusal(of: status(elapsed: value))?.field == "status.elapsed_seconds")
        #expect(refusal(of: status(rate: value))?.field == "status.stages[0].rate")
        #expect(refusal(of: status(eta: value))?.field == "status.stages[0].eta_seconds")
    }

    @Test func `counts and process ids are not negative`() {
        #expect(refusal(of: status(faultCount: -1))?.field == "status.fault_count")
        #expect(refusal(of: status(processID: -1))?.field == "status.workers[0].process_id")
    }

    @Test func `token ids are not negative`() {
        let result = SimilarityResult(
            plain: WrittenText(), injected: WrittenText(tokens: [3, -1]))
        let message = WorkerMessage.result(
            run: "", lease: LeaseID(1), unit: UnitID(.similarity, 0), result: .similarity(result))
        #expect(refusal(of: message)?.field == "similarity.injected.tokens[1]")
    }

    @Test func `lists reach to the limit and no further`() {
        let leases = (0...MessageLimits.elements).map { LeaseID(UInt64($0)) }
        #expect(refusal(of: WorkerMessage.heartbeat(Heartbeat(Array(leases.dropLast())))) == nil)
        let error = refusal(of: WorkerMessage.heartbeat(Heartbeat(leases)))
        #expect(error?.field == "leases")
        #expect(error?.found == "65537")
        let texts = [String](repeating: "", count: MessageLimits.elements + 1)
        let unit = WorkUnit.extract(
            ExtractUnit(firstText: 0, texts: texts, maximumTokens: 1, sitesOfA: [1], sitesOfB: [1]))
        let grant = CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(.extract, 0), unit: unit))
        #expect(refusal(of: grant)?.field == "unit.extract.texts")
    }

    @Test func `texts reach to the limit and no further`() {
        let longest = String(repeating: "x", count: MessageLimits.textBytes)
        #expect(refusal(of: WorkerMessage.goodbye(reason: longest)) == nil)
        #expect(refusal(of: WorkerMessage.goodbye(reason: longest + "x"))?.field == "reason")
    }

    @Test func `the largest lists that are allowed fit into the memory that reading may take`() throws {
        let answers = ItemAnswers(answers: [Answer(tokens: [1], text: "x")])
        let result = EvaluateResult(items: [ItemAnswers](repeating: answers, count: MessageLimits.elements))
        let message = WorkerMessage.result(
            run: "", lease: LeaseID(1), unit: UnitID(.evaluate(task: "squad"), 0), result: .evaluate(result))
        #expect(refusal(of: message) == nil)
    }

    @Test func `a name of several lines is quoted in one`() {
        let unit = UnitID(.evaluate(task: "squ\nd"), 0)
        let message = WorkerMessage.failure(lease: LeaseID(1), unit: unit, cause: "")
        #expect(refusal(of: message)?.found == #""squ\nd""#)
    }

    @Test func `a header that is too long is refused unread`() {
        let header = [UInt8](repeating: 0xff, count: WireLimits.headerBytes + 1)
        #expect(refusal(WorkerMessage.self, header)?.expected == "a header of at most 67108864 bytes")
    }

    @Test func `a header whose structures would fill the memory is refused`() throws {
        // Four million empty items in 8 MB; each would take 144 bytes and a pointer.
        let items = [UInt16](repeating: UInt16(littleEndian: 0x001a), count: 4_000_000).withUnsafeBytes { Array($0) }
        let header = [
            HeaderField.message(13, "grant", [.message(3, "unit", [.bytes(4, "evaluate", items)])])
        ].encoded
        let error = try #require(refusal(CoordinatorMessage.self, header))
        #expect(error.found.hasPrefix("one whose elements take more memory"))
    }
}
