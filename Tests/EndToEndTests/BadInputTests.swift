import DemoAssets
import Foundation
import TestSupport
import Testing

/// What cannot work is said in one line that names the thing, before any work where it can be known before.
@Suite(.blocking)
struct BadInputTests {
    /// Runs the coordinator with some of its arguments replaced.
    private func run(
        _ scratch: TemporaryFolder, replacing: [String: String] = [:], adding: [String] = []
    ) throws -> ProgramProcess.Ending {
        var arguments = [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--c4", DemoAssets.corpus, "--rows", "32", "--epochs", "1", "--squad", DemoAssets.questions,
            "--gsm8k", DemoAssets.wordProblems, "--limit", "12", "--workers", "1", "--status", "tcp://127.0.0.1:*",
            "--output", scratch.file("run").path,
        ]
        for (flag, value) in replacing {
            if let place = arguments.firstIndex(of: flag) {
                arguments[place + 1] = value
            } else {
                arguments += [flag, value]
            }
        }
        return try ProgramProcess.run("coordinator", arguments + adding, in: scratch)
    }

    @Test(arguments: [
        ("--model-a", "/nowhere/model", "/nowhere/model"), ("--c4", "/nowhere/c4.json.gz", "/nowhere/c4.json.gz"),
        ("--squad", "/nowhere/squad.json", "/nowhere/squad.json"), ("--layer-k", "5", "--layer-k 5"),
        ("--layer-j", "-1", "--layer-j"), ("--experiments", "projection,poetry", "poetry"),
        ("--listen", "tcp://0.0.0.0:5755", "tcp://0.0.0.0:5755"), ("--listen", "127.0.0.1", "127.0.0.1"),
        ("--rows", "0", "--rows 0"), ("--rows", "1000000", "1000000"), ("--op", "multiply", "multiply"),
        ("--similarity-layers", "0,9", "--similarity-layers 9"), ("--config", "/nowhere.yaml", "/nowhere.yaml"),
    ])
    func `unusable arguments are named and exit with 2`(flag: String, value: String, named: String) throws {
        let scratch = try TemporaryFolder()
        let ending = try run(scratch, replacing: [flag: value])
        #expect(ending.code == 2, "\(ending.errors)")
        #expect(ending.errors.contains(named), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run/journal").path))
    }

