import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// `coordinator run --chat`: every prompt in its own model's chat template.
@Suite(.blocking)
struct ChatTests {
    /// Two templates that no prompt can be mistaken under: each model has one of its own.
    private static let templates = [
        "a": """
        {{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}\
        {% if add_generation_prompt %}
        reply:{% endif %}
        """,
        "b": "{% for m in messages %}[INST] {{ m.content | trim }} [/INST]{% endfor %}",
    ]

    /// Copies of the shipped models, with templates where they are wanted.
    private struct Models {
        let scratch: TemporaryFolder
        let a: URL
        let b: URL

        init(_ scratch: TemporaryFolder) throws {
            self.scratch = scratch
            (a, b) = (scratch.file("a"), scratch.file("b"))
            for (source, copy) in [(DemoAssets.modelA, a), (DemoAssets.modelB, b)] {
                try FileManager.default.copyItem(at: URL(fileURLWithPath: source), to: copy)
                try write(ChatTests.templates[copy.lastPathComponent], into: copy)
            }
        }

        /// - Parameter template: nil takes the template away.
        func write(_ template: String?, into folder: URL) throws {
            let file = folder.appendingPathComponent("chat_template.jinja")
            try? FileManager.default.removeItem(at: file)
            if let template { try Data(template.utf8).write(to: file) }
        }

        func arguments(_ output: String, _ more: [String] = ["--chat"], workers: Int = 1) -> [String] {
            [
                "run", "--model-a", a.path, "--model-b", b.path, "--layer-k", "4", "--layer-j", "4", "--squad",
                DemoAssets.questions, "--gsm8k", DemoAssets.wordProblems, "--experiments", "similarity,squad,gsm8k",
                "--no-projection", "--op", "sum", "--limit", "16", "--status", "tcp://127.0.0.1:*", "--workers",
                "\(workers)",
                "--threads", "1", "--output", scratch.file(output).path,
            ] + more
        }

        func run(_ output: String, _ more: [String] = ["--chat"], workers: Int = 1) throws -> ProgramProcess.Ending {
            try ProgramProcess.run("coordinator", arguments(output, more, workers: workers), in: scratch)
        }

        func contents(_ output: String, _ file: String) throws -> Data {
            try Data(contentsOf: scratch.file(output).appendingPathComponent(file))
        }
    }

    private static let files = [
        "results.json", "samples_squad.jsonl", "samples_gsm8k.jsonl", "report.md", "report.html", "run.json",
    ]

