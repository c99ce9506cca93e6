import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Messaging
import PlainText
import Run
import Transport
import Wire

/// A coordinator with very many workers and very small units, undisturbed or attacked.
struct LoadBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Units a second of a coordinator with 256 workers that answer at once.",
        discussion: """
            With --attack the same is measured while another process does to the coordinator what anybody may who can \
            connect, after a run that nobody disturbs: the workers come by an address of this machine then.
            """)

    @Option(help: ArgumentHelp("Worker sessions, in one other process, a socket each.", valueName: "n"))
    var sessions = 256

    @Option(help: ArgumentHelp("Units, a multiple of 1,000.", valueName: "n"))
    var units = 100_000

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Attacks: \(Attack.allCases.map(\.rawValue).joined(separator: ", ")), or all.", valueName: "name"))
    var attack: [String] = []

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    private struct Figures: Encodable {
        var attack: String?
        var unitsPerSecond: Double
        var statusMilliseconds: Double
        var longestStatusMilliseconds: Double
        var memoryBytes: UInt64

        enum CodingKeys: String, CodingKey {
            case attack
            case unitsPerSecond = "units_per_second"
            case statusMilliseconds = "status_milliseconds"
            case longestStatusMilliseconds = "longest_status_milliseconds"
            case memoryBytes = "memory_bytes"
        }
    }

    func validate() throws {
        guard sessions > 0, units > 0 else { throw ValidationError("sessions and units are at least 1") }
        for name in attack where name != "all" && Attack(rawValue: name) == nil {
            throw ValidationError("--attack \(name): expected all or one of \(Attack.allCases.map(\.rawValue))")
        }
    }

    func run() async throws {
        let attacks = attack.contains("all") ? Attack.allCases : attack.compactMap(Attack.init)
        var lines = [try await measure(nil, listens: !attacks.isEmpty)]
        for attack in attacks { lines.append(try await measure(attack, listens: true)) }
        var table = Table([
            .init("attack"), .init("units/s", .trailing), .init("share", .trailing), .init("memory", .trailing),
            .init("status, median", .trailing), .init("longest", .trailing),
        ])
        for line in lines {
            table.add([
                line.attack ?? "none", Quantities.count(Int(line.unitsPerSecond)),
                "\(Int(100 * line.unitsPerSecond / lines[0].unitsPerSecond)) %", Quantities.bytes(line.memoryBytes),
                "\(Quantities.fixed(line.statusMilliseconds, digits: 1)) ms",
                "\(Quantities.fixed(line.longestStatusMilliseconds, digits: 1)) ms",
            ])
        }
        Terminal.output.writeLine(table.text)
        try BenchmarkHistory.append(lines, of: "load", to: history)
    }

    private func measure(_ attack: Attack?, listens: Bool) async throws -> Figures {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        Self.forgetPeak()
        let server = try RunServer(inputs: inputs, folder: RunFolder(folder), options: try options(listens: listens))
        try await server.open()
        guard let endpoints = await server.endpoints else { throw BenchmarkFailure(description: "no endpoints") }
        var processes: [Process] = []
        defer { for process in processes { process.terminate() } }
        if listens {
            // Workers of one's own are believed and come by another way: these are like anybody's.
            processes.append(
                try Self.start(["load-worker", "--sessions", "\(sessions)", "--connect", endpoints.workers.text]))
        } else {
            _ = try await server.startWorkers()
        }
        if let attack {
            processes.append(
                try Self.start([
                    "attack", "--kind", attack.rawValue, "--workers", endpoints.workers.text, "--status",
                    endpoints.status.text,
                ]))
        }
        let watching = Self.watch(endpoints.status)
        let outcome = await server.run()
        let status = await server.status()
        watching.cancel()
        let latencies = await watching.value.dropLast().sorted()
        for process in processes.dropFirst() { process.terminate() }
        await server.close()
        guard outcome == .done, let stage = status.stages.first, !latencies.isEmpty else {
            throw BenchmarkFailure(description: "the run ended with \(outcome)")
        }
        return Figures(
            attack: attack?.rawValue, unitsPerSecond: Double(stage.unitsTotal) / stage.seconds,
            statusMilliseconds: latencies[latencies.count / 2], longestStatusMilliseconds: latencies.last ?? 0,
            memoryBytes: Self.residentPeak)
    }

    private var inputs: RunInputs {
        get throws {
            var configuration = RunConfiguration(
                modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
            configuration.similarity.layers = Array(0..<max(1, units / 1000))
            configuration.similarity.prompts = (0..<1000).map { "prompt \($0)" }
            return try RunInputs(synthetic: configuration, activations: nil)
        }
    }

    private func options(listens: Bool) throws -> ServerOptions {
        var options = TrainingBenchmark.options(workers: listens ? 0 : 1)
        options.programArguments = ["load-worker", "--sessions", "\(sessions)"]
        if listens { options.listen = try Endpoint("tcp://127.0.0.1:*") }
        return options
    }

    private static func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Milliseconds that each question for the status took, one every 50 ms.
    private static func watch(_ endpoint: Endpoint) -> Task<[Double], Never> {
        Task.detached {
            var latencies: [Double] = []
            while !Task.isCancelled {
                let asked = ContinuousClock.now
                _ = try? Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .seconds(10))
                latencies.append((ContinuousClock.now - asked) / .milliseconds(1))
                try? await Task.sleep(for: .milliseconds(50))
            }
            return latencies
        }
    }

    // MARK: Memory

    /// The most memory that this process, the coordinator, has had since ``forgetPeak()``.
    private static var residentPeak: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return UInt64(line?.split(whereSeparator: { !$0.isNumber }).first ?? "0").map { $0 << 10 } ?? 0
    }

    private static func forgetPeak() {
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }
}
