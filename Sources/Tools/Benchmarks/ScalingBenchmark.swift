import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import PlainText
import Run

/// How a run's time falls with the number of its workers.
struct ScalingBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling",
        abstract: "Share of linear that an evaluation reaches with up to 64 workers.",
        discussion: """
            The workers sleep as long as their units would compute, one after the other, so that they share no \
            processor: what is left is how units are cut and given out. An item takes time by the tokens of its answers, \
            as many as items of a real run have. Linear is the sum of all items' times over the number of workers; the time \
            is taken from the first grant to the last result on disk. Appends one line to Benchmarks/history.jsonl.
            """)

    @Option(help: ArgumentHelp("Workers of each run.", valueName: "n"))
    var workers = [1, 4, 16, 64]

    @Option(help: ArgumentHelp("Items; GSM8K has 1,319.", valueName: "n"))
    var items = 1319

    @Option(help: ArgumentHelp("Items of a unit.", valueName: "n"))
    var itemsPerUnit = 1

    @Option(help: ArgumentHelp("Seconds that a run takes at best.", valueName: "s"))
    var seconds = 10.0

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    func validate() throws {
        guard !workers.isEmpty, workers.allSatisfy({ (1...1024).contains($0) }), items > 0, itemsPerUnit > 0,
            seconds > 0, seconds.isFinite
        else { throw ValidationError("expected 1 to 1024 workers, items, items a unit and seconds above 0") }
    }

    private struct Line: Encodable {
        var workers: Int
        var seconds: Double
        var ofLinear: Double

        enum CodingKeys: String, CodingKey {
            case workers, seconds
            case ofLinear = "of_linear"
        }
    }

    func run() async throws {
        var table = Table([.init("workers", .trailing), .init("seconds", .trailing), .init("of linear", .trailing)])
        var lines: [Line] = []
        for count in workers {
            let taken = try await measure(workers: count)
            let line = Line(workers: count, seconds: taken, ofLinear: seconds / taken)
            lines.append(line)
            table.add([
                "\(count)", Quantities.fixed(taken, digits: 2),
                "\(Quantities.fixed(100 * line.ofLinear, digits: 1)) %",
            ])
        }
        Terminal.output.writeLine(
            "\(items) items, \(itemsPerUnit) a unit; linear would be \(seconds.formatted()) s each")
        Terminal.output.writeLine(table.text)
        try BenchmarkHistory.append(lines, of: "scaling, \(itemsPerUnit) a unit", to: history)
    }

    /// Seconds of a run.
    private func measure(workers: Int) async throws -> Double {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = [0]
        let units = (items + itemsPerUnit - 1) / itemsPerUnit
        configuration.similarity.prompts = (0..<units).map { "prompt \($0)" }
        var options = TrainingBenchmark.options(workers: 1)
        options.programArguments = [
            "load-worker", "--sessions", "\(workers)", "--items", "\(items)", "--items-per-unit", "\(itemsPerUnit)",
            "--item-seconds", "\(seconds * Double(workers) / Double(items))",
        ]
        let server = try RunServer(
            inputs: RunInputs(synthetic: configuration, activations: nil),
            folder: RunFolder(folder), options: options)
        try await server.open()
        _ = try await server.startWorkers()
        let watching = Task { () -> ContinuousClock.Instant in
            while !Task.isCancelled, await !server.status().workers.contains(where: { $0.leases > 0 }) {
                try? await Task.sleep(for: .milliseconds(1))
            }
            return .now
        }
        let outcome = await server.run()
        let ended = ContinuousClock.now
        watching.cancel()
        let began = await watching.value
        await server.close()
        guard outcome == .done else { throw BenchmarkFailure(description: "the run ended with \(outcome)") }
        return (ended - began) / .seconds(1)
    }
}