    /// A copy of a shipped model with one file changed.
    private func model(
        _ scratch: TemporaryFolder, changing file: String, _ change: (Data) -> Data
    ) throws -> URL {
        let copy = scratch.file("model-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DemoAssets.modelA), to: copy)
        let target = copy.appendingPathComponent(file)
        try change(try Data(contentsOf: target)).write(to: target)
        return copy
    }

    private static func replacing(_ old: String, _ new: String) -> (Data) -> Data {
        { Data(String(decoding: $0, as: UTF8.self).replacing(old, with: new).utf8) }
    }

    @Test func `truncated weights are named before any work`() throws {
        let scratch = try TemporaryFolder()
        let folder = try model(scratch, changing: "model.safetensors") { $0.prefix($0.count - 100) }
        let ending = try run(scratch, replacing: ["--model-a": folder.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("\(folder.path)/model.safetensors"), "\(ending.errors)")
    }

    @Test func `a header that lies about offsets is named before any work`() throws {
        let scratch = try TemporaryFolder()
        let folder = try model(scratch, changing: "model.safetensors") { data in
            var data = data
            // The header's length, its first eight bytes, is made larger than the file.
            data.replaceSubrange(0..<8, with: [255, 255, 255, 255, 255, 0, 0, 0])
            return data
        }
        let ending = try run(scratch, replacing: ["--model-a": folder.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("model.safetensors"), "\(ending.errors)")
    }

    @Test func `an unknown architecture is named with those that are known`() throws {
        let scratch = try TemporaryFolder()
        let folder = try model(
            scratch, changing: "config.json", Self.replacing("LlamaForCausalLM", "SphinxForCausalLM"))
        let ending = try run(scratch, replacing: ["--model-a": folder.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("SphinxForCausalLM") && ending.errors.contains("LlamaForCausalLM"))
    }

    @Test func `an unknown tokenizer type is named`() throws {
        let scratch = try TemporaryFolder()
        let folder = try model(scratch, changing: "tokenizer.json") { data in
            let text = String(decoding: data, as: UTF8.self)
            return Data(text.replacing(#/"type":\s*"BPE"/#, with: "\"type\": \"Runes\"").utf8)
        }
        let ending = try run(scratch, replacing: ["--model-a": folder.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("tokenizer.json") && ending.errors.contains("Runes"), "\(ending.errors)")
    }

    @Test func `weights that do not fit the configuration are named before any work`() throws {
        let scratch = try TemporaryFolder()
        let folder = try model(scratch, changing: "config.json") { data in
            let text = String(decoding: data, as: UTF8.self)
            return Data(text.replacing(#/"intermediate_size":\s*\d+/#, with: "\"intermediate_size\": 300").utf8)
        }
        let ending = try run(scratch, replacing: ["--model-a": folder.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("model.layers.0.mlp.gate_proj.weight"), "\(ending.errors)")
        #expect(ending.errors.contains("expected shape"), "\(ending.errors)")
    }

    @Test func `a broken line is counted, named by file and line, and passed over`() throws {
        let scratch = try TemporaryFolder()
        let file = scratch.file("problems.jsonl")
        let good = (1...4).map { "{\"question\": \"What is 1 + \($0)?\", \"answer\": \"#### \($0 + 1)\"}\n" }
        try Data((good[0] + good[1] + "{\"question\": \n" + good[2] + good[3]).utf8).write(to: file)
        let ending = try run(scratch, replacing: ["--gsm8k": file.path, "--others": "2"])
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(
            ending.errors.contains("passed over 1 broken line") && ending.errors.contains("line 3"), "\(ending.errors)")
    }

    @Test func `an empty data set is named`() throws {
        let scratch = try TemporaryFolder()
        let file = scratch.file("empty.jsonl")
        try Data().write(to: file)
        let ending = try run(scratch, replacing: ["--gsm8k": file.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains(file.path), "\(ending.errors)")
    }

    @Test func `a port in use is named`() throws {
        let scratch = try TemporaryFolder()
        let holder = try ProgramProcess(
            "coordinator",
            DemoRun.arguments(
                output: scratch.file("holder"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]), in: scratch)
        defer { holder.send(SIGKILL) }
        let endpoint = try holder.statusEndpoint()
        let ending = try run(scratch, replacing: ["--status": endpoint.text])
        #expect(ending.code == 2)
        #expect(ending.errors.contains(endpoint.text), "\(ending.errors)")
    }

    @Test func `two coordinators cannot do one run`() throws {
        let scratch = try TemporaryFolder()
        let arguments = DemoRun.arguments(
            output: scratch.file("run"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"])
        let holder = try ProgramProcess("coordinator", arguments, in: scratch)
        defer { holder.send(SIGKILL) }
        _ = try holder.statusEndpoint()
        let ending = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(ending.code == 2)
        #expect(ending.errors.contains(scratch.file("run").path), "\(ending.errors)")
    }

    @Test func `another run's folder is not written into, and the difference is named`() throws {
        let scratch = try TemporaryFolder()
        #expect(try run(scratch).code == 0)
        let ending = try run(scratch, replacing: ["--seed": "7"])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("differs in --seed: 42 there, 7 here; "), "\(ending.errors)")
    }

    @Test func `a worker whose model folder differs is refused with the reason`() throws {
        let scratch = try TemporaryFolder()
        let coordinator = try ProgramProcess(
            "coordinator",
            DemoRun.arguments(
                output: scratch.file("run"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]), in: scratch)
        defer { coordinator.send(SIGKILL) }
        let status = try coordinator.statusEndpoint()
        let worker = try ProgramProcess.run(
            "worker", ["--connect", try coordinator.workerEndpoint(), "--model-a", DemoAssets.modelB], in: scratch)
        #expect(worker.code == 1)
        #expect(worker.errors.contains("model A differs"), "\(worker.errors)")
        let after = try coordinator.status(at: status) { $0.faultCount > 0 }
        #expect(after.faults.contains { $0.what.contains("model A differs") })
        #expect(after.phase == .running)
    }
}

extension ProgramProcess {
    /// Where a coordinator without local workers says that workers can connect.
    func workerEndpoint() throws -> String {
        guard let line = errors.split(separator: "\n").first(where: { $0.hasPrefix("waiting for workers: ") }),
            let endpoint = line.split(separator: " ").last
        else { throw TimedOut(what: "the workers' endpoint; it wrote: \(errors)") }
        return String(endpoint)
    }
}
