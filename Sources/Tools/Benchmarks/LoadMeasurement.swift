import ArgumentParser
import Console
import CoordinatorHost
import CoordinatorPage
import Foundation
import Messaging
import Processes
import Run
import Transport
import Wire

/// What a coordinator did under load.
struct LoadFigures: Codable {
    /// nil where nobody disturbed it.
    var attack: String?
    var unitsPerSecond: Double
    /// What an answer about the status took; nil where nobody asked.
    var statusMilliseconds: Double?
    var longestStatusMilliseconds: Double?
    /// Of this process, while the units were worked off.
    var processorSeconds: Double
    /// nil where nobody was to watch.
    var watchers: WatcherFigures?
    /// From the run's outcome to the last socket's end.
    var endingSeconds: Double
    var memoryBytes: UInt64

    enum CodingKeys: String, CodingKey {
        case attack
        case unitsPerSecond = "units_per_second"
        case statusMilliseconds = "status_milliseconds"
        case longestStatusMilliseconds = "longest_status_milliseconds"
        case processorSeconds = "processor_seconds"
        case watchers
        case endingSeconds = "ending_seconds"
        case memoryBytes = "memory_bytes"
    }
}

/// One run of ``LoadBenchmark``: this process is the coordinator, and prints its figures as JSON.
struct LoadMeasurement: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load-measurement", shouldDisplay: false)

    /// A loop looks at each of its sockets whenever one has something to say: many sessions take several processes.
    private static let sessionsPerProcess = 500

    @Option var sessions = 256
    @Option var units = 100_000
    @Option var attack: Attack?
    /// Whether workers come by an address, as those from elsewhere do.
    @Flag var listens = false
    /// Those who look at the page, and questions for the status a second, by a process of their own; where neither is
    /// given this process asks by itself.
    @Option var viewers: Int?
    @Option var queries: Int?
    /// Cores of who attacks it.
    @Option var elsewhere: [Int] = []

    func run() async throws {
        let data = try JSONEncoder().encode(try await figures())
        Terminal.output.writeLine(String(decoding: data, as: UTF8.self))
    }

    private func figures() async throws -> LoadFigures {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try RunServer(inputs: inputs, folder: RunFolder(folder), options: try options())
        try await server.open()
        guard let endpoints = await server.endpoints else { throw BenchmarkFailure(description: "no endpoints") }
        var processes: [ChildProcess] = []
        defer { for process in processes { process.send(SIGTERM) } }
        let isWatched = viewers != nil || queries != nil
        let page = try await (viewers ?? 0) > 0 ? LoadPage(of: server) : nil
        let watcherFigures = folder.appendingPathComponent("watchers.json")
        var watchers: ChildProcess?
        if (viewers ?? 0) + (queries ?? 0) > 0 {
            watchers = try ChildProcess(
                Program.file,
                [
                    "watchers", "--viewers", "\(viewers ?? 0)", "--queries", "\(queries ?? 0)", "--status",
                    endpoints.status.text, "--page", "\(page?.address.port ?? 0)", "--figures", watcherFigures.path,
                ])
            try await page?.wait(for: viewers ?? 0)
        }
        let secondsBefore = await server.status().stages.first?.seconds ?? 0
        let processorBefore = ProcessUsage.processorSeconds
        if listens {
            // Workers of one's own are believed and come by another way: these are like anybody's.
            for _ in 0..<crowds {
                processes.append(
                    try ChildProcess(Program.file, crowdArguments + ["--connect", endpoints.workers.text]))
            }
        } else {
            _ = try await server.startWorkers()
        }
        if let attack {
            processes.append(
                try Cores.start(
                    [
                        "attack", "--kind", attack.rawValue, "--workers", endpoints.workers.text, "--status",
                        endpoints.status.text,
                    ], on: elsewhere))
        }
        let watching = isWatched ? nil : Self.watch(endpoints.status)
        let outcome = await server.run()
        let processorSeconds = ProcessUsage.processorSeconds - processorBefore
        let status = await server.status()
        watching?.cancel()
        let latencies = await watching?.value.dropLast().sorted() ?? []
        watchers?.send(SIGTERM)
        watchers?.wait()
        await page?.end()
        let watched = try watchers.map { _ in
            try JSONDecoder().decode(WatcherFigures.self, from: Data(contentsOf: watcherFigures))
        }
        for process in processes.dropFirst(crowds) { process.send(SIGTERM) }
        let ended = ContinuousClock.now
        await server.close()
        let ending = (ContinuousClock.now - ended) / .seconds(1)
        guard outcome == .done, let stage = status.stages.first, isWatched || !latencies.isEmpty else {
            throw BenchmarkFailure(description: "the run ended with \(outcome)")
        }
        return LoadFigures(
            attack: attack?.rawValue, unitsPerSecond: Double(stage.unitsTotal) / (stage.seconds - secondsBefore),
            statusMilliseconds: watched?.statusMilliseconds
                ?? (latencies.isEmpty ? nil : latencies[latencies.count / 2]),
            longestStatusMilliseconds: watched?.longestStatusMilliseconds ?? latencies.last,
            processorSeconds: processorSeconds, watchers: watched, endingSeconds: ending,
            memoryBytes: ProcessUsage.residentPeak)
    }

    /// Processes that the sessions are shared among.
    private var crowds: Int { (sessions + Self.sessionsPerProcess - 1) / Self.sessionsPerProcess }

    private var crowdArguments: [String] { ["load-worker", "--sessions", "\((sessions + crowds - 1) / crowds)"] }

    private var inputs: RunInputs {
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = Array(0..<max(1, units / 1000))
        configuration.similarity.prompts = (0..<1000).map { "prompt \($0)" }
        return RunInputs(synthetic: configuration, activations: nil)
    }

    private func options() throws -> ServerOptions {
        var options = TrainingBenchmark.options(workers: listens ? 0 : crowds)
        options.programArguments = crowdArguments
        if listens { options.listen = try Endpoint("tcp://127.0.0.1:*") }
        return options
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
}
