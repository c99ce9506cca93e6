import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import PlainText
import Run
import Storage

/// W at the size of a real pair, on synthetic activations, by a coordinator and worker processes.
struct TrainingBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Trains W on synthetic activations: seconds an epoch and bytes a step, with 1 and 4 workers.")

    @Option(help: ArgumentHelp("Workers of each run.", valueName: "n"))
    var workers = [1, 4]

    @Option(help: ArgumentHelp("Epochs of each run.", valueName: "n"))
    var epochs = 2

    @Option(help: ArgumentHelp("Texts.", valueName: "n"))
    var rows = 3072

    @Option(help: ArgumentHelp("Width of A.", valueName: "n"))
    var dimensionA = 3072

    @Option(help: ArgumentHelp("Width of B.", valueName: "n"))
    var dimensionB = 4096

    @Option(help: ArgumentHelp("Texts of a shard; a step has 32.", valueName: "n"))
    var shardRows = 8

    @Option(help: "How W is trained.")
    var training = TrainingMode.averaged

    @Option(help: "How gradients travel.")
    var gradients = GradientForm.auto

    @Option(help: "How W gets to the workers.")
    var weights = WeightTravel.auto

    @Option(help: ArgumentHelp("text, or json: one object with a line for each number of workers.", valueName: "form"))
    var format = "text"

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    func validate() throws {
        guard ["text", "json"].contains(format) else { throw ValidationError("--format is text or json") }
        guard workers.allSatisfy({ $0 > 0 }), !workers.isEmpty, epochs > 0, rows > 0, shardRows > 0, dimensionA > 0,
            dimensionB > 0
        else { throw ValidationError("workers, epochs, rows and widths are at least 1") }
    }

    func run() async throws {
        let activations = ActivationStore([
            .a(0): Self.activations(rows, dimensionA, seed: 1), .b(0): Self.activations(rows, dimensionB, seed: 2),
        ])
        var table = Table([
            .init("workers", .trailing), .init("seconds an epoch", .trailing), .init("first epoch", .trailing),
            .init("bytes a step", .trailing), .init("first epoch", .trailing), .init("W"),
        ])
        var lines: [Line] = []
        for count in workers {
            let figures = try await measure(workers: count, activations)
            lines.append(
                Line(
                    workers: count, secondsPerEpoch: figures.epoch, secondsOfFirstEpoch: figures.first,
                    bytesPerStep: figures.bytes, bytesPerStepOfFirstEpoch: figures.firstBytes, digest: figures.digest))
            table.add([
                "\(count)", String(format: "%.2f", figures.epoch), String(format: "%.2f", figures.first),
                Quantities.bytes(UInt64(figures.bytes)), Quantities.bytes(UInt64(figures.firstBytes)),
                String(figures.digest.prefix(12)),
            ])
        }
        try BenchmarkHistory.append(lines, of: "training", to: history)
        guard format == "text" else {
            let report = Report(
                dimensionA: dimensionA, dimensionB: dimensionB, rows: rows, epochs: epochs, shardRows: shardRows,
                training: training.rawValue, gradients: gradients.rawValue, weights: weights.rawValue, lines: lines)
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = .sortedKeys
            Terminal.output.writeLine(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        Terminal.output.writeLine(
            "W \(dimensionA) → \(dimensionB), \(rows) texts, 32 a step, \(training.rawValue), "
                + "gradients \(gradients.rawValue), W \(weights.rawValue)")
        Terminal.output.writeLine(table.text)
    }

    /// What ``run()`` found, for other programs.
    private struct Report: Encodable {
        var dimensionA: Int
        var dimensionB: Int
        var rows: Int
        var epochs: Int
        var shardRows: Int
        var training: String
        var gradients: String
        var weights: String
        var lines: [Line]
    }

    private struct Line: Encodable {
        var workers: Int
        var secondsPerEpoch: Double
        var secondsOfFirstEpoch: Double
        var bytesPerStep: Double
        var bytesPerStepOfFirstEpoch: Double
        var digest: String
    }

    private struct Figures {
        /// Seconds of an epoch, the first left out where there are others.
        var epoch = 0.0
        var first = 0.0
        /// Bytes of a step, all workers together: of all epochs but the first where there are others, and of the first,
        /// in which the activations are handed out.
        var bytes = 0.0
        var firstBytes = 0.0
        var digest = ""
    }

    /// The end of the first epoch, or the moment after it at which it was noticed.
    private struct Moment {
        var time: ContinuousClock.Instant
        var steps: Int
        /// On the wire since the start.
        var bytes: Double
    }

    private func measure(workers: Int, _ activations: ActivationStore) async throws -> Figures {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.projection])
        configuration.training.rows = rows
        configuration.training.epochs = epochs
        configuration.training.shardRows = shardRows
        let server = try RunServer(
            inputs: RunInputs(synthetic: configuration, activations: activations),
            folder: RunFolder(folder),
            options: Self.options(
                workers: workers, travel: LiveRun.Travel(training: training, gradients: gradients, weights: weights)))
        try await server.open()
        _ = try await server.startWorkers()
        let steps = TrainingSchedule(
            textCount: rows, epochs: epochs, batch: 32, shardTexts: shardRows, seed: 1)
        let isByOutputs = training == .byOutputs
        let watching = Task { () -> (began: ContinuousClock.Instant?, first: Moment?) in
            var (began, first): (ContinuousClock.Instant?, Moment?)
            while !Task.isCancelled, first == nil {
                let status = await server.status()
                let done = status.stages.first?.unitsDone ?? 0
                // By outputs no epoch is over before the last one is: their mean is taken, from the first grant on.
                let hasBegun = isByOutputs ? status.workers.contains { $0.leases > 0 } : done > 0
                if hasBegun, began == nil { began = .now }
                if !isByOutputs, done >= steps.stepsPerEpoch {
                    first = Moment(time: .now, steps: done, bytes: (status.trainingBytesPerStep ?? 0) * Double(done))
                }
                try? await Task.sleep(for: .milliseconds(2))
            }
            return (began, first)
        }
        let outcome = await server.run()
        let ended = ContinuousClock.now
        let status = await server.status()
        watching.cancel()
        let times = await watching.value
        await server.close()
        guard outcome == .done else { throw BenchmarkFailure(description: "the training ended with \(outcome)") }
        var figures = Figures()
        figures.bytes = status.trainingBytesPerStep ?? 0
        figures.firstBytes = figures.bytes
        if isByOutputs, let began = times.began {
            figures.epoch = (ended - began) / .seconds(1) / Double(epochs)
            figures.first = figures.epoch
        } else if let began = times.began, let first = times.first {
            figures.first = (first.time - began) / .seconds(1)
            figures.epoch = figures.first
            if epochs > 1, steps.steps > first.steps {
                let rest = Double(steps.steps - first.steps)
                figures.epoch = (ended - first.time) / .seconds(1) / rest * Double(steps.stepsPerEpoch)
                figures.firstBytes = first.bytes / Double(first.steps)
                figures.bytes = (figures.bytes * Double(steps.steps) - first.bytes) / rest
            }
        }
        let name = RunFiles.projection(dimensionA: dimensionA, dimensionB: dimensionB, channel: Channel(k: 0, j: 0))
        let file = RunFolder(folder).url(of: name)
        figures.digest = try ContentHasher.digest(ofFileAt: file).hex
        return figures
    }

    static func options(workers: Int, travel: LiveRun.Travel = LiveRun.Travel()) -> ServerOptions {
        var options = ServerOptions(program: Program.file)
        options.programArguments = ["synthetic-worker"]
        options.workers = .count(workers)
        options.status = "tcp://127.0.0.1:*"
        options.travel = travel
        return options
    }

    /// Values of a transformer's order of magnitude, quickly drawn.
    private static func activations(_ rows: Int, _ columns: Int, seed: UInt64) -> FloatMatrix {
        var generator = NamedGenerator(seed: seed, purpose: "benchmark")
        return FloatMatrix(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { _ in Float(generator.uniform() - 0.5) })
    }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
}

extension GradientForm: ExpressibleByArgument {}
extension TrainingMode: ExpressibleByArgument {}
extension WeightTravel: ExpressibleByArgument {}
