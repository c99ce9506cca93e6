import Console
import CoordinatorHost
import Foundation
import PlainText
import Processes
import Run

/// `coordinator run --dry-run`: what the run would do, how much memory and time that takes, and then nothing.
struct DryRun {
    let inputs: RunInputs
    let options: ServerOptions

    /// Measures this machine's speed with both models, as many workers at once as the run would have.
    func show() async throws {
        let estimate = try RunEstimate(inputs, travel: options.travel)
        Terminal.output.writeLine(Self.table(of: estimate).text(width: Terminal.output.width))
        let count = options.localWorkers(for: inputs)
        let workers = max(1, count)
        let memory = estimate.workerMemory
        let parts = [("weights", memory.weights), ("caches", memory.caches), ("training", memory.training)]
        say(
            "memory of each worker: \(Quantities.bytes(memory.total)) ("
                + parts.map { "\($0.0) \(Quantities.bytes($0.1))" }.joined(separator: ", ") + ")")
        say("memory of the coordinator, besides: \(Quantities.bytes(estimate.coordinatorBytes))")
        say("files: \(Quantities.bytes(estimate.fileBytes))")
        say(Self.travel(of: estimate, localWorkers: count))
        Terminal.error.writeLine("measuring…")
        let configuration = inputs.configuration
        let ignored = configuration.reading.ignoredConfigFields
        let speedOfA = try SpeedMeasurement(configuration.modelA, ignored, workers: workers, options).result()
        let speedOfB = try SpeedMeasurement(configuration.modelB, ignored, workers: workers, options).result()
        let step =
            inputs.schedule == nil || inputs.plan.trainedChannels.isEmpty
            ? 0 : try await TrainingMeasurement(inputs, options, workers: workers).secondsOfStep()
        let times = estimate.seconds(workers: workers, a: speedOfA, b: speedOfB, secondsOfStep: step)
        let longest = times.reduce(0) { $0 + $1.seconds }
        let stages = times.map { "\($0.stage.rawValue) \(Quantities.duration(seconds: $0.seconds))" }
        let time =
            "time: at most about \(Quantities.duration(seconds: longest)) "
            + (count == 0
                ? "with one worker like this machine" : "with \(count) local worker\(count == 1 ? "" : "s")")
            + " (\(stages.joined(separator: ", "))); answers that end early take less"
        say(time)
    }

    private func say(_ text: String) {
        for line in PrintableText.wrapped(text, to: Terminal.output.width) { Terminal.output.writeLine(line) }
    }

    /// What goes over the network, which is nothing where all workers are on this machine.
    private static func travel(of estimate: RunEstimate, localWorkers: Int) -> String {
        func text(_ workers: Int) -> String {
            let travel = estimate.travel(workers: workers)
            let bytes = travel.reduce(0) { $0 + $1.down + $1.up }
            let stages = travel.filter { $0.down + $0.up > 0 }.map {
                "\($0.stage.rawValue) \(Quantities.bytes(UInt64($0.down + $0.up)))"
            }
            return "\(workers) worker\(workers == 1 ? "" : "s") \(Quantities.bytes(UInt64(bytes)))"
                + (workers == 1 ? "" : ", \(Quantities.bytes(UInt64(bytes / workers))) each")
                + " (\(stages.joined(separator: ", ")))"
        }
        guard localWorkers == 0 else {
            return "over the network: nothing; were the workers elsewhere, at most about: \(text(localWorkers))"
        }
        return "over the network, at most about: " + [1, 4, 16].map(text).joined(separator: "; ")
    }

    private static func table(of estimate: RunEstimate) -> Table {
        var table = Table([
            .init("stage"), .init("units", .trailing), .init("passes of A", .trailing), .init("of B", .trailing),
            .init("tokens read", .trailing), .init("written at most", .trailing), .init("steps", .trailing),
        ])
        for stage in estimate.stages {
            let isTraining = stage.steps > 0
            table.add(
                [stage.stage.rawValue, isTraining ? "" : Quantities.count(stage.units)]
                    + [
                        stage.a.passes, stage.b.passes, Int(stage.a.tokens + stage.b.tokens),
                        stage.a.newTokens + stage.b.newTokens, stage.steps,
                    ].map { $0 == 0 ? "" : Quantities.count($0) })
        }
        return table
    }
}

/// A model's speed on this machine, as `worker bench` measures it in as many processes at once as a run would have.
private struct SpeedMeasurement {
    private let processes: [ChildProcess]

    private struct Line: Decodable {
        let test: String
        let tokensPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case test
            case tokensPerSecond = "tokens_per_second"
        }
    }

    /// - Parameter ignored: fields of the model's config.json that are passed over.
    init(_ model: String, _ ignored: [String], workers: Int, _ options: ServerOptions) throws {
        let threads = options.threadsPerWorker(of: workers)
        processes = try (0..<workers).map { _ in
            try ChildProcess(
                options.program,
                options.programArguments + [
                    "bench", "--model", model, "--prompt-tokens", "32", "--new-tokens", "8", "--repetitions", "1",
                    "--format", "json", "--threads", String(threads),
                ] + ignored.map { "--ignore-config-field=\($0)" },
                output: .pipe)
        }
    }

    /// The mean of all processes.
    func result() throws -> ModelSpeed {
        var sums = (reading: 0.0, writing: 0.0)
        for process in processes {
            let data = try process.output?.readToEnd() ?? Data()
            let ending = process.wait()
            let lines = data.split(separator: UInt8(ascii: "\n")).compactMap {
                try? JSONDecoder().decode(Line.self, from: $0)
            }
            guard ending == .exitCode(0), let reading = lines.first(where: { $0.test.hasPrefix("pp") }),
                let writing = lines.first(where: { $0.test.hasPrefix("tg") })
            else { throw MeasurementFailure(ending: ending) }
            sums.reading += reading.tokensPerSecond
            sums.writing += writing.tokensPerSecond
        }
        let count = Double(max(1, processes.count))
        return ModelSpeed(reading: sums.reading / count, writing: sums.writing / count)
    }
}

private struct MeasurementFailure: Error, CustomStringConvertible {
    let ending: ChildProcess.Ending

    var description: String {
        "the worker program could not measure the models' speed (it \(ending))"
    }
}
