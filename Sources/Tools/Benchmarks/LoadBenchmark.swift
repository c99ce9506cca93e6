import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Messaging
import PlainText
import Run
import Transport
import Wire

/// A coordinator with very many workers and very small units.
struct LoadBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Units a second of a coordinator with 256 workers that answer at once.")

    @Option(help: ArgumentHelp("Worker sessions, in one other process, a socket each.", valueName: "n"))
    var sessions = 256

    @Option(help: ArgumentHelp("Units, a multiple of 1,000.", valueName: "n"))
    var units = 100_000

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    private struct Figures: Encodable {
        var unitsPerSecond: Double
        var statusMilliseconds: Double
        var longestStatusMilliseconds: Double

        enum CodingKeys: String, CodingKey {
            case unitsPerSecond = "units_per_second"
            case statusMilliseconds = "status_milliseconds"
            case longestStatusMilliseconds = "longest_status_milliseconds"
        }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = Array(0..<max(1, units / 1000))
        configuration.similarity.prompts = (0..<1000).map { "prompt \($0)" }
        var options = TrainingBenchmark.options(workers: 1)
        options.programArguments = ["load-worker", "--sessions", "\(sessions)"]
        let server = try RunServer(
            inputs: RunInputs(synthetic: configuration, activations: nil),
            folder: RunFolder(folder), options: options)
        try await server.open()
        guard let endpoint = await server.endpoints?.status else { return }
        _ = try await server.startWorkers()
        let watching = Task.detached { () -> [Double] in
            var latencies: [Double] = []
            while !Task.isCancelled {
                let asked = ContinuousClock.now
                _ = try? Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .seconds(10))
                latencies.append((ContinuousClock.now - asked) / .milliseconds(1))
                try? await Task.sleep(for: .milliseconds(50))
            }
            return latencies
        }
        let outcome = await server.run()
        let status = await server.status()
        watching.cancel()
        let latencies = await watching.value.dropLast().sorted()
        await server.close()
        guard outcome == .done, let stage = status.stages.first else {
            throw BenchmarkFailure(description: "the run ended with \(outcome)")
        }
        Terminal.output.writeLine(
            "\(stage.unitsTotal) units by \(status.workers.count) workers: "
                + "\(Quantities.rate(Double(stage.unitsTotal) / stage.seconds, of: "units")), coordinator "
                + "\(Quantities.bytes(Self.residentPeak)) at most; \(latencies.count) status queries, median "
                + String(format: "%.1f ms, longest %.1f ms", latencies[latencies.count / 2], latencies.last ?? 0)
                + "; \(status.faultCount) faults")
        try BenchmarkHistory.append(
            [
                Figures(
                    unitsPerSecond: Double(stage.unitsTotal) / stage.seconds,
                    statusMilliseconds: latencies[latencies.count / 2],
                    longestStatusMilliseconds: latencies.last ?? 0)
            ], of: "load", to: history)
    }

    /// The most memory that this process, the coordinator, has had.
    private static var residentPeak: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return UInt64(line?.split(whereSeparator: { !$0.isNumber }).first ?? "0").map { $0 << 10 } ?? 0
    }
}
