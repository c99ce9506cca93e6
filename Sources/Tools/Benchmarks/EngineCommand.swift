import ArgumentParser
import Backends
import Console
import Devices
import Foundation
import ModelFolders
import Models
import PlainText
import Run
import WorkerHost

struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Measure how fast models read prompts and write answers.",
        discussion: """
            Models of two shapes with random weights: M is Llama 3.2 1B's (bfloat16), S has 15 million parameters \
            (float32, and bfloat16). The wall-clock rates mean something on an otherwise idle machine only; tokens a \
            second of processor time bear some company. Appends one line to Benchmarks/history.jsonl.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case md
        case json
    }

    @Option(help: ArgumentHelp("Models to measure: M, S or both.", valueName: "list"))
    var models = "M,S"

    @Option(help: ArgumentHelp("Tests to run: prefill, decode or both.", valueName: "list"))
    var tests = "prefill,decode"

    @Option(help: ArgumentHelp("Threads that compute (default: all cores).", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Instruction set of the kernels (default: the best).", valueName: "path"))
    var kernels: String = "auto"

    @Option(help: ArgumentHelp("Runs of each test, after one to warm up.", valueName: "n"))
    var repetitions = 5

    @Option(help: ArgumentHelp("Folder for the models, kept (default: a temporary one).", valueName: "dir"))
    var folder: String?

    @Option(help: "md or json.")
    var format = Format.md

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    private var chosen: [String] { Self.names(in: models) }
    private var chosenTests: [String] { Self.names(in: tests) }

    private static func names(in list: String) -> [String] {
        list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    func validate() throws {
        guard !chosen.isEmpty, chosen.allSatisfy(["M", "S"].contains) else {
            throw ValidationError("--models \(models): expected M, S or M,S")
        }
        guard !chosenTests.isEmpty, chosenTests.allSatisfy(["prefill", "decode"].contains) else {
            throw ValidationError("--tests \(tests): expected prefill, decode or prefill,decode")
        }
        guard (1...1000).contains(repetitions) else { throw ValidationError("--repetitions: expected 1 to 1000") }
        do {
            try Backends.check(request)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private var request: DeviceRequest {
        DeviceRequest(device: "cpu", threads: threads, kernels: kernels)
    }

    func run() async throws {
        let place =
            folder.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("benchmarks-\(UUID().uuidString)")
        defer { if folder == nil { try? FileManager.default.removeItem(at: place) } }
        let device = try Backends.open(request)
        Terminal.error.writeLine("measuring the machine's limits on \(device.threads) threads")
        let limits = MachineLimits(threads: device.threads)
        var lines: [EngineReport.Line] = []
        if chosen.contains("S") {
            lines += try measure(.s(.float32), on: device, in: place, limits)
            lines += try measure(.s(.bfloat16), on: device, in: place, limits)
        }
        if chosen.contains("M") { lines += try measure(.m, on: device, in: place, limits) }
        let report = EngineReport(limits: limits, lines: lines)
        switch format {
        case .md: Terminal.output.writeLine(report.markdown)
        case .json: Terminal.output.writeLine(try report.json())
        }
        try report.append(to: history)
    }

    private func measure(
        _ shape: BenchmarkModel, on device: any Device, in place: URL, _ limits: MachineLimits
    ) throws -> [EngineReport.Line] {
        let folder = try shape.folder(in: place)
        let start = ContinuousClock.now
        let model = try LanguageModel.load(
            try ModelFolder(path: folder.path), on: device, computeType: .bfloat16)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        Terminal.error.writeLine(
            "\(shape.name) \(shape.storage.rawValue): loaded in \(Quantities.fixed(seconds, digits: 2)) s, "
                + "\((ProcessMemory.resident ?? 0) >> 20) MiB resident")
        var measurement = EngineMeasurement(model: model, shape: shape, limits: limits, repetitions: repetitions)
        if chosenTests.contains("prefill") {
            measurement.prefill(prompts: 1, length: 512)
            if shape.name == "M" {
                measurement.prefill(prompts: 1, length: 128)
                measurement.prefill(prompts: 8, length: 128)
            }
        }
        if chosenTests.contains("decode") {
            measurement.decode(sequences: 1, tokens: shape.name == "M" ? 24 : 128)
            measurement.decode(sequences: 8, tokens: shape.name == "M" ? 16 : 64)
        }
        return try measurement.lines.get()
    }
}