    @Test func `each model answers what its own template makes of the prompt`() throws {
        let models = try Models(try TemporaryFolder())
        let run = try models.run("run")
        #expect(run.code == 0, "\(run.errors)")
        let plain = try models.run("plain", [])
        #expect(plain.code == 0, "\(plain.errors)")
        // The template is worth something only where it changes what is answered.
        #expect(try models.contents("run", "samples_gsm8k.jsonl") != models.contents("plain", "samples_gsm8k.jsonl"))

        struct Sample: Decodable {
            struct Answer: Decodable { let text: String }
            let promptHash: String
            let conditions: [String: Answer]
        }
        struct Problem: Decodable { let question: String }
        func lines<Line: Decodable>(_ data: Data, _ type: Line.Type) throws -> [Line] {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(type, from: Data($0)) }
        }
        // The samples name their prompts by digest.
        let problems = try lines(Data(contentsOf: URL(fileURLWithPath: DemoAssets.wordProblems)), Problem.self)
        let prompts = Dictionary(
            problems.map { "Question: \($0.question)\nAnswer:" }.map {
                (ContentHasher.digest(of: $0).hex, $0)
            }
        ) { first, _ in first }
        for sample in try lines(try models.contents("run", "samples_gsm8k.jsonl"), Sample.self).prefix(3) {
            let prompt = try #require(prompts[sample.promptHash])
            for (condition, model) in [("a_full", models.a), ("b_full", models.b)] {
                // The run's limits for GSM8K: 256 tokens, to the next question.
                let alone = try ProgramProcess.run(
                    "worker",
                    [
                        "generate", "--chat", "--model", model.path, "--threads", "1", "--max-new-tokens", "256",
                        "--format", "json", "--prompt", prompt,
                    ], in: models.scratch)
                let object = try JSONSerialization.jsonObject(with: Data(alone.output.utf8)) as? [String: Any]
                let text = try #require(object?["text"] as? String, "\(alone.errors)")
                let answer = text.components(separatedBy: "Question:")[0].trimmingCharacters(
                    in: .whitespacesAndNewlines)
                #expect(sample.conditions[condition]?.text.trimmingCharacters(in: .whitespacesAndNewlines) == answer)
            }
        }
    }

    @Test func `two workers give the same bytes as one, and every file names the mode`() throws {
        let models = try Models(try TemporaryFolder())
        for (output, workers) in [("one", 1), ("two", 2)] {
            let ending = try models.run(output, workers: workers)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(ending.output.contains("chat template"), "\(ending.output)")
        }
        for file in Self.files {
            #expect(try models.contents("one", file) == models.contents("two", file), "\(file)")
        }
        for (file, mode) in [
            ("results.json", "\"chat\": true"), ("run.json", "\"chat\" : true"), ("report.md", "chat template"),
            ("report.html", "chat template"),
        ] {
            #expect(String(decoding: try models.contents("one", file), as: UTF8.self).contains(mode), "\(file)")
        }
    }

    @Test func `the mode and the templates are part of what a run is`() throws {
        let models = try Models(try TemporaryFolder())
        #expect(try models.run("run").code == 0)
        let plain = try models.run("run", [])
        #expect(plain.code == 2, "\(plain.errors)")
        #expect(plain.errors.contains("differs in --chat: true there, false here"), "\(plain.errors)")
        try models.write("{{ messages[0].content }}!", into: models.b)
        let other = try models.run("run")
        #expect(other.code == 2 && other.errors.contains("--model-b: content "), "\(other.errors)")
    }

    @Test func `a configuration file turns it on`() throws {
        let models = try Models(try TemporaryFolder())
        let file = models.scratch.file("run.yaml")
        try Data("chat: true\n".utf8).write(to: file)
        #expect(try models.run("flag").code == 0)
        let ending = try models.run("file", ["--config", file.path])
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try models.contents("file", "run.json") == models.contents("flag", "run.json"))
    }

    @Test(arguments: [
        (nil, "no chat template"), ("{% include 'x' %}", "not supported"),
        ("{{ raise_exception('a system message first') }}", "a system message first"),
        ("{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}", "does not come to an end"),
    ])
    func `a model whose template cannot be used is a usage error before any work`(
        template: String?, named: String
    ) throws {
        let models = try Models(try TemporaryFolder())
        try models.write(template, into: models.b)
        let ending = try models.run("run")
        #expect(ending.code == 2, "\(ending.errors)")
        #expect(ending.errors.contains(named), "\(ending.errors)")
        #expect(ending.errors.contains(models.b.path), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: models.scratch.file("run/journal").path))
        // Without the flag no template is asked for.
        #expect(try models.run("plain", ["--limit", "12"]).code == 0)
    }

    @Test func `what templates are told reaches the workers, and is part of what a run is`() throws {
        let models = try Models(try TemporaryFolder())
        try models.write("{{ tone | upper }} {{ strftime_now('%A') }} {{ messages[0].content }}", into: models.b)
        let told = ["--chat", "--limit", "6", "--template-variable", "tone=\"calm\"", "--template-date", "2026-02-03"]
        let run = try models.run("run", told)
        #expect(run.code == 0, "\(run.errors)")
        let other = try models.run("run", told.map { $0.replacing("calm", with: "loud") })
        #expect(other.code == 2 && other.errors.contains("tone"), "\(other.errors)")
        let undated = try models.run("undated", Array(told.dropLast(2)))
        #expect(undated.code == 2 && undated.errors.contains("--template-date"), "\(undated.errors)")
        let untyped = try models.run("untyped", told.map { $0.replacing("\"", with: "") })
        #expect(untyped.code == 2 && untyped.errors.contains("expected JSON"), "\(untyped.errors)")
        let unknown = try models.run("unknown", told + ["--think-end", "</none>"])
        #expect(unknown.code == 2 && unknown.errors.contains("--think-end </none>"), "\(unknown.errors)")
    }

    @Test func `a template that speaks of thinking gets a warning that names both ways out`() throws {
        let models = try Models(try TemporaryFolder())
        try models.write("{{ messages[0].content }}{{ '<think>' if enable_thinking }}", into: models.b)
        let warned = try models.run("warned", ["--chat", "--limit", "6"])
        #expect(warned.code == 0 && warned.errors.contains("note: model B: the chat template speaks of thinking"))
        #expect(warned.errors.contains("--template-variable enable_thinking=false"), "\(warned.errors)")
        #expect(warned.errors.contains("--think-end TOKEN"), "\(warned.errors)")
        let quiet = try models.run(
            "quiet", ["--chat", "--limit", "6", "--template-variable", "enable_thinking=false"])
        #expect(quiet.code == 0 && !quiet.errors.contains("thinking"), "\(quiet.errors)")
    }

    @Test(arguments: [nil, "{{ messages[0].content }} {{ eos_token }}"])
    func `a worker whose folder has no template, or another, takes no part and says why`(template: String?) throws {
        let models = try Models(try TemporaryFolder())
        let copy = models.scratch.file("elsewhere")
        try FileManager.default.copyItem(at: models.b, to: copy)
        try models.write(template, into: copy)
        let endpoint = "ipc://\(models.scratch.file("workers").path)"
        let coordinator = try ProgramProcess(
            "coordinator", models.arguments("run", ["--chat", "--listen", endpoint], workers: 0), in: models.scratch)
        let odd = try ProgramProcess(
            "worker", ["--connect", endpoint, "--model-b", copy.path, "--threads", "1"], in: models.scratch
        ).end()
        #expect(odd.code == 1)
        #expect(odd.errors.contains(template == nil ? "\(copy.path): no chat template" : "model B differs"))
        // The run waits for one that fits.
        let worker = try ProgramProcess("worker", ["--connect", endpoint, "--threads", "1"], in: models.scratch)
        #expect(try coordinator.end().code == 0)
        #expect(try worker.end().code == 0)
    }
}
