import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import PlainText
import Run

/// What a worker that is slower than the others costs a run.
struct StragglerBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "straggler",
        abstract: "Seconds that a run takes longer where one of its workers is 20 times slower.",
        discussion: """
            Workers are processes of their own. Those of the first measurement sleep instead of computing, so that \
            they do not share the processor: what is left is how units are given out. With --pair the shipped models \
            work, and one worker is stopped and continued so that it runs for 5 % of the time.
            """)

    @Option(help: ArgumentHelp("Workers of each run.", valueName: "n"))
    var workers = 4

    @Option(help: ArgumentHelp("Units of each run.", valueName: "n"))
    var units = 600

    @Option(help: ArgumentHelp("Seconds that a unit takes.", valueName: "s"))
    var seconds = 0.05

    @Option(help: ArgumentHelp("How many times slower the slow worker is.", valueName: "n"))
    var slowness = 20.0

    @Flag(help: "Measure the shipped models as well.")
    var pair = false

    func validate() throws {
        guard workers > 1, units > 0, seconds > 0, slowness >= 1, slowness.isFinite else {
            throw ValidationError("expected at least two workers, one unit, a time above 0 and a slowness from 1")
        }
    }

    func run() async throws {
        var table = Table([
            .init("workers"), .init("seconds", .trailing), .init("one slower", .trailing), .init("cost", .trailing),
            .init("its units", .trailing),
        ])
        func add(_ name: String, _ even: Figures, _ slowed: Figures) {
            table.add([
                name, String(format: "%.2f", even.seconds), String(format: "%.2f", slowed.seconds),
                String(format: "%+.0f %%", 100 * (slowed.seconds / even.seconds - 1)),
                "\(slowed.unitsOfSlowest) of \(slowed.units)",
            ])
        }
        add(
            "\(workers) that sleep \(seconds) s a unit", try await measurePaced(slowness: 1),
            try await measurePaced(slowness: slowness))
        if pair {
            let run = PairRun(workers: workers, share: 1 / slowness)
            add("\(workers) with the shipped pair", try run.measure(slowed: false), try run.measure(slowed: true))
        }
        Terminal.output.writeLine("one worker \(slowness.formatted()) times slower")
        Terminal.output.writeLine(table.text)
    }

    struct Figures {
        /// From the first answer to the end of the run.
        var seconds: Double
        var units: Int
        var unitsOfSlowest: Int
    }

    private func measurePaced(slowness: Double) async throws -> Figures {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = [0]
        configuration.similarity.prompts = (0..<units).map { "prompt \($0)" }
        var options = TrainingBenchmark.options(workers: workers)
        options.programArguments = [
            "paced-worker", "--seconds", "\(seconds)", "--slowness", "\(slowness)", "--claim",
            folder.appendingPathComponent("slow").path,
        ]
        let server = try RunServer(
            inputs: RunInputs(synthetic: configuration, activations: nil),
            folder: RunFolder(folder.appendingPathComponent("run")), options: options)
        try await server.open()
        _ = try await server.startWorkers()
        let watching = Task { () -> ContinuousClock.Instant in
            while !Task.isCancelled, await server.status().stages.first?.unitsDone == 0 {
                try? await Task.sleep(for: .milliseconds(1))
            }
            return .now
        }
        let outcome = await server.run()
        let ended = ContinuousClock.now
        let status = await server.status()
        watching.cancel()
        let began = await watching.value
        await server.close()
        guard outcome == .done else { throw BenchmarkFailure(description: "the run ended with \(outcome)") }
        return Figures(
            seconds: (ended - began) / .seconds(1), units: units,
            unitsOfSlowest: status.workers.map(\.unitsDone).min() ?? 0)
    }
}
