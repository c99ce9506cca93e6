import CPUDevice
import CoordinatorControl
import Foundation
import Projection
import Run
import Storage
import TestSupport
import Testing
import WorkerEngine

@testable import CoordinatorHost

/// W trained by its rows, by a coordinator and a worker without a network between them: the file is that of a training
/// by steps, whatever was begun which way.
struct RowBlockRunTests {
    private static let (rows, dimensionA, dimensionB) = (70, 20, 300)
    private static let blocks = 19

    private let temporary: TemporaryFolder
    private var folder: URL { temporary.file("run") }

    init() throws { temporary = try TemporaryFolder() }

    private static func matrix(_ columns: Int, _ name: String) -> FloatMatrix {
        var generator = NamedGenerator(seed: 5, purpose: name)
        return FloatMatrix(
            rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.normal()) })
    }

    private static func inputs(rows: Int = rows, activations: FloatMatrix? = nil) -> RunInputs {
        var configuration = RunConfiguration(modelA: "", modelB: "", layerK: 0, layerJ: 0, experiments: [.projection])
        configuration.training.rows = rows
        configuration.training.epochs = 3
        configuration.training.batch = 16
        configuration.training.shardRows = 6
        return RunInputs(
            synthetic: configuration, activations: (activations ?? matrix(dimensionA, "a"), matrix(dimensionB, "b")),
            software: "1")
    }

    /// What a coordinator's life came to; the coordinator itself is gone, and its folder free.
    private struct Ending {
        var outcome: RunControl.Outcome?
        var recovery: RunConductor.Recovery
        var losses: [Double]?
        var stages: [StageStatus]
    }

    /// Goes on with the run in the folder until it is done or so many results were taken in.
    /// - Parameters:
    ///   - isInterrupted: whether it is then stopped in peace.
    ///   - change: what becomes of a result on its way.
    private func run(
        _ gradients: GradientForm, results limit: Int = .max, isInterrupted: Bool = false,
        change: (UnitResult) -> UnitResult = { $0 }
    ) throws -> Ending {
        var sent: [CoordinatorMessage] = []
        let conductor = try RunConductor(
            inputs: Self.inputs(), folder: RunFolder(folder), limits: RunLimits(), firstLease: 1,
            device: CPUDevice(threads: 1),
            gradients: gradients, now: .seconds(0), send: { sent.append($1) })
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        func say(_ message: WorkerMessage) {
            conductor.receive(.success(message) as Result<WorkerMessage, any Error>, from: PeerID([1]), at: .seconds(1))
            guard let commit = conductor.beginCommit(at: .seconds(1)) else { return }
            conductor.finishCommit(commit, commit.wait(), at: .seconds(1))
        }
        conductor.start(at: .seconds(0))
        say(
            .register(Registration(softwareVersion: "1", worker: "w", host: "h", processID: 1, deviceKind: "cpu")))
        var count = 0
        while count < limit, conductor.outcome == nil, !sent.isEmpty {
            switch sent.removeFirst() {
            case .welcome: say(.ready(Readiness(fingerprintA: "", fingerprintB: "", capacity: 4)))
            case .activations(let part): engine.keep(part)
            case .grant(let first):
                let others = first.companions.map {
                    Grant(lease: $0.lease, id: $0.id, unit: .train($0.unit), version: first.version)
                }
                for grant in [first] + others {
                    try engine.prepare(grant)
                    let result: UnitResult =
                        switch grant.unit {
                        case .train(let unit): .train(try engine.result(unit, of: grant))
                        case .trainRows(let unit): .trainRows(try engine.result(unit, targets: grant.targets))
                        default: throw Unexpected()
                        }
                    say(
                        .result(
                            run: conductor.inputs.manifest.run, lease: grant.lease, unit: grant.id,
                            result: change(result)))
                    count += 1
                }
            case .refusal, .heartbeat, .finished: break
            }
        }
        if isInterrupted { conductor.handle(.interrupt, at: .seconds(2)) }
        return Ending(
            outcome: conductor.outcome, recovery: conductor.recovery, losses: conductor.training?.losses,
            stages: conductor.status(at: .seconds(3)).stages)
    }

    private struct Unexpected: Error {}

    private var projection: Digest? {
        let file = RunFolder(folder).projection(
            dimensionA: Self.dimensionA, dimensionB: Self.dimensionB, layerK: 0, layerJ: 0)
        return try? ContentHasher.digest(ofFileAt: file)
    }

    /// The file of a training by steps, and its losses.
    private static let expected = Result {
        let test = try RowBlockRunTests()
        let ending = try test.run(.factors)
        guard ending.outcome == .done, let projection = test.projection, let losses = ending.losses else {
            throw Unexpected()
        }
        return (projection: projection, losses: losses)
    }

    private func expectTheSame(_ ending: Ending) throws {
        let expected = try Self.expected.get()
        #expect(ending.outcome == .done)
        #expect(projection == expected.projection)
        #expect(ending.losses == expected.losses)
    }

    @Test func `rows give the file and the losses of steps`() throws {
        let ending = try run(.rows)
        try expectTheSame(ending)
        #expect(ending.stages[0].unitsTotal == Self.blocks)
        #expect(!FileManager.default.fileExists(atPath: RunFolder(folder).checkpoint.path))
    }

    @Test func `a coordinator that comes back goes on with the blocks that are left`() throws {
        _ = try run(.rows, results: 7)
        let second = try run(.rows)
        #expect(second.recovery.units == 7)
        try expectTheSame(second)
        // And once more, with nothing left to do.
        let third = try run(.rows, results: 0)
        #expect(third.recovery.units == Self.blocks)
        try expectTheSame(third)
    }

    @Test func `rows begun go on by steps`() throws {
        _ = try run(.rows, results: 7)
        try expectTheSame(try run(.factors))
        // What is whole stays, whatever is asked for.
        try expectTheSame(try run(.rows, results: 0))
    }

    @Test func `steps begun go on by rows`() throws {
        #expect(try run(.dense, results: 8, isInterrupted: true).outcome == .interrupted)
        #expect(FileManager.default.fileExists(atPath: RunFolder(folder).checkpoint.path))
        let second = try run(.rows, results: 5)
        #expect(second.recovery.steps == 0 && second.stages[0].unitsDone == 5)
        try expectTheSame(try run(.rows))
    }

    @Test func `rows that are done stay done by steps`() throws {
        try expectTheSame(try run(.rows))
        try expectTheSame(try run(.factors, results: 0))
    }

    @Test func `a result of the other kind, of another shape or not finite is refused`() throws {
        let changes: [(UnitResult) -> UnitResult] = [
            { _ in .train(TrainResult(squaredErrorSum: 1, gradient: .factor(FloatMatrix(zeros: 6, 300)))) },
            { self.block($0) { $0.w = FloatMatrix(zeros: 15, 20) } },
            { self.block($0) { $0.w.values[3] = .nan } },
            { self.block($0) { $0.squaredErrorSums.removeLast() } },
            { self.block($0) { $0.squaredErrorSums[2] = -1 } },
        ]
        for change in changes {
            try? FileManager.default.removeItem(at: folder)
            let ending = try run(.rows, change: change)
            guard case .failed(let cause) = ending.outcome else {
                Issue.record("the run did not fail")
                continue
            }
            #expect(cause.contains("the result does not fit"))
        }
        try? FileManager.default.removeItem(at: folder)
        let steps = try run(.factors) { _ in
            .trainRows(
                TrainRowsResult(
                    w: FloatMatrix(zeros: 16, 20), squaredErrorSums: [Double](repeating: 0, count: 39)))
        }
        guard case .failed(let cause) = steps.outcome else { throw Unexpected() }
        #expect(cause.contains("expected a gradient, found a block of W's rows"))
    }

    private func block(_ result: UnitResult, _ change: (inout TrainRowsResult) -> Void) -> UnitResult {
        guard case .trainRows(var block) = result else { return result }
        change(&block)
        return .trainRows(block)
    }

    @Test func `activations too large to travel are refused before any work`() {
        // A matrix without rows says how wide A is.
        let inputs = Self.inputs(rows: 10_000_000, activations: FloatMatrix(zeros: 0, 4096))
        #expect {
            _ = try RunConductor(
                inputs: inputs, folder: RunFolder(folder), limits: RunLimits(), firstLease: 1,
                device: CPUDevice(threads: 1),
                gradients: .rows, now: .seconds(0), send: { _, _ in })
        } throws: {
            "\($0)".contains("--gradients rows: A's activations take 163840000000 bytes, expected at most 1073741824")
        }
    }
}
