import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// The programs with a GPU whose driver is the stand-in: what is said where something is missing or fails, and whole runs.
@Suite(.blocking)
struct CUDATests {
    private static let device = ["--device", "cuda:0", "--cuda-libraries", CUDAStandIn.folder.path]

    private static func run(
        _ program: String, _ arguments: [String], _ environment: [String: String] = [:], in scratch: TemporaryFolder
    ) throws -> ProgramProcess.Ending {
        let settings = environment.map { ("CUDA_STAND_IN_\($0)", $1) }
        return try ProgramProcess(
            program, arguments, in: scratch, environment: Dictionary(uniqueKeysWithValues: settings)
        ).end()
    }

    @Test(arguments: ["model-a", "model-b"])
    func `verify passes on the shipped models, with the figures of a processor`(name: String) throws {
        let scratch = try TemporaryFolder()
        let folder = name == "model-a" ? DemoAssets.modelA : DemoAssets.modelB
        let tool = [
            "verify", "--model", folder, "--reference", Repository.fixture("References/\(name).json").path,
        ]
        let ending = try Self.run("worker", tool + Self.device, in: scratch)
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
        // In float32 every bit is a processor's, so the figures are.
        #expect(ending.output == (try Self.run("worker", tool, in: scratch)).output)
    }

    @Test(arguments: [
        "gemma2", "llama-biases", "llama-dynamic", "llama-yarn", "mistral", "qwen2", "qwen2-yarn", "qwen3",
    ])
    func `verify passes on every family against transformers`(name: String) throws {
        let family = Repository.fixture("Families/\(name)")
        let ending = try Self.run(
            "worker",
            [
                "verify", "--model", family.path, "--reference", family.appendingPathComponent("reference.json").path,
                "--compute-type", "float32",
            ] + Self.device, in: try TemporaryFolder())
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
    }

    // MARK: Whole runs

