import ActivationFiles
import CPUDevice
import CoordinatorControl
import Foundation
import Projection
import Reports
import Run
import Storage
import TestSupport
import Testing
import WorkerEngine

@testable import CoordinatorHost

/// W trained by outputs, by a coordinator and a worker without a network between them: the file is that of a training
/// by steps, whatever was begun which way, and of each channel that of a run with it alone.
struct OutputRunTests {
    private static let (texts, dimensionA, dimensionB) = (70, 20, 300)
    private static let blocks = 19

    private let temporary: TemporaryFolder
    private var folder: URL { temporary.file("run") }

    init() throws { temporary = try TemporaryFolder() }

    private static func matrix(_ columns: Int, _ name: String) -> FloatMatrix {
        var generator = NamedGenerator(seed: 5, purpose: name)
        return FloatMatrix(
            rows: texts, columns: columns, values: (0..<texts * columns).map { _ in Float(generator.normal()) })
    }

    private static func inputs(
        texts: Int = texts, channels: [Channel] = [channel], reverse: Bool = false,
        activations: ActivationStore? = nil
    ) -> RunInputs {
        var configuration = RunConfiguration(modelA: "", modelB: "", channels: channels, experiments: [.projection])
        configuration.training.reverse = reverse ? true : nil
        configuration.training.rows = texts
        configuration.training.epochs = 3
        configuration.training.batch = 16
        configuration.training.shardRows = 6
        return RunInputs(
            synthetic: configuration, activations: activations ?? Self.activations(channels))
    }

    /// At every site other ones.
    private static func activations(_ channels: [Channel]) -> ActivationStore {
        var matrices: [Site: FloatMatrix] = [:]
        for channel in channels {
            matrices[.a(channel.k)] = matrix(dimensionA, "a \(channel.k)")
            matrices[.b(channel.j)] = matrix(dimensionB, "b \(channel.j)")
        }
        return ActivationStore(matrices)
    }

    private static let channel = Channel(k: 2, j: 2)
    private static let channels = [channel, Channel(k: 2, j: 4), Channel(k: 4, j: 4)]

    /// What a coordinator's life came to; the coordinator itself is gone, and its folder free.
    private struct Ending {
        var outcome: RunControl.Outcome?
        var recovery: LiveRun.Recovery
        var losses: [StepLoss]?
        var faults: [String]
        var stages: [StageStatus]
    }

    /// Goes on with the run in the folder until it is done or so many results were taken in.
    /// - Parameters:
    ///   - isInterrupted: whether it is then stopped in peace.
    ///   - memory: bytes that the worker has for activations and a block.
    ///   - change: what becomes of a result on its way.
    private func run(
        _ training: TrainingMode?, _ gradients: GradientForm = .factors, channels: [Channel] = [channel],
        reverse: Bool = false, activations: ActivationStore? = nil, results limit: Int = .max,
        isInterrupted: Bool = false, memory: Double = TrainingEngine.halfOfMemory,
        change: (UnitResult) -> UnitResult = { $0 }
    ) throws -> Ending {
        var sent: [CoordinatorMessage] = []
        let live = try LiveRun(
            inputs: Self.inputs(channels: channels, reverse: reverse, activations: activations),
            storage: RunFolder(folder), limits: RunLimits(), firstLease: 1,
            device: try CPUDevice(threads: 1), travel: LiveRun.Travel(training: training, gradients: gradients),
            now: .seconds(0),
            send: { sent.append($1) })
        var engine = TrainingEngine(device: try CPUDevice(threads: 1), memoryLimit: memory)
        func say(_ message: WorkerMessage) {
            live.receive(message, from: PeerID([1]), at: .seconds(1))
            live.settleDisk(at: .seconds(1))
        }
        live.start(at: .seconds(0))
        say(
            .register(Registration(softwareVersion: "1", worker: "w", host: "h", processID: 1, deviceKind: "cpu")))
        var count = 0
        while count < limit, live.outcome == nil, !sent.isEmpty {
            switch sent.removeFirst() {
            case .welcome: say(.ready(Readiness(fingerprintA: "", fingerprintB: "", capacity: 4)))
            case .activations(let activations): engine.keep(activations)
            case .grant(let first):
                for grant in [first] + first.companionGrants {
                    do {
                        let result = change(try Self.result(of: grant, &engine))
                        say(
                            .result(
                                run: live.inputs.manifest.run, lease: grant.lease, unit: grant.id, result: result))
                        count += 1
                    } catch let error as EngineError where error.isUnprepared {
                        say(.unprepared(lease: grant.lease, unit: grant.id, cause: "\(error)"))
                    }
                }
            case .refusal, .heartbeat, .finished: break
            }
        }
        if isInterrupted {
            live.handle(.interrupt, at: .seconds(2))
            live.settleDisk(at: .seconds(2))
        }
        return Ending(
            outcome: live.outcome, recovery: live.recovery, losses: live.projections.first?.losses,
            faults: live.status(at: .seconds(3)).faults.map(\.what), stages: live.status(at: .seconds(3)).stages)
    }

