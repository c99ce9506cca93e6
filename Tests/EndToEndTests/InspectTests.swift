import Foundation
import TestSupport
import Testing

/// The worker's tools on models of every family, named by folder or by hub id.
@Suite(.blocking)
struct InspectTests {
    @Test(arguments: [
        "mistral", "qwen2", "qwen3", "gemma2", "llama-biases", "llama-dynamic", "llama-yarn", "qwen2-yarn",
    ])
    func `verify passes on every family against transformers`(name: String) throws {
        let scratch = try TemporaryFolder()
        let folder = Repository.fixture("Families/\(name)").path
        let ending = try ProgramProcess.run(
            "worker", ["verify", "--model", folder, "--reference", "\(folder)/reference.json"], in: scratch)
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
    }

    @Test func `inspect shows what was understood, as text and as JSON`() throws {
        let scratch = try TemporaryFolder()
        let folder = Repository.fixture("Families/gemma2").path
        let text = try ProgramProcess.run("worker", ["inspect", "--model", folder], in: scratch)
        #expect(text.code == 0, "\(text.errors)")
        for part in ["Gemma 2", "soft cap of logits", "<start_of_turn> (5)", "BF16", "rotary positions", "positions"] {
            #expect(text.output.contains(part), "\(part)")
        }
        let json = try ProgramProcess.run("worker", ["inspect", "--model", folder, "--format", "json"], in: scratch)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["family"] as? String == "Gemma 2")
        #expect(object["sliding_blocks"] as? [Int] == [1, 3])
        #expect((object["rotary"] as? [String: Any])?["theta"] as? Double == 10_000)
        #expect((object["memory_bytes"] as? [String: Int])?["float32"] == 4 * 26_712)
    }

    @Test func `inspect says who names the end of a text, what nobody reads, and which head is taken`() throws {
        let scratch = try TemporaryFolder()
        let folder = try changed(
            "mistral", "config.json", "\"tie_word_embeddings\": false",
            "\"tie_word_embeddings\": true, \"is_llama_config\": true, \"attention_chunk_size\": 4", in: scratch)
        try Data(#"{"eos_token_id":[2,5]}"#.utf8).write(to: folder.appendingPathComponent("generation_config.json"))
        try Data(#"{"eos_token":"</s>"}"#.utf8).write(to: folder.appendingPathComponent("tokenizer_config.json"))
        let inspect = ["inspect", "--model", folder.path, "--format", "json"]
        let refused = try ProgramProcess.run("worker", inspect, in: scratch)
        #expect(refused.code == 2 && refused.errors.contains("--ignore-config-field attention_chunk_size"))
        let ending = try ProgramProcess.run(
            "worker", inspect + ["--ignore-config-field", "attention_chunk_size"], in: scratch)
        let object = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
        let ends = try #require(object?["end_tokens"] as? [String], "\(ending.errors)")
        #expect(ends.first == "</s> (2) from generation_config.json and config.json and the tokenizer")
        #expect(ends.count == 2 && ends[1].hasSuffix("(5) from generation_config.json"), "\(ends)")
        #expect(object?["fields_not_read"] as? [String] == ["is_llama_config"])
        #expect((object?["remark"] as? String)?.hasPrefix("lm_head.weight is not the embedding") == true)
        #expect(object?["tied_embeddings"] as? Bool == false)
    }

    @Test func `generate puts the prompt into the model's chat template`() throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.file("model")
        try FileManager.default.copyItem(at: Repository.fixture("Families/mistral"), to: folder)
        let arguments = [
            "generate", "--model", folder.path, "--prompt", "Hi", "--max-new-tokens", "1", "--format", "json",
        ]
        let none = try ProgramProcess.run("worker", arguments + ["--chat"], in: scratch)
        #expect(none.code == 2 && none.errors.contains("no chat template"))

        try Data(#"{"bos_token":"<s>"}"#.utf8).write(to: folder.appendingPathComponent("tokenizer_config.json"))
        try Data("{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}".utf8)
            .write(to: folder.appendingPathComponent("chat_template.jinja"))
        let chat = try ProgramProcess.run("worker", arguments + ["--chat"], in: scratch)
        let plain = try ProgramProcess.run("worker", arguments.map { $0 == "Hi" ? "[user] Hi" : $0 }, in: scratch)
        func tokens(_ ending: ProgramProcess.Ending) throws -> [Int] {
            #expect(ending.code == 0, "\(ending.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
            return try #require(object?["prompt_tokens"] as? [Int])
        }
        // The same text with one beginning-of-text token in front, not two.
        #expect(try tokens(chat) == tokens(plain))
    }

    @Test func `inspect names the field that is not understood`() throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.file("model")
        try FileManager.default.copyItem(at: Repository.fixture("Families/gemma2"), to: folder)
        let config = folder.appendingPathComponent("config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"cache_implementation\"", with: "\"attention_chunk_size\"").utf8)
            .write(
                to: config)
        let ending = try ProgramProcess.run("worker", ["inspect", "--model", folder.path], in: scratch)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("config.json: field attention_chunk_size"))
    }

    /// A copy of a fixture with a piece of one of its files replaced by another of the same length or, in config.json,
    /// of any.
    private func changed(
        _ fixture: String, _ file: String, _ old: String, _ new: String, in scratch: TemporaryFolder
    ) throws -> URL {
        let folder = scratch.file("changed-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Repository.fixture("Families/\(fixture)"), to: folder)
        var data = try Data(contentsOf: folder.appendingPathComponent(file))
        let place = try #require(data.range(of: Data(old.utf8)))
        data.replaceSubrange(place, with: Data(new.utf8))
        try data.write(to: folder.appendingPathComponent(file))
        return folder
    }

    @Test(arguments: [
        (
            "model.safetensors", "layers.2.mlp.down_proj.weight", "layers.2.mlp.down_proj.weighs",
            "tensor model.layers.2.mlp.down_proj.weight is missing"
        ),
        (
            "config.json", "\"intermediate_size\": 36", "\"intermediate_size\": 40",
            "tensor model.layers.0.mlp.gate_proj.weight: expected shape [40, 32], found [36, 32]"
        ),
        (
            "config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4",
            "tensor model.layers.3.self_attn.k_proj.weight is missing"
        ),
    ])
    func `inspect names the tensor that does not fit`(file: String, old: String, new: String, named: String) throws {
        let scratch = try TemporaryFolder()
        let folder = try changed("mistral", file, old, new, in: scratch)
        let ending = try ProgramProcess.run("worker", ["inspect", "--model", folder.path], in: scratch)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("\(folder.path)/model.safetensors: \(named)"), "\(ending.errors)")
    }

    @Test func `inspect counts the tensors that are not used`() throws {
        let scratch = try TemporaryFolder()
        func unused(_ old: String, _ new: String) throws -> [String: Int] {
            let folder = try changed("mistral", "config.json", old, new, in: scratch)
            let ending = try ProgramProcess.run(
                "worker", ["inspect", "--model", folder.path, "--format", "json"], in: scratch)
            #expect(ending.code == 0, "\(ending.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
            return object?["unused_tensors"] as? [String: Int] ?? [:]
        }
        #expect(try unused("\"use_cache\": true", "\"use_cache\": false").isEmpty)
        // A head of its own is used, whatever config.json says.
        #expect(try unused("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true").isEmpty)
        let blocks = try unused("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1")
        #expect(blocks.count == 9 && blocks["model.layers.*.mlp.up_proj.weight"] == 2)
    }

    @Test func `the memory of a context is that of the windows where blocks slide one`() throws {
        let scratch = try TemporaryFolder()
        func bytes(_ positions: Int) throws -> Int {
            let folder = try changed(
                "mistral", "config.json", "\"max_position_embeddings\": 64",
                "\"max_position_embeddings\": \(positions)", in: scratch)
            let ending = try ProgramProcess.run(
                "worker", ["inspect", "--model", folder.path, "--format", "json"], in: scratch)
            let object = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
            return try #require((object?["cache_bytes"] as? [String: Int])?["context"], "\(ending.errors)")
        }
        // Two heads of 8 coordinates, the values' padded to 16, in three blocks.
        let position = 4 * 3 * 2 * (8 + 16)
        #expect(try bytes(64) == 64 * position)
        #expect(try bytes(512) == 512 * position)
        // A window of 16, a pass of 512 rows and what a whole block of 32 may hold more.
        #expect(try bytes(32_768) == 576 * position)
    }

    @Test func `a model is found by its hub id, and one that is missing gets the command`() throws {
        let scratch = try TemporaryFolder()
        let commit = "0123456789abcdef0123456789abcdef01234567"
        let model = scratch.file("hub/models--org--tiny")
        for folder in ["refs", "snapshots"] {
            try FileManager.default.createDirectory(
                at: model.appendingPathComponent(folder), withIntermediateDirectories: true)
        }
        try Data(commit.utf8).write(to: model.appendingPathComponent("refs/main"))
        try FileManager.default.createSymbolicLink(
            at: model.appendingPathComponent("snapshots/\(commit)"),
            withDestinationURL: Repository.fixture("Families/mistral"))
        let cache = ["HF_HUB_CACHE": scratch.file("hub").path]
        for arguments in [
            ["tokenize", "--text", "x"], ["generate", "--prompt", "x", "--max-new-tokens", "2"], ["inspect"],
        ] {
            let ending = try ProgramProcess(
                "worker", [arguments[0], "--model", "org/tiny"] + arguments.dropFirst(), in: scratch, environment: cache
            ).end()
            #expect(ending.code == 0 && !ending.output.isEmpty, "\(arguments): \(ending.errors)")
        }
        let missing = try ProgramProcess(
            "worker", ["inspect", "--model", "org/other"], in: scratch, environment: cache
        )
        .end()
        #expect(missing.code == 2 && missing.errors.contains("hf download org/other"))
        let run = try ProgramProcess(
            "coordinator",
            [
                "run", "--model-a", "org/tiny", "--model-b", "org/other", "--layer-k", "1", "--layer-j", "1",
                "--output", scratch.file("run").path,
            ], in: scratch, environment: cache
        ).end()
        #expect(run.code == 2 && run.errors.contains("hf download org/other"), "\(run.errors)")
    }
}
