import ArgumentParser
import CUDADevice
import Console
import Devices
import Foundation
import ModelFolders
import Models
import Run

/// The speed of whole models of random weights: loading, reading prompts, writing answers.
struct SpeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed", abstract: "Measure whole models of the shapes of Llama 3.1 8B and 3.2 3B.")

    @OptionGroup var gpu: GPUArguments

    @Option(help: ArgumentHelp("Folder to write a model of random weights to, 16 GB.", valueName: "dir"))
    var scratch = "/dev/shm/gpu-check"

    @Option(help: ArgumentHelp("Rows of a pass.", valueName: "n"))
    var rows = 2048

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Measure the writing of so many sequences together, and no reading.", valueName: "n"))
    var write: [Int] = []

    @Option(help: ArgumentHelp("Measure the model of this shape alone: 8B or 3B.", valueName: "name"))
    var shape: String?

    @Flag(help: "Small models, to see that it runs.")
    var small = false

    func run() async throws {
        let shapes = small ? [RandomShape.tiny] : [.llama8B, .llama3B].filter { [nil, $0.name].contains(shape) }
        guard !shapes.isEmpty else { throw UsageError("--shape: 8B or 3B, not '\(shape ?? "")'") }
        let device = try gpu.open()
        for shape in shapes { try measure(shape, device) }
    }

    private func measure(_ shape: RandomShape, _ device: CUDADevice) throws {
        var start = ContinuousClock.now
        let folder = try shape.write(to: URL(fileURLWithPath: scratch))
        defer { try? FileManager.default.removeItem(at: folder.url) }
        Terminal.output.writeLine("\(shape.name): written in \(text(start)) s")
        start = .now
        let model = try LanguageModel.load(folder, on: device, computeType: .bfloat16, rowLimit: rows)
        Terminal.output.writeLine("\(shape.name): loaded in \(text(start)) s")
        for (count, length) in !write.isEmpty ? [] : small ? [(2, 20)] : [(1, 512), (4, 512), (64, 115), (256, 115)] {
            let prompts = (0..<count).map { prompt($0, length, shape) }
            func read() throws {
                let caches = try prompts.map { _ in try model.makeCache(for: .own) }
                _ = try model.step(
                    zip(caches, prompts).map {
                        SequenceStep(cache: $0, tokens: $1, readings: [ActivationSite(afterBlocks: shape.blocks)])
                    })
            }
            try read()
            start = .now
            try read()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let flops = 2 * Double(shape.blockWeights * shape.blocks) * Double(count * length)
            report(
                shape, "read \(count) × \(length)", count * length, seconds, "\(Int(flops / seconds / 1e12)) TFLOP/s")
        }
        if write.isEmpty { try score(model, shape, small ? 2 : 64) }
        for count in !write.isEmpty ? write : small ? [2] : [1, 4, 8, 16, 32, 64] { try decode(model, shape, count) }
    }

    /// Continuations of four tokens, how likely each of them is.
    private func score(_ model: LanguageModel, _ shape: RandomShape, _ count: Int) throws {
        let prompts = (0..<count).map { prompt($0, small ? 9 : 128, shape) }
        let caches = try prompts.map { _ in try model.makeCache() }
        _ = try model.step(zip(caches, prompts).map { SequenceStep(cache: $0, tokens: $1) })
        let tokens = (0..<count).map { prompt(count + $0, 5, shape) }
        func read() throws {
            let steps = try zip(caches, tokens).map { cache, tokens in
                SequenceStep(
                    cache: try cache.fork(keeping: cache.length, for: .own), tokens: tokens.dropLast(),
                    head: .logProbabilities(of: tokens.dropFirst().map { [$0] }))
            }
            _ = try model.step(steps)
        }
        try read()
        let start = ContinuousClock.now
        try read()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        report(shape, "score \(count) × 4", count * 4, seconds, "after \(prompts[0].count) tokens each")
    }

    private func decode(_ model: LanguageModel, _ shape: RandomShape, _ count: Int) throws {
        var steps = try (0..<count).map {
            SequenceStep(
                cache: try model.makeCache(for: .own), tokens: prompt($0, small ? 9 : 128, shape), head: .greedyToken)
        }
        func next() throws {
            for (index, output) in try model.step(steps).enumerated() {
                steps[index].tokens = [output.greedyToken ?? 0]
            }
        }
        for _ in 0..<3 { try next() }
        let tokens = small ? 2 : 48
        let start = ContinuousClock.now
        for _ in 0..<tokens { try next() }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let bytes = 2 * Double(shape.blockWeights * shape.blocks + shape.vocabulary * shape.hidden) * Double(tokens)
        report(
            shape, "write \(count) × \(tokens)", count * tokens, seconds,
            "weights at \(Int(bytes / seconds / 1e9)) GB/s")
    }

    private func report(_ shape: RandomShape, _ what: String, _ tokens: Int, _ seconds: Double, _ more: String) {
        Terminal.output.writeLine(
            "\(shape.name): \(what): \(String(format: "%.0f tokens/s, %.2f ms", Double(tokens) / seconds, seconds * 1e3)), \(more)"
        )
    }

    private func prompt(_ number: Int, _ length: Int, _ shape: RandomShape) -> [Int32] {
        var random = NamedGenerator(seed: 5, purpose: "prompt", key: "\(number)")
        return (0..<length).map { _ in Int32(random.index(below: shape.vocabulary)) }
    }
}
