import ArgumentParser
import Console
import Foundation
import Tensors
import WorkerEngine

extension KernelPath: ExpressibleByArgument {}

/// What to compute on.
struct ProcessorArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Device to compute on: auto or cpu.", valueName: "device"))
    var device = "auto"

    @Option(help: ArgumentHelp("Threads that compute (default: all cores).", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp("Instruction set of the kernels (default: the best this processor has).", valueName: "path"))
    var kernels: KernelPath?

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
        if let kernels, !kernels.isSupported {
            throw ValidationError("--kernels \(kernels.rawValue): this processor does not have it")
        }
    }

    var processor: Processor {
        Processor(
            threads: threads ?? max(1, min(ProcessInfo.processInfo.activeProcessorCount, CPUDevice.maximumThreads)),
            kernels: kernels)
    }
}

/// How a model is named.
let modelHelp = "Model folder (Hugging Face layout), or the hub id of a model in the local cache."

/// The model that a tool looks at.
struct ModelArguments: ParsableArguments {
    @Option(help: ArgumentHelp(modelHelp, valueName: "dir"))
    var model: String

    @OptionGroup var processor: ProcessorArguments

    func load() throws -> LoadedModel {
        try UsageError.checking { try LoadedModel(path: model, processor: processor.processor) }
    }
}

enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

enum JSONOutput {
    /// Writes a value as one JSON object on a line, keys sorted.
    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Terminal.output.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
