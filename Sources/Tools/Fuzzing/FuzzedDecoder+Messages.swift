import CoordinatorHost
import Foundation
import Projection
import Run
import Transport
import Wire

/// What comes over the wire, and what the coordinator reads back from its own disk.
extension FuzzedDecoder {
    static func messages() -> [FuzzedDecoder] {
        [
            wire("worker message", workerMessages.map { WireFormat.encode($0) }) {
                _ = WireFormat.encode(try WireFormat.decodeWorkerMessage(header: $0, tensors: $1))
            },
            wire("coordinator message", coordinatorMessages.map { WireFormat.encode($0) }) {
                _ = WireFormat.encode(try WireFormat.decodeCoordinatorMessage(header: $0, tensors: $1))
            },
            wire("status query", [WireFormat.encode(StatusQuery())]) {
                _ = WireFormat.encode(try WireFormat.decodeStatusQuery(header: $0, tensors: $1))
            },
            wire("status reply", statusReplies.map { WireFormat.encode($0) }) {
                _ = WireFormat.encode(try WireFormat.decodeStatusReply(header: $0, tensors: $1))
            },
            // What is said is drawn from the bytes.
            FuzzedDecoder("conversation", Mutator(seeds: [[1, 2, 3, 4, 5, 6, 7, 8]])) { bytes in
                let seed = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
                let violations = FuzzedConversation.converse(seed: seed).violations
                precondition(violations.isEmpty, "\(violations)")
            },
            FuzzedDecoder("result record", Mutator(seeds: records)) {
                _ = try ResultRecord.decode(Data($0))
            },
            FuzzedDecoder("training checkpoint", Mutator(seeds: [Array(checkpoint)])) {
                _ = try ProjectionTrainer(checkpoint: Data($0), dimensionA: 3, dimensionB: 2, adam: Adam())
            },
            FuzzedDecoder("endpoint", Mutator(seeds: endpoints, words: ["tcp://", "ipc://", "[::1]", ":", "*"])) {
                _ = try Endpoint(String(decoding: $0, as: UTF8.self))
            },
            FuzzedDecoder("ZMTP greeting", Mutator(seeds: greetings, words: ["NULL", "CURVE", "PLAIN"])) {
                guard Greeting($0) != nil else { throw NoGreeting() }
            },
            FuzzedDecoder("key list", Mutator(seeds: keyLists, words: ["curve-public ", "curve-secret ", "#", "\n"])) {
                _ = try CurveKeyFile.publicKeys(in: String(decoding: $0, as: UTF8.self), at: "list")
            },
        ]
    }

    private struct NoGreeting: Error {}

    /// What ZeroMQ sockets with and without keys say first.
    private static let greetings: [[UInt8]] = ["NULL", "CURVE"].map { mechanism in
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array(mechanism.utf8)
            + [UInt8](repeating: 0, count: 52 - mechanism.utf8.count)
    }

