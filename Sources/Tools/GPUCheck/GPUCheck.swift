import ArgumentParser
import Backends
import CUDADevice
import Console
import Devices
import Foundation

/// All that only a GPU can say, in one program to carry to one.
@main
struct GPUCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpu-check",
        abstract: "Compares a GPU's results with their definition, bit for bit, and measures its speed.",
        subcommands: [ParityCommand.self, LayersCommand.self, SpeedCommand.self])

    static func main() async { await Program.run(GPUCheck.self, arguments: Array(CommandLine.arguments.dropFirst())) }
}

struct GPUArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Device to check.", valueName: "device"))
    var device = "cuda:0"

    @Option(
        help: ArgumentHelp(
            "Folder of libcuda.so.1 and libnvrtc.so, where they are not found by themselves.", valueName: "dir"))
    var cudaLibraries: String?

    func open() throws -> CUDADevice {
        let request = DeviceRequest(device: device, cudaLibraries: cudaLibraries)
        let start = ContinuousClock.now
        let opened = try UsageError.checking { try Backends.open(request) }
        guard let gpu = opened as? CUDADevice else { throw UsageError("--device \(device): not a GPU") }
        Terminal.output.writeLine("\(gpu.description); opened, compiled and self-tested in \(text(start)) s")
        return gpu
    }
}

/// Seconds since `start`.
func text(_ start: ContinuousClock.Instant) -> String {
    String(format: "%.2f", (ContinuousClock.now - start) / .seconds(1))
}
