import Foundation
import TestSupport
import Testing

/// `--device`, as every tool that computes reads it.
@Suite(.blocking)
struct DeviceArgumentTests {
    /// The tools, with all else that they need. Neither model nor coordinator is there: what is wrong with the device
    /// shows before they are looked for.
    private static let tools = [
        ["connect", "--connect", "tcp://127.0.0.1:1"], ["generate", "--model", "none", "--prompt", "x"],
        ["activations", "--model", "none", "--prompt", "x", "--layer", "0", "--output", "out"],
        ["bench", "--model", "none"], ["verify", "--model", "none", "--reference", "none.json"],
        ["inspect", "--model", "none"],
    ]

    @Test(arguments: tools, ["gpu", "cuda", "cuda:x"])
    func `a device that is not there is refused with those that are, before any work`(
        tool: [String], device: String
    ) throws {
        let ending = try ProgramProcess.run("worker", tool + ["--device", device], in: try TemporaryFolder())
        #expect(ending.code == 2)
        #expect(
            ending.errors.contains("--device \(device): not on this machine, which has cpu"), "\(ending.errors)")
    }

    @Test(arguments: tools) func `a GPU without a driver is refused with what is missing, before any work`(
        tool: [String]
    ) throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "worker", tool + ["--device", "cuda:0", "--cuda-libraries", scratch.url.path], in: scratch)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("no NVIDIA driver: "), "\(ending.errors)")
        #expect(ending.errors.contains("libcuda.so.1 with --cuda-libraries"), "\(ending.errors)")
    }

    @Test func `a setting that the device cannot take is refused with what it can`() throws {
        let scratch = try TemporaryFolder()
        for (setting, value, expected) in [
            ("--threads", "0", "expected 1 to 256"), ("--kernels", "neon", "expected one of auto, portable"),
        ] {
            let ending = try ProgramProcess.run(
                "worker", ["bench", "--model", "none", setting, value], in: scratch)
            #expect(ending.code == 2)
            #expect(ending.errors.contains("\(setting) \(value): \(expected)"), "\(ending.errors)")
        }
    }
}
