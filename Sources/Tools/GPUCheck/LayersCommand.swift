import ArgumentParser
import CUDADevice
import Console
import Foundation

/// The speed of the linear layers of Llama 3.1 8B and 3.2 3B.
struct LayersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Measure linear layers: GB/s of few rows, TFLOP/s of many.")

    @OptionGroup var gpu: GPUArguments

    @Flag(help: "Small layers, to see that it runs.")
    var small = false

    private static let layers = [
        ("8B key value query", 6144, 4096), ("8B output", 4096, 4096), ("8B gate up", 28672, 4096),
        ("8B down", 4096, 14336), ("8B head", 128_256, 4096), ("3B key value query", 5120, 3072),
        ("3B output", 3072, 3072), ("3B gate up", 16384, 3072), ("3B down", 3072, 8192),
    ]

    func run() async throws {
        let device = try gpu.open()
        for (name, outputs, inputs) in Self.layers {
            let (outputs, inputs) = small ? (outputs / 64, 128) : (outputs, inputs)
            var line = "\(name) \(outputs) × \(inputs):"
            for rows in [1, 8, 16, 32, 64] {
                let seconds = try device.seconds(ofLinear: outputs, inputs, rows: rows)
                line += String(format: " %d: %.0f GB/s,", rows, Double(outputs * inputs * 2) / seconds / 1e9)
            }
            for rows in small ? [130] : [128, 512, 2048, 4096] where outputs < 100_000 || rows < 1024 {
                let seconds = try device.seconds(ofLinear: outputs, inputs, rows: rows)
                line += String(format: " %d: %.0f TFLOP/s,", rows, Double(2 * outputs * inputs * rows) / seconds / 1e12)
            }
            Terminal.output.writeLine(String(line.dropLast()))
        }
    }
}