    /// A message with its header's length, number of tensors and their lengths before it, so that these change as well.
    private static func wire(
        _ name: String, _ messages: [EncodedMessage],
        _ decode: @escaping (UnsafeRawBufferPointer, [UnsafeRawBufferPointer]) throws -> Void
    ) -> FuzzedDecoder {
        let seeds = messages.map { message in
            message.withFrames { header, tensors in
                var bytes: [UInt8] = [UInt8(header.count & 0xFF), UInt8(header.count >> 8), UInt8(tensors.count)]
                for tensor in tensors { bytes.append(UInt8(tensor.count)) }
                for frame in [header] + tensors { bytes += frame }
                return bytes
            }
        }
        return FuzzedDecoder(name, Mutator(seeds: seeds)) { bytes in
            // The blocks have exactly the frames' sizes: a sanitizer sees any byte read beyond them.
            var rest = bytes[...]
            func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
                let part = rest.prefix(count)
                rest = rest.dropFirst(count)
                let block = UnsafeMutableRawBufferPointer.allocate(byteCount: part.count, alignment: 1)
                block.copyBytes(from: part)
                return block
            }
            let sizes = (0..<3).map { _ in Int(rest.popFirst() ?? 0) }
            let lengths = (0..<min(sizes[2], 80)).map { _ in Int(rest.popFirst() ?? 0) }
            let frames = ([sizes[0] | sizes[1] << 8] + lengths).map(take)
            defer { for frame in frames { frame.deallocate() } }
            try decode(UnsafeRawBufferPointer(frames[0]), frames.dropFirst().map { UnsafeRawBufferPointer($0) })
        }
    }

    private static let matrix = FloatMatrix(
        rows: 2, columns: 3, values: [0, -0.0, 1.5, .infinity, .leastNonzeroMagnitude, -7])
    private static let answer = Answer(
        tokens: [1, 2, 128_000], text: "a\u{0}b 👩‍🔬", likelihoods: [-0.5, -1e300],
        golds: [GoldLikelihood(whole: -2, tokens: 3)], divergences: [0, 0.5],
        cost: Cost(promptTokens: 3, newTokens: 3, passesOfB: Cost.Passes(count: 3, blocks: 4, tokens: 5)),
        promptDigest: String(repeating: "0a", count: 32),
        told: .vector(digest: String(repeating: "1b", count: 32), norm: 3.5))
    private static let toldAnswer = Answer(told: .words("a\u{0}b 👩‍🔬"))

    private static var workerMessages: [WorkerMessage] {
        let results: [UnitResult] = [
            .parity(
                ParityResult(checks: [
                    ParityCheck(.logits, compared: 3, failed: 1, largest: 0.5, firstFailure: "é"),
                    ParityCheck(.tokenIDs, compared: 2),
                ])),
            .extract(ExtractResult(a: [matrix, matrix], b: [matrix])),
            .train(TrainResult(squaredErrorSum: 0.5, gradient: .dense(matrix), outputErrors: [0.5, 1])),
            .train(TrainResult(squaredErrorSum: 0.5, gradient: .factor(matrix))),

            .trainOutputs(
                TrainOutputsResult(
                    w: matrix, squaredErrorSums: [0.5, -0.0, .infinity], standardisedErrorSums: [0.5])),
            .sums(SumsResult(products: [0.5, -0.0, .infinity])),
            .similarity(SimilarityResult(plain: WrittenText(answer), injected: WrittenText(answer))),
            .evaluate(EvaluateResult(items: [ItemAnswers(answers: [answer, toldAnswer])])),
        ]
        let registration = Registration(
            softwareVersion: "1", worker: "host:7:x", host: "host", processID: 7, deviceKind: "cpu", run: "run",
            leases: [LeaseID(1), LeaseID(300)])
        return [
            .register(registration), .ready(Readiness(fingerprintA: "aa", fingerprintB: "bb", capacity: 2)),
            .heartbeat(Heartbeat([LeaseID(1), LeaseID(2)])),
            .failure(lease: LeaseID(1), unit: UnitID(.evaluate(task: "squad"), 4), cause: "no"),
            .goodbye(reason: "done"),
            .spent(lease: LeaseID(1), unit: UnitID(.evaluate(task: "squad"), 4), seconds: [0.5, 0]),
        ]
            + zip([.parity, .extract, .train, .train, .train, .sums, .similarity, .evaluate(task: "squad")], results)
            .map {
                (stage: Stage, result) in
                .result(run: "run", lease: LeaseID(9), unit: UnitID(stage, 4), result: result)
            }
    }

    private static var coordinatorMessages: [CoordinatorMessage] {
        let item = EvaluationItem(
            id: "5", prompts: [.a: "a", .b: "b", .cue: "c", .both: "a", .other(1): "d"], choices: [" A", " B"],
            golds: [" A"])
        let channel = Channel(k: 26, j: 0)
        let units: [WorkUnit] = [
            .parity(
                ParityUnit(
                    model: .b,
                    reference: ModelReference(
                        prompts: [
                            ModelReference.Prompt(
                                prompt: "é", ids: [1, 2], tokens: ["a", "b"], decoded: "ab", continuationIds: [3],
                                continuationText: "c", firstLogits: [0.5], logits: [0.5, -1],
                                residualAfterBlock: matrix, embeddingLast: [1], finalNormLast: [2])
                        ],
                        tokenizerCases: [
                            ModelReference.TokenizerCase(
                                text: "é", ids: [7], decoded: "é", decodedWithSpecial: "<s>é")
                        ]))),
            .extract(
                ExtractUnit(
                    firstText: 64, texts: ["a", "é"], maximumTokens: 512, sitesOfA: [0, 26], sitesOfB: [4],
                    answerTokens: 256)),
            .train(TrainUnit(step: 2, texts: [7, 0], dense: true)),
            .sums(SumsUnit(first: matrix, second: matrix)),
            .similarity(SimilarityUnit(prompt: "p", layer: 8, newTokens: 20, channel: channel)),
            .evaluate(
                EvaluateUnit(
                    task: "squad", channel: channel,
                    conditions: [
                        Condition("b_full", .b, reads: .both), Condition("x", .b, reads: .b, told: .noise(like: .a)),
                        Condition("y", .a, reads: .cue, told: .words(of: .other(1), newTokens: 9)),
                        Condition("z", .b, reads: .b, told: .own(of: .a), by: .init(.sum, strength: 2)),
                        Condition("v", .b, reads: .b, told: .matched), Condition("u", .b, reads: .b, told: .zero),
                    ], items: [item], form: .text(GenerationLimits(maximumNewTokens: 32, stopStrings: ["\n"])),
                    endpoints: [.likelihood], sample: ["s"], references: [[0], [3, 4]])),
        ]
        let welcome = Welcome(
            run: "r", modelA: "/a", modelB: "/b", delivery: Condition.Delivery(.mean, matchesNorm: true),
            computeType: .bfloat16,
            seed: 1,
            heartbeatSeconds: 0.1, silenceSeconds: 10)
        let whole = GrantedProjection(
            channel: Channel(k: 26, j: 0), version: 4,
            supply: .whole(matrix, moments: Moments(first: matrix, second: matrix)))
        let grants = zip([Stage.parity, .extract, .train, .sums, .similarity, .evaluate(task: "squad")], units).map {
            stage, unit in
            Grant(
                lease: LeaseID(3), id: UnitID(stage, 5), unit: unit, projection: whole,
                activations: [activations, TextActivations(site: .b(0), texts: [7, 0], values: matrix)])
        }
        return [
            .welcome(welcome), .refusal(reason: "no"), .heartbeat, .finished(reason: "done"),
            .activations(activations),
        ] + (grants + trainingGrants).map { .grant($0) }
    }

    private static let activations = TextActivations(site: .a(26), texts: [7, 0], values: matrix)

    private static var trainingGrants: [Grant] {
        let block = WorkUnit.trainOutputs(
            TrainOutputsUnit(
                channel: Channel(k: 26, j: 4), outputs: 3..<6, dimensionA: 3, dimensionB: 8,
                schedule: TrainingSchedule(textCount: 2, epochs: 2, batch: 1, shardTexts: 1, seed: 7),
                learningRate: 0.001, initialization: .kaiming), targets: matrix)
        let update = StepUpdate(
            step: 1, learningRate: 0.5,
            shards: [
                StepUpdate.Shard(unit: 4, texts: [7, 0], isOwn: false),
                StepUpdate.Shard(unit: 5, texts: [1], isOwn: true),
            ], errors: matrix)
        let drawn = InitialProjection(initialization: .xavier, seed: 1, dimensionA: 3, dimensionB: 2)
        let mapped = SharedProjection(processID: 9, descriptor: 7, key: 5, dimensionA: 3, dimensionB: 2)
        let supplies: [ProjectionSupply] = [
            .held, .initial(drawn, updates: [update], checksum: 7), .replay([update], checksum: 7),
            .shared(mapped, checksum: 7),
        ]
        let unit = TrainUnit(step: 2, texts: [7, 0], dense: false)
        return [Grant(lease: LeaseID(3), id: UnitID(.train, 5), unit: block)]
            + supplies.map { supply in
                Grant(
                    lease: LeaseID(3), id: UnitID(.train, 5), unit: .train(unit),
                    projection: GrantedProjection(channel: Channel(k: 26, j: 4), version: 2, supply: supply),
                    activations: [activations],
                    companions: [Companion(lease: LeaseID(4), id: UnitID(.train, 6), unit: unit)])
            }
    }

    private static var statusReplies: [StatusReply] {
        let stage = StageStatus(stage: .extract, unitsDone: 3, unitsTotal: 4, seconds: 1, rate: 3, etaSeconds: 0.5)
        let worker = WorkerStatus(
            worker: "w", host: "h", processID: 8, deviceKind: "cpu", state: .lost, unitsDone: 3, leases: 1, rate: 2,
            lastHeardSeconds: 0.5, bytesIn: 9, bytesOut: 0)
        let status = RunStatus(
            run: "r", phase: .stopping, elapsedSeconds: 1.25, stages: [stage], loss: 0.5, workers: [worker],
            faults: [Fault(atSeconds: 0.25, worker: "w", what: "gone")], faultCount: 12)
        return [.status(status), .refusal(reason: "no")]
    }

    private static var records: [[UInt8]] {
        workerMessages.compactMap { message in
            guard case .result(let run, _, let unit, let result) = message else { return nil }
            return ResultRecord(run: run, unit: unit, result: result).bytes
        }
    }

    private static var checkpoint: Data { ProjectionTrainer(w: FloatMatrix(zeros: 2, 3), adam: Adam()).checkpoint() }

    private static let endpoints = ["tcp://127.0.0.1:5755", "tcp://[::1]:*", "ipc:///tmp/run.socket", "tcp://host.a:1"]
        .map { Array($0.utf8) }

    private static let keyLists = [
        "# ours\ncurve-public Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID worker 7\n\ncurve-public "
            + "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n"
    ].map { Array($0.utf8) }
}
