import ArgumentParser
import CUDADevice
import Console
import Devices
import Foundation
import ModelFolders
import Models
import ReferenceDevice
import Run

/// Whole models against their definition in plain Swift.
struct ParityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract: "Compare streams at every site, logits and greedy tokens of small models with their definition.")

    @OptionGroup var gpu: GPUArguments
    @Argument(help: ArgumentHelp("Model folders.", valueName: "dir"))
    var models: [String]

    func run() async throws {
        let device = try gpu.open()
        guard let sums = device.sums else { throw UsageError("\(device.kind): no definition to compare with") }
        let definition = ReferenceDevice(sums: sums)
        var failed = 0
        for path in models {
            for type in ComputeType.allCases {
                let folder = try ModelFolder(path: path)
                let model = try LanguageModel.load(folder, on: device, computeType: type)
                let reference = try LanguageModel.load(folder, on: definition, computeType: type)
                let (compared, off) = try Comparison(model, reference).run()
                failed += off
                Terminal.output.writeLine(
                    "\(folder.url.lastPathComponent) \(type): \(compared) values compared, \(off) differ")
            }
        }
        if failed > 0 { throw ExitCode(Program.failure) }
    }
}

private struct Comparison {
    private let model, reference: LanguageModel

    init(_ model: LanguageModel, _ reference: LanguageModel) {
        self.model = model
        self.reference = reference
    }

    /// Prompts of mixed lengths in one batch, then some tokens of each, against each read alone; with injections.
    func run() throws -> (compared: Int, off: Int) {
        var (compared, off) = (0, 0)
        func compare(_ found: [Float], _ expected: [Float]) {
            compared += expected.count
            off += zip(found, expected).filter { $0.bitPattern != $1.bitPattern }.count
            off += abs(found.count - expected.count)
        }
        let prompts = prompts()
        let together = try prompts.map { try step(model, $0) }
        var found = try model.step(together)
        let alone = try prompts.map { try step(reference, $0) }
        var expected = try alone.map { try reference.step([$0])[0] }
        for _ in 0..<4 {
            for (found, expected) in zip(found, expected) {
                for (a, b) in zip(found.activations, expected.activations) { compare(a, b) }
                compare(found.finalNorm, expected.finalNorm)
                compare(found.logits, expected.logits)
            }
            let tokens = expected.map { output in
                Int32(output.logits.indices.max { output.logits[$0] < output.logits[$1] } ?? 0)
            }
            func next(_ steps: [SequenceStep]) -> [SequenceStep] {
                zip(steps, tokens).map { step, token in
                    SequenceStep(
                        cache: step.cache, tokens: [token], readings: step.readings, head: .logits,
                        readsFinalNorm: true)
                }
            }
            found = try model.step(next(together))
            expected = try next(alone).map { try reference.step([$0])[0] }
        }
        return (compared, off)
    }

    private func prompts() -> [[Int32]] {
        let shape = model.configuration
        return [1, 2, 13, 40, min(90, shape.maximumPositions - 8)].map { length in
            var random = NamedGenerator(seed: 3, purpose: "prompt", key: "\(length)")
            return (0..<length).map { _ in Int32(random.index(below: shape.vocabularySize)) }
        }
    }

    private func step(_ model: LanguageModel, _ tokens: [Int32]) throws -> SequenceStep {
        let (blocks, hidden) = (model.configuration.blockCount, model.configuration.hiddenSize)
        let injections = Set([blocks / 2, blocks * 3 / 4]).sorted().map { blocks in
            Injection(
                site: ActivationSite(afterBlocks: blocks), operation: .mean,
                vector: (0..<hidden).map { Float(($0 + blocks) % 7) / 4 - 0.5 })
        }
        return SequenceStep(
            cache: try model.makeCache(), tokens: tokens, injections: tokens.count % 2 == 0 ? injections : [],
            readings: (0...blocks).map { ActivationSite(afterBlocks: $0) }, head: .logits, readsFinalNorm: true)
    }
}
