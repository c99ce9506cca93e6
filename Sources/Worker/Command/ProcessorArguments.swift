import ArgumentParser
import Console
import Foundation
import Tensors
import WorkerEngine

/// The value of `--kernels`.
struct KernelChoice: ExpressibleByArgument {
    /// nil is auto, the best that the processor has.
    var path: KernelPath?

    init(path: KernelPath?) {
        self.path = path
    }

    init?(argument: String) {
        path = KernelPath(rawValue: argument)
        if path == nil, argument != "auto" { return nil }
    }

    var defaultValueDescription: String { path?.rawValue ?? "auto" }
    static var allValueStrings: [String] { ["auto"] + KernelPath.allCases.map(\.rawValue) }
}

extension ComputeType: ExpressibleByArgument {}

/// What to compute on.
struct ProcessorArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Device to compute on: auto or cpu.", valueName: "device"))
    var device = "auto"

    @Option(help: ArgumentHelp("Threads that compute (default: all cores).", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Instruction set of the kernels: auto or \(KernelPath.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "path"))
    var kernels = KernelChoice(path: nil)

    func validate() throws {
        guard device == "auto" || device == "cpu" else {
            if device.hasPrefix("cuda") {
                throw ValidationError("--device \(device): this version computes on the processor only; use cpu")
            }
            throw ValidationError("--device \(device): expected auto or cpu")
        }
        if let threads, !(1...CPUDevice.maximumThreads).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to \(CPUDevice.maximumThreads)")
        }
        if let path = kernels.path, !path.isSupported {
            throw ValidationError("--kernels \(path.rawValue): this processor does not have it")
        }
    }

    var processor: Processor {
        Processor(
            threads: threads ?? max(1, min(ProcessInfo.processInfo.activeProcessorCount, CPUDevice.maximumThreads)),
            kernels: kernels.path)
    }
}

/// How a model is named.
let modelHelp = "Model folder (Hugging Face layout), or the hub id of a model in the local cache."

/// The model that a tool looks at.
struct ModelArguments: ParsableArguments {
    @Option(help: ArgumentHelp(modelHelp, valueName: "dir"))
    var model: String

    @OptionGroup var processor: ProcessorArguments

    @Option(
        help: ArgumentHelp(
            "Round activations to this before they meet weights stored as bfloat16 (default: bfloat16; verify: float32).",
            valueName: "type"))
    var computeType: ComputeType?

    /// - Parameters:
    ///   - standard: the compute type where none was asked for.
    ///   - chat: whether prompts are put into the model's chat template.
    func load(standard: ComputeType = .bfloat16, chat: Bool = false) throws -> LoadedModel {
        try UsageError.checking {
            try LoadedModel(
                path: model, processor: processor.processor, computeType: computeType ?? standard, chat: chat)
        }
    }
}

enum JSONOutput {
    /// Writes a value as one JSON object on a line, keys sorted.
    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Terminal.output.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
