import ArgumentParser
import Backends
import Console
import Devices
import Foundation
import PlainText
import Run
import WorkerEngine

extension ComputeType: ExpressibleByArgument {}

/// What to compute on.
struct DeviceArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Device to compute on: auto (a GPU that can be used, else the processor), auto:N (the same where several \
            workers share a machine: they take its GPUs in turn), cpu, reference, or cuda:N (see 'worker devices').
            """, valueName: "device"))
    var device = "auto"

    @Option(help: ArgumentHelp("Threads that compute (default: all cores).", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            """
            Instruction set of the processor's kernels: portable, avx2, avx512 or avx512bf16; auto takes what is \
            fastest at each.
            """, valueName: "path"))
    var kernels = "auto"

    @OptionGroup var gpu: GPUArguments

    func validate() throws {
        do {
            try Backends.check(request)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private var request: DeviceRequest {
        DeviceRequest(
            device: device, threads: threads, kernels: kernels == "auto" ? nil : kernels,
            cudaLibraries: gpu.cudaLibraries, allowsUnproven: gpu.allowUnprovenDevice)
    }

    /// Makes the device: once in a process.
    func open() throws -> any Device {
        try UsageError.checkingDevice {
            try Backends.open(request) { device, why in
                Terminal.error.writeLine("note: \(device) is not used: \(PrintableText.oneLine("\(why)"))")
            }
        }
    }
}

extension UsageError {
    /// The same as ``checking(_:)`` for what uses a device: that it fails meanwhile is no error of usage.
    fileprivate static func checkingDevice<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DeviceError where !error.isOfRequest {
            throw error
        } catch {
            return try checking { throw error }
        }
    }
}

/// Where the GPUs' libraries are, and which GPUs may be used.
struct GPUArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of libcuda.so.1 and libnvrtc.so, where they are not found by themselves.", valueName: "dir"))
    var cudaLibraries: String?

    @Flag(
        help: """
            Use a GPU whose sums are of no kind that is known, as a kind of its own: its results can be repeated on such \
            a GPU alone.
            """)
    var allowUnprovenDevice = false
}

/// How a model is named.
let modelHelp = "Model folder (Hugging Face layout), or the hub id of a model in the local cache."

/// The model that a tool looks at.
struct ModelArguments: ParsableArguments {
    @Option(help: ArgumentHelp(modelHelp, valueName: "dir"), completion: .directory)
    var model: String

    @OptionGroup var device: DeviceArguments
    @OptionGroup var fields: ConfigurationFieldArguments

    @Option(
        help: ArgumentHelp(
            "Round activations to this before they meet weights stored as bfloat16 (default: bfloat16; verify: float32).",
            valueName: "type"))
    var computeType: ComputeType?

    /// - Parameters:
    ///   - standard: the compute type where none was asked for.
    ///   - chat: whether prompts are put into the model's chat template.
    ///   - template: what that template is told.
    func load(
        standard: ComputeType = .bfloat16, chat: Bool = false, template: TemplateArguments? = nil,
        thinkEnd: String? = nil
    ) throws -> LoadedModel {
        try UsageError.checkingDevice {
            var settings = ReadingSettings(thinkEnd: thinkEnd, ignoredConfigFields: fields.names)
            try template?.apply(to: &settings)
            let loaded = try LoadedModel(
                path: model, on: try device.open(), computeType: computeType ?? standard, chat: chat,
                settings: settings)
            for remark in loaded.remarks { Terminal.error.writeLine("note: \(loaded.folder.url.path): \(remark)") }
            return loaded
        }
    }
}

enum JSONOutput {
    /// Writes a value as one JSON object on a line, keys sorted.
    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Terminal.output.writeData(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }
}
