import DemoAssets
import Foundation
import TestSupport
import Testing

/// `--config FILE`: what a file of settings says is what YAML says, and what is wrong in it is named by file, line and
/// name. The meanings of scalars are those that PyYAML 6.0 gives them.
@Suite(.blocking)
struct SettingsFileTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private var pair: [String] {
        [
            "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--output", scratch.file("run").path, "--status", "tcp://127.0.0.1:*",
        ]
    }

    /// The file of these settings, and what the coordinator makes of it.
    private func run(_ text: String, _ more: [String] = []) throws -> (path: String, ending: ProgramProcess.Ending) {
        let path = try scratch.file(holding: Data(text.utf8)).path
        return (
            path, try ProgramProcess.run("coordinator", ["run"] + pair + ["--config", path] + more, in: scratch)
        )
    }

    /// The settings that are not left to their defaults, as `--print-config` writes them.
    private func printed(_ ending: ProgramProcess.Ending) -> [String] {
        ending.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    @Test(arguments: [
        ("rowz: 3\n", 1, "rowz: no such setting; did you mean 'rows'?"),
        ("rows: 3\nlearning_rate: 1\n", 2, "learning_rate: no such setting; did you mean 'learning-rate'?"),
        ("config: other.yaml\n", 1, "config: no such setting"),
        ("chat: maybe\n", 1, "chat: expected yes or no, found 'maybe'"),
        ("chat: [yes]\n", 1, "chat: expected yes or no, found a list"),
        ("rows: [1, 2]\n", 1, "rows: expected one value, found a list"),
        ("rows: {a: 1}\n", 1, "rows: expected a value, found a mapping"),
        ("\n\nop: no\n", 3, "op: expected a value, found no, which means yes or no; put a text in quotes"),
        ("c4: []\n", 1, "c4: expected a value, found none; leave the line out"),
        ("epochs: 1\nrows: 3\nrows: 4\n", 2, "rows is given twice"),
        ("rows: 3\n  epochs: 4\n", 2, "not valid YAML: "),
        ("experiments: [projection,\n", 2, "not valid YAML: "),
    ])
    func `what is wrong is named by file, line and name`(text: String, line: Int, cause: String) throws {
        let (path, ending) = try run(text)
        #expect(ending.code == 2)
        #expect(ending.errors.hasPrefix("error: \(path), line \(line): \(cause)"), "\(ending.errors)")
        #expect(ending.errors.split(separator: "\n").count == 1, "\(ending.errors)")
    }

    @Test(arguments: [
        ("epochs: 1\nrows: many\n", "'many' is invalid for '--rows <n>'", 2),
        ("rows: 0\n", "--rows 0: expected 1 to 10000000", 1), ("experiments: poetry\n", "--experiments: 'poetry'", 1),
    ])
    func `a value that the option refuses has its place`(text: String, cause: String, line: Int) throws {
        let (path, ending) = try run(text)
        #expect(ending.code == 2)
        let first = ending.errors.split(separator: "\n").first.map(String.init) ?? ""
        #expect(first.hasPrefix("error: ") && first.contains(cause), "\(ending.errors)")
        #expect(first.hasSuffix("(\(path), line \(line))"), "\(ending.errors)")
    }

    @Test func `a file that is none of settings is refused in a line`() throws {
        for (text, cause) in [("- 1\n", "expected lines of the form 'name: value'"), ("\u{0}", "not valid YAML")] {
            let (path, ending) = try run(text)
            #expect(ending.code == 2 && ending.errors.hasPrefix("error: \(path)"), "\(ending.errors)")
            #expect(ending.errors.contains(cause), "\(ending.errors)")
        }
        let nested = try run("rows: " + String(repeating: "[", count: 200_000))
        #expect(nested.ending.code == 2, "\(nested.ending.errors.prefix(300))")
        let ending = try ProgramProcess.run("coordinator", ["run"] + pair + ["--config", "/nowhere.yaml"], in: scratch)
        #expect(ending.errors == "error: --config /nowhere.yaml: No such file or directory\n")
    }

    @Test func `scalars mean what YAML says`() throws {
        let (_, ending) = try run(
            """
            chat: Yes
            allow-mixed-devices: off
            no-projection: ~
            limit: null
            rows: 1_000
            seed: '7'
            learning-rate: 1e-3
            groups: [law, biology]
            similarity-layers: [1, 2, 3]
            similarity-prompts: ["no", 'it''s, so', "- a"]
            experiments:
              - projection
              - similarity
            """, ["--print-config"])
        #expect(ending.code == 0, "\(ending.errors)")
        for line in [
            "chat: yes", "rows: 1000", "seed: 7", "learning-rate: 1e-3", "groups: [law, biology]",
            "similarity-layers: [1, 2, 3]", "similarity-prompts: ['no', 'it''s, so', '- a']",
            "experiments: [projection, similarity]",
        ] {
            #expect(printed(ending).contains(line), "\(line): \(ending.output)")
        }
        for name in ["allow-mixed-devices", "no-projection", "limit"] {
            #expect(!printed(ending).contains { $0.hasPrefix(name) }, "\(name)")
        }
    }

    @Test func `what is printed is read back, and a flag wins`() throws {
        let (_, first) = try run(
            "rows: 32\nc4: [a.json, 'b c.json']\nsquad: q.json\n", ["--epochs", "3", "--print-config"])
        let (_, again) = try run(
            first.output.replacing(/(?m)^output: .*\n/, with: ""), ["--print-config", "--epochs", "4"])
        #expect(printed(first).contains("epochs: 3") && printed(again).contains("epochs: 4"), "\(first.output)")
        #expect(printed(again).count == printed(first).count)
        #expect(printed(again).contains("c4: [a.json, 'b c.json']") && printed(again).contains("squad: [q.json]"))
    }

    @Test(arguments: ["paper", "kvcomm", "reference", "quick"])
    func `a preset is printed as a file of settings, and taken by its name`(name: String) throws {
        let text = try ProgramProcess.run("coordinator", ["preset", name], in: scratch)
        #expect(text.code == 0 && text.errors.isEmpty)
        let models = ["--model-a", "a", "--model-b", "b", "--layer-k", "3", "--layer-j", "4", "--output", "o"]
        func printed(_ more: [String]) throws -> [String] {
            let ending = try ProgramProcess.run(
                "coordinator", ["run"] + models + more + ["--print-config"], in: scratch)
            #expect(ending.code == 0, "\(ending.errors)")
            return self.printed(ending).sorted()
        }
        let file = try scratch.file(holding: Data(text.output.utf8)).path
        let named = try printed(["--preset", name])
        #expect(try named == printed(["--config", file]) && named.count > 8)
        #expect(named.contains("layer-k: 3") && named.contains { $0.hasPrefix("countries: ") } == (name != "reference"))
    }

    @Test func `flags win over a file of settings, and that over a preset`() throws {
        let file = try scratch.file(holding: Data("limit: 7\nothers: 2\n".utf8)).path
        let given = ["--preset", "paper", "--config", file, "--others", "3", "--channel", "1:1"]
        let ending = try ProgramProcess.run(
            "coordinator", ["run", "--model-a", "a", "--model-b", "b", "--output", "o"] + given + ["--print-config"],
            in: scratch)
        for line in ["limit: 7", "others: 3", "rows: 3072", "channel: [1:1]"] {
            #expect(printed(ending).contains(line), "\(line): \(ending.output)")
        }
        // What stands in place of a preset's setting replaces it.
        #expect(!printed(ending).contains { $0.hasPrefix("layer-") })
    }

    @Test func `a preset that there is not is named with the nearest`() throws {
        for arguments in [["preset", "papers"], ["run", "--preset", "papers"]] {
            let ending = try ProgramProcess.run("coordinator", arguments, in: scratch)
            #expect(ending.code == 2 && ending.errors.contains("no preset 'papers'"), "\(ending.errors)")
            #expect(ending.errors.contains("did you mean 'paper'?") && ending.errors.contains("kvcomm"))
        }
    }

    @Test func `the sample holds every setting, as comments, within 80 columns`() throws {
        let ending = try ProgramProcess.run("coordinator", ["run", "--print-config"], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(printed(ending).isEmpty)
        for name in ["model-a", "layer-k", "c4", "squad", "rows", "conditions", "workers", "seed"] {
            #expect(ending.output.contains("\n# \(name): "), "\(name)")
        }
        #expect(ending.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: [
            ("list-of-experiments", ["experiments: [projection, similarity]", "rows: 32", "learning-rate: 1e-3"]),
            ("list-of-numbers-and-no", ["similarity-layers: [1, 2, 3]"]),
        ])
    func `files as people write them`(name: String, lines: [String]) throws {
        let text = try String(contentsOf: SharedData.path("cases/yaml/\(name).yaml"), encoding: .utf8)
        let (_, ending) = try run(text, ["--print-config"])
        #expect(ending.code == 0, "\(ending.errors)")
        for line in lines { #expect(printed(ending).contains(line), "\(ending.output)") }
        #expect(!printed(ending).contains { $0.hasPrefix("chat") })
    }
}