    private static func result(of grant: Grant, _ engine: inout TrainingEngine) throws -> UnitResult {
        try engine.prepare(grant)
        switch grant.unit {
        case .train(let unit): return .train(try engine.result(unit, of: grant))
        case .trainOutputs(let unit, let targets): return .trainOutputs(try engine.result(unit, targets: targets))
        default: throw Unexpected()
        }
    }

    private struct Unexpected: Error {}

    private func projection(of channel: Channel = channel) -> Digest? {
        let name = RunFiles.projection(dimensionA: Self.dimensionA, dimensionB: Self.dimensionB, channel: channel)
        return try? ContentHasher.digest(ofFileAt: RunFolder(folder).url(of: name))
    }

    /// The file of a training by steps, and its losses.
    private static let expected = Result {
        let test = try OutputRunTests()
        let ending = try test.run(.averaged)
        guard ending.outcome == .done, let projection = test.projection(), let losses = ending.losses else {
            throw Unexpected()
        }
        return (projection: projection, losses: losses)
    }

    private func expectTheSame(_ ending: Ending) throws {
        let expected = try Self.expected.get()
        #expect(ending.outcome == .done)
        #expect(projection() == expected.projection)
        #expect(ending.losses == expected.losses)
    }

    @Test func `outputs give the file and the losses of steps`() throws {
        let ending = try run(.byOutputs)
        try expectTheSame(ending)
        #expect(ending.stages[0].unitsTotal == Self.blocks)
        #expect(!FileManager.default.fileExists(atPath: RunFolder(folder).url(of: RunFiles.checkpoint).path))
    }

    @Test func `a coordinator that comes back goes on with the blocks that are left`() throws {
        _ = try run(.byOutputs, results: 7)
        let second = try run(.byOutputs)
        #expect(second.recovery.units == 7)
        try expectTheSame(second)
        // And once more, with nothing left to do.
        let third = try run(.byOutputs, results: 0)
        #expect(third.recovery.units == Self.blocks)
        try expectTheSame(third)
    }

    @Test func `blocks begun go on by steps`() throws {
        _ = try run(.byOutputs, results: 7)
        try expectTheSame(try run(.averaged))
        // What is whole stays, whatever is asked for.
        try expectTheSame(try run(.byOutputs, results: 0))
    }

    @Test func `steps begun go on by outputs`() throws {
        #expect(try run(.averaged, .dense, results: 8, isInterrupted: true).outcome == .interrupted)
        #expect(FileManager.default.fileExists(atPath: RunFolder(folder).url(of: RunFiles.checkpoint).path))
        let second = try run(.byOutputs, results: 5)
        #expect(second.recovery.steps == 0 && second.stages[0].unitsDone == 5)
        try expectTheSame(try run(.byOutputs))
    }

    @Test func `outputs that are done stay done by steps`() throws {
        try expectTheSame(try run(.byOutputs))
        try expectTheSame(try run(.averaged, results: 0))
    }

    @Test func `a result of the other kind, of another shape or not finite is refused`() throws {
        let changes: [(UnitResult) -> UnitResult] = [
            { _ in .train(TrainResult(squaredErrorSum: 1, gradient: .factor(FloatMatrix(zeros: 6, 300)))) },
            { self.block($0) { $0.w = FloatMatrix(zeros: 15, 20) } },
            { self.block($0) { $0.w.values[3] = .nan } },
            { self.block($0) { $0.squaredErrorSums.removeLast() } },
            { self.block($0) { $0.squaredErrorSums[2] = -1 } },
            { self.block($0) { $0.standardisedErrorSums.removeLast() } },
            { self.block($0) { $0.standardisedErrorSums[2] = .infinity } },
        ]
        for change in changes {
            try? FileManager.default.removeItem(at: folder)
            let ending = try run(.byOutputs, change: change)
            guard case .failed(let cause) = ending.outcome else {
                Issue.record("the run did not fail")
                continue
            }
            #expect(cause.contains("the result does not fit"))
        }
        try? FileManager.default.removeItem(at: folder)
        let steps = try run(.averaged) { _ in
            .trainOutputs(
                TrainOutputsResult(
                    w: FloatMatrix(zeros: 16, 20), squaredErrorSums: [Double](repeating: 0, count: 39),
                    standardisedErrorSums: [Double](repeating: 0, count: 39)))
        }
        guard case .failed(let cause) = steps.outcome else { throw Unexpected() }
        #expect(cause.contains("expected a gradient, found a block of W's outputs"))
    }

    private func block(_ result: UnitResult, _ change: (inout TrainOutputsResult) -> Void) -> UnitResult {
        guard case .trainOutputs(var block) = result else { return result }
        change(&block)
        return .trainOutputs(block)
    }

