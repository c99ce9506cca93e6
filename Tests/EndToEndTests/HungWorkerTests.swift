import CoordinatorHost
import Foundation
import Run
import TestSupport
import Testing

/// Workers whose heartbeats go on while a unit never ends, with nobody beside them.
@Suite(.serialized, .blocking)
struct HungWorkerTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// A run of 40 units by workers of which the first hangs at its first unit.
    private func server(_ change: (inout ServerOptions) -> Void) throws -> RunServer {
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = [0]
        configuration.similarity.prompts = (0..<40).map { "prompt \($0)" }
        var options = ServerOptions(program: ProgramProcess.folder.appendingPathComponent("benchmarks"))
        options.programArguments = workerArguments
        options.status = "tcp://127.0.0.1:*"
        options.limits.unitSeconds = 2
        change(&options)
        return try RunServer(
            inputs: RunInputs(synthetic: configuration, activations: nil),
            folder: RunFolder(scratch.file("run")), options: options)
    }

    private var workerArguments: [String] {
        ["paced-worker", "--seconds", "0.001", "--slowness", "inf", "--claim", scratch.file("hangs").path]
    }

    @Test func `a local worker that hangs is killed and replaced, and the status says so`() async throws {
        let server = try server { $0.workers = .count(1) }
        try await server.open()
        _ = try await server.startWorkers()
        let outcome = await server.run()
        let status = await server.status()
        await server.close()
        #expect(outcome == .done)
        #expect(status.workers.map(\.unitsDone) == [0, 40])
        let faults = status.faults.map(\.what)
        #expect(faults.contains { $0.hasPrefix("lost: hangs: at similarity/0 for ") }, "\(faults)")
        #expect(faults.contains { $0.contains("its process was killed by signal 9") }, "\(faults)")
    }

    @Test func `a worker from elsewhere that hangs ends with the reason, and another one takes its units`() async throws
    {
        let listen = "ipc://\(scratch.file("workers").path)"
        let server = try server {
            $0.workers = .count(0)
            $0.listen = try? .init(listen)
        }
        try await server.open()
        let run = Task.detached { await server.run() }
        func worker() throws -> ProgramProcess {
            try ProgramProcess("benchmarks", workerArguments + ["--connect", listen], in: scratch)
        }
        let first = try worker().end(within: 60)
        #expect(first.code == 1)
        #expect(first.errors.contains("hangs: at similarity/0 for "), "\(first.errors)")
        let second = try worker()
        #expect(await run.value == .done)
        await server.close()
        #expect(try second.end().code == 0)
    }
}