    /// A run that a GPU of a processor's speed is done with in seconds.
    private static func arguments(
        _ output: URL, task: String = "squad", _ items: String = DemoAssets.questions, limit: Int = 5
    ) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--no-projection", "--op", "sum", "--\(task)", items, "--experiments", task, "--limit", String(limit),
            "--conditions", "silent,injected", "--status", "tcp://127.0.0.1:*", "--output", output.path,
            "--cuda-libraries", CUDAStandIn.folder.path,
        ]
    }

    /// Whose every answer has some tokens, so that whoever writes one replays launches.
    private static func longer(_ output: URL) -> [String] {
        arguments(output, task: "gsm8k", DemoAssets.wordProblems, limit: 2)
    }

    @Test func `a run has a worker for each GPU, and one that is killed changes no byte of a result`() throws {
        let scratch = try TemporaryFolder()
        let alone = scratch.file("alone")
        let first = try Self.run("coordinator", Self.arguments(alone), ["DEVICES": "1"], in: scratch)
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.errors.contains("1 local worker on cuda:0; "), "\(first.errors)")

        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", Self.arguments(output), in: scratch, environment: ["CUDA_STAND_IN_DEVICES": "2"])
        // Whichever is the first at work: it may be done with most of it before the other has opened its GPU.
        let status = try coordinator.status(at: try coordinator.statusEndpoint()) { status in
            status.workers.contains { $0.state == .working }
        }
        #expect(Set(status.workers.map(\.deviceKind)) == ["cuda 9"])
        kill(try #require(status.workers.first { $0.state == .working }).processID, SIGKILL)
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.errors.contains("2 local workers on cuda:0, cuda:1; "), "\(ending.errors)")
        for name in ["results.json", "samples_squad.jsonl", "run.json"] {
            #expect(
                try Data(contentsOf: output.appendingPathComponent(name))
                    == Data(contentsOf: alone.appendingPathComponent(name)), "\(name)")
        }
    }

    @Test func `a GPU that cannot be used is named, and the run is done on the processor`() throws {
        let scratch = try TemporaryFolder()
        let old = try Self.run(
            "coordinator", Self.arguments(scratch.file("old")) + ["--workers", "1"], ["CAPABILITY": "7.5"], in: scratch)
        #expect(old.code == 0, "\(old.errors)")
        #expect(
            old.errors.contains("note: cuda:0 (Emulated GPU) is not used: ") && old.errors.contains("at least 8.0"),
            "\(old.errors)")
        #expect(old.errors.contains("1 local worker; "), "\(old.errors)")
        // Without any there is nothing to say; and a processor's run has no use for one that could be used.
        for (name, devices) in [("none", "0"), ("one", "1")] {
            let ending = try Self.run(
                "coordinator", Self.arguments(scratch.file(name)) + ["--workers", "1", "--device-kind", "cpu"],
                ["DEVICES": devices], in: scratch)
            #expect(ending.code == 0 && !ending.errors.contains("cuda"), "\(ending.errors)")
            let manifest = try String(contentsOf: scratch.file("\(name)/run.json"), encoding: .utf8)
            #expect(manifest.contains("\"cpu\"") && !manifest.contains("cuda"), "\(manifest)")
        }
    }

    @Test(arguments: [("0", 1), ("1,0", 2), ("1,7", 1), ("", 0), ("NoDevFiles", 0)])
    func `auto takes what CUDA_VISIBLE_DEVICES shows, else the processor`(visible: String, count: Int) throws {
        let scratch = try TemporaryFolder()
        func run(_ arguments: [String]) throws -> ProgramProcess.Ending {
            try ProgramProcess(
                "worker", arguments + ["--cuda-libraries", CUDAStandIn.folder.path], in: scratch,
                environment: ["CUDA_VISIBLE_DEVICES": visible, "CUDA_STAND_IN_DEVICES": "2"]
            ).end()
        }
        let listed = try run(["devices", "--format", "json"])
        let gpus = listed.output.split(separator: "\n").filter { $0.contains("\"cuda:") }
        #expect(gpus.count == count, "\(listed.output)")
        let inspected = try run(["inspect", "--model", DemoAssets.modelB, "--device", "auto:3"])
        #expect(inspected.code == 0, "\(inspected.errors)")
    }

    // MARK: What there is, and what is missing

    @Test func `devices lists what there is, and what is missing`() throws {
        let scratch = try TemporaryFolder()
        let libraries = ["devices", "--cuda-libraries", CUDAStandIn.folder.path]
        let two = try Self.run("worker", libraries, ["DEVICES": "2"], in: scratch)
        #expect(two.code == 0)
        #expect(two.output.contains("cuda:0") && two.output.contains("cuda:1"), "\(two.output)")
        #expect(two.output.contains("cuda 9") && two.output.contains("Emulated GPU"), "\(two.output)")
        let ampere = try Self.run("worker", libraries, ["CAPABILITY": "8.6"], in: scratch)
        #expect(ampere.output.contains("cuda 8"), "\(ampere.output)")
        let without = try Self.run("worker", ["devices", "--cuda-libraries", scratch.url.path], in: scratch)
        #expect(without.code == 0)
        #expect(without.output.contains("no NVIDIA driver"), "\(without.output)")
    }

    @Test(arguments: [
        (["CAPABILITY": "7.5"], "compute capability 7.5; at least 8.0 is needed"),
        (["DEVICES": "0"], "CUDA_ERROR_NO_DEVICE"),
        (["VERSION": "11040"], "no NVRTC for this driver, which runs CUDA 11"),
        (["COMPILER_FAILS": "1"], "NVRTC 13.0 cannot compile"),
        (["MEMORY": "1000000"], "the model's weights need"),
        (["FAIL": "cuMemAlloc_v2:20:2"], "out of memory: the system refused"),
        (["FAIL": "cuLaunchKernelEx:30:719"], "the GPU failed: cuLaunchKernelEx: CUDA_ERROR_LAUNCH_FAILED (719)"),
        (["FAIL": "cuStreamSynchronize:12:719"], "the GPU failed: cuStreamSynchronize: CUDA_ERROR_LAUNCH_FAILED (719)"),
        (["FAIL": "cuInit:1:999"], "the GPU failed: cuInit: error (999)"),
        // Tokens after the third are written by launches that were recorded.
        (["FAIL": "cuStreamBeginCapture_v2:1:801"], "the GPU failed: cuStreamBeginCapture: error (801)"),
        (["FAIL": "cuStreamEndCapture:1:901"], "the GPU failed: cuStreamEndCapture: error (901)"),
        (["FAIL": "cuGraphInstantiateWithFlags:1:2"], "cuGraphInstantiateWithFlags: CUDA_ERROR_OUT_OF_MEMORY (2)"),
        (["FAIL": "cuGraphLaunch:2:719"], "the GPU failed: cuGraphLaunch: CUDA_ERROR_LAUNCH_FAILED (719)"),
    ])
    func `what is missing or fails is said in one line`(setting: [String: String], expected: String) throws {
        let ending = try Self.run(
            "worker",
            ["generate", "--model", DemoAssets.modelB, "--prompt", "x", "--max-new-tokens", "6"] + Self.device,
            setting, in: try TemporaryFolder())
        #expect(ending.code != 0)
        let lines = ending.errors.split(separator: "\n").filter { $0.contains(expected) }
        #expect(lines.count == 1, "\(ending.errors)")
    }

    /// What is called before anything is computed: the other calls fail in the middle of a run, below.
    @Test(arguments: [
        "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute",
        "cuDeviceTotalMem_v2", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreate", "cuEventCreate",
        "cuModuleLoadData", "cuModuleGetFunction", "cuFuncSetAttribute", "cuMemAlloc_v2", "cuMemHostAlloc",
        "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemsetD8Async", "cuLaunchKernelEx", "cuStreamSynchronize",
        "cuMemGetInfo_v2", "cuEventRecord", "cuEventSynchronize",
    ])
    func `the first of any call that fails is named, and its program ends`(call: String) throws {
        let ending = try Self.run(
            "worker",
            ["generate", "--model", DemoAssets.modelB, "--prompt", "x", "--max-new-tokens", "1"] + Self.device,
            ["FAIL": "\(call):1:719"], in: try TemporaryFolder())
        // A device that cannot be listed cannot be asked for.
        let isListing = call.hasPrefix("cuDevice") && call != "cuDevicePrimaryCtxRetain"
        #expect(ending.code == (isListing ? 2 : 1))
        let name = call.prefix { $0 != "_" }
        let lines = ending.errors.split(separator: "\n").filter { $0.contains("\(name): ") }
        #expect(lines.count == 1, "\(ending.errors)")
    }

    @Test func `a GPU whose sums are of no known kind is used where that is allowed, as a kind of its own`() throws {
        let scratch = try TemporaryFolder()
        let generate = ["generate", "--model", DemoAssets.modelB, "--prompt", "x", "--max-new-tokens", "2"]
        let refused = try Self.run("worker", generate + Self.device, ["ARITHMETIC": "7"], in: scratch)
        #expect(refused.code != 0)
        #expect(refused.errors.contains("do not sum in a way that is known"), "\(refused.errors)")
        #expect(refused.errors.contains("--allow-unproven-device"), "\(refused.errors)")
        let allowed = try Self.run(
            "worker", generate + Self.device + ["--allow-unproven-device"], ["ARITHMETIC": "7"], in: scratch)
        #expect(allowed.code == 0, "\(allowed.errors)")
        // Its files say so.
        let output = scratch.file("run")
        let run = try Self.run(
            "coordinator", Self.arguments(output, limit: 2) + ["--allow-unproven-device"], ["ARITHMETIC": "7"],
            in: scratch)
        #expect(run.code == 0, "\(run.errors)")
        let manifest = try String(contentsOf: output.appendingPathComponent("run.json"), encoding: .utf8)
        #expect(manifest.contains("cuda 10.0 unproven"), "\(manifest)")
    }

    // MARK: A call that fails in a run

    @Test(arguments: [
        // Behind those of the process that is asked for the devices, and of the self-test.
        "cuMemGetInfo_v2:1:719", "cuMemAlloc_v2:60:2", "cuMemHostAlloc:4:2", "cuMemcpyHtoDAsync_v2:40:719",
        "cuMemsetD8Async:20:719", "cuEventRecord:2:719", "cuEventSynchronize:1:719", "cuMemcpyDtoHAsync_v2:30:719",
        "cuLaunchKernelEx:90:719", "cuStreamSynchronize:40:719", "cuStreamBeginCapture_v2:1:901", "cuGraphLaunch:1:719",
        "cuStreamEndCapture:1:901", "cuGraphInstantiateWithFlags:1:719", "cuMemcpyDtoDAsync_v2:1:719",
    ])
    func `a call that fails once ends one worker with its cause, and changes no byte`(call: String) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try Self.run(
            "coordinator", Self.longer(output),
            ["DEVICES": "2", "FAIL": call, "FAIL_ONCE": scratch.file("failed").path], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        let name = call.prefix { $0 != ":" && $0 != "_" }
        let cause = call.hasSuffix(":2") ? "out of memory: " : "the GPU failed: \(name)"
        let told = ending.errors.split(separator: "\n").filter { $0.contains(cause) }
        // By the worker itself, and by its end.
        let workers = told.compactMap { $0.split(separator: "note: worker ").last?.prefix { $0 != " " } }
        #expect(!told.isEmpty && Set(workers).count == 1, "\(ending.errors)")
        let results = try Data(contentsOf: output.appendingPathComponent("results.json"))
        #expect(results == (try Self.undisturbed.get()))
    }

    private static let undisturbed = Result {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try run("coordinator", longer(output), ["DEVICES": "1"], in: scratch)
        guard ending.code == 0 else { throw ProgramFailure(text: ending.errors) }
        return try Data(contentsOf: output.appendingPathComponent("results.json"))
    }

    private struct ProgramFailure: Error { let text: String }

    @Test func `a device that the machine does not have is named with those that it has`() throws {
        let ending = try Self.run(
            "worker",
            ["inspect", "--model", "none", "--device", "cuda:3", "--cuda-libraries", CUDAStandIn.folder.path],
            in: try TemporaryFolder())
        #expect(ending.code == 2)
        #expect(ending.errors.contains("--device cuda:3: not on this machine, which has cuda:0"), "\(ending.errors)")
    }
}