    @Test func `activations too large to travel are refused before any work`() {
        // A matrix without rows says how wide A is.
        let inputs = Self.inputs(
            texts: 10_000_000,
            activations: ActivationStore([.a(2): FloatMatrix(zeros: 0, 4096), .b(2): FloatMatrix(zeros: 0, 300)]))
        #expect {
            _ = try LiveRun(
                inputs: inputs, storage: RunFolder(folder), limits: RunLimits(), firstLease: 1,
                device: try CPUDevice(threads: 1), travel: LiveRun.Travel(training: .byOutputs), now: .seconds(0),
                send: { _, _ in })
        } throws: {
            "\($0)".contains(
                "--training by-outputs: A's activations take 163840000000 bytes, expected at most 1073741824")
        }
    }

    // MARK: Channels

    @Test func `each channel's file is that of a run with the channel alone`() throws {
        #expect(try run(nil, channels: Self.channels).outcome == .done)
        let together = Self.channels.map { projection(of: $0) }
        #expect(Set(together).count == 3 && !together.contains(nil))
        #expect(together[0] == (try Self.expected.get()).projection)
        for (channel, file) in zip(Self.channels, together) {
            for training in [TrainingMode.byOutputs, .averaged] {
                let alone = try OutputRunTests()
                #expect(try alone.run(training, channels: [channel]).outcome == .done)
                #expect(alone.projection(of: channel) == file, "\(channel) \(training)")
            }
        }
    }

    @Test func `a coordinator that comes back goes on with the blocks that are left of all channels`() throws {
        let whole = try OutputRunTests()
        _ = try whole.run(nil, channels: Self.channels)
        for limit in [5, Self.blocks + 4, 3 * Self.blocks - 2] {
            try? FileManager.default.removeItem(at: folder)
            #expect(try run(nil, channels: Self.channels, results: limit).outcome == nil)
            let second = try run(nil, channels: Self.channels)
            #expect(second.recovery.units == limit && second.outcome == .done)
            #expect(second.stages[0].unitsTotal == 3 * Self.blocks)
            for channel in Self.channels { #expect(projection(of: channel) == whole.projection(of: channel)) }
        }
    }

    @Test func `a worker with room for one site's activations gives up those of the other`() throws {
        let whole = try OutputRunTests()
        _ = try whole.run(nil, channels: Self.channels)
        // A block takes some 29,000 bytes, A's activations at one site included, which are 5,600.
        let ending = try run(nil, channels: Self.channels, memory: 30_000)
        #expect(ending.outcome == .done)
        #expect(ending.faults.allSatisfy { $0.contains("its activations of A after") })
        for channel in Self.channels { #expect(projection(of: channel) == whole.projection(of: channel)) }
    }

    @Test func `W the other way is that of a run with A and B exchanged`() throws {
        let channels = [Channel(k: 2, j: 2), Channel(k: 2, j: 4)]
        #expect(try run(nil, channels: channels, reverse: true, results: 2 * Self.blocks + 1).outcome == nil)
        let ending = try run(nil, channels: channels, reverse: true)
        #expect(ending.outcome == .done && ending.recovery.units == 2 * Self.blocks + 1)
        for channel in channels {
            // Forwards there is nothing else than without.
            let alone = try OutputRunTests()
            _ = try alone.run(.averaged, channels: [channel])
            #expect(projection(of: channel) == alone.projection(of: channel))
            let exchanged = try OutputRunTests()
            let activations = Self.activations([channel])
            let matrices = [
                Site.a(channel.j): activations[.b(channel.j)], .b(channel.k): activations[.a(channel.k)],
            ].compactMapValues { $0 }
            let swapped = Channel(k: channel.j, j: channel.k)
            let other = try exchanged.run(.averaged, channels: [swapped], activations: ActivationStore(matrices))
            #expect(other.outcome == .done)
            let (a, b) = (Self.dimensionA, Self.dimensionB)
            func values(_ test: OutputRunTests, _ channel: Channel) throws -> FloatMatrix {
                let name = RunFiles.projection(dimensionA: b, dimensionB: a, channel: channel)
                return try ProjectionFile.read(RunFolder(test.folder).url(of: name), dimensionA: b, dimensionB: a)
            }
            #expect(try values(self, channel.reversed) == values(exchanged, swapped), "\(channel)")
        }
    }

    @Test func `both ways are not trained by steps`() {
        #expect {
            _ = try run(.averaged, reverse: true)
        } throws: {
            "\($0)".contains("--training averaged trains the W of one channel, and the run has 2: 2:2, 2:2/reverse")
        }
    }

    @Test func `several channels are not trained by steps`() {
        #expect {
            _ = try run(.averaged, channels: Self.channels)
        } throws: {
            "\($0)".contains("--training averaged trains the W of one channel, and the run has 3: 2:2, 2:4, 4:4")
        }
    }

    @Test func `more sites than one message has room for are refused by name`() throws {
        let most = (0..<MessageLimits.sites).map { Channel(k: $0, j: 1) }
        try RunInputs.checkSites(most)
        #expect {
            try RunInputs.checkSites(most + [Channel(k: 31, j: 1)])
        } throws: { "\($0)".contains("--channel: 32 sites of A (k), expected at most 31") }
        #expect {
            try RunInputs.checkSites((0..<40).map { Channel(k: 1, j: $0) })
        } throws: { "\($0)".contains("--channel: 40 sites of B (j), expected at most 31") }
    }
}
