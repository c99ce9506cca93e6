import Foundation
import Run
import Testing

@testable import CoordinatorHost

/// What a coordinator takes as a run's description: what it wrote itself, and nothing that it did not understand.
struct RunManifestTests {
    private static let manifest = try! made()

    /// - Parameter change: of the configuration.
    private static func made(
        modelB: String = "bb", squad: String = "dd", _ change: (inout RunConfiguration) -> Void = { _ in }
    ) throws -> RunManifest {
        var configuration = RunConfiguration(
            modelA: "a", modelB: "b", channels: [Channel(k: 2, j: 3)], experiments: [.projection])
        configuration.training.files = ["c4.jsonl"]
        configuration.evaluation.files = ["squad": ["squad.json"]]
        change(&configuration)
        var manifest = try RunManifest(
            software: "1", configuration: configuration, modelA: "aa", modelB: modelB,
            data: [
                DataFile(flag: "c4", name: configuration.training.files[0], sha256: "cc"),
                DataFile(flag: "squad", name: "squad.json", sha256: squad),
            ])
        manifest.deviceKinds = [.cpu]
        return manifest
    }

    /// What was written of a manifest.
    private static func text(_ manifest: RunManifest = manifest) throws -> String {
        let storage = MemoryStorage()
        try manifest.write(to: storage)
        return String(decoding: try #require(storage.files["run.json"]), as: UTF8.self)
    }

    private static func read(_ text: String) throws -> RunManifest? {
        try RunManifest.read(from: MemoryStorage(files: ["run.json": Data(text.utf8)]))
    }

    private static func refusal(_ text: String) throws -> String {
        "\(try #require(throws: HostError.self) { _ = try read(text) })"
    }

    @Test func `what was written is read back, and where nothing was written there is nothing`() throws {
        let storage = MemoryStorage()
        #expect(try RunManifest.read(from: storage) == nil)
        try Self.manifest.write(to: storage)
        #expect(try RunManifest.read(from: storage) == Self.manifest)
    }

    @Test func `a run of the release before is refused in one line that names the first field`() throws {
        let refusal = try Self.refusal(Self.releaseBefore)
        #expect(
            refusal == "memory/run.json: made by another version of the program (field configuration.channels is "
                + "missing); go on with that version, or name another --output")
    }

    @Test(arguments: [
        (#""seed" : 42,"#, #""seed" : 42, "layerK" : 2,"#, "field configuration.layerK is not understood"),
        (#""preset" :"#, #""squad" : "x", "preset" :"#, "field configuration.evaluation.squad is not understood"),
        (#""deviceKinds" :"#, #""device" :"#, "field deviceKinds is missing"),
        (#""sha256" : ""#, #""sha256" : "", "digest" : ""#, "field data[0].digest is not understood"),
        (#""chat" : false,"#, "", "field configuration.chat is missing"),
    ])
    func `a field that is not understood or missing is refused as another version's`(
        field: String, instead: String, cause: String
    ) throws {
        let text = try Self.text()
        try #require(text.contains(field))
        #expect(
            try Self.refusal(text.replacingOccurrences(of: field, with: instead))
                == "memory/run.json: made by another version of the program (\(cause)); go on with that version, or "
                + "name another --output")
    }

    @Test(arguments: [
        (#""seed" : 42,"#, #""seed" : 42, "seed" : 43,"#, "configuration.seed: expected one field of that name"),
        (#""2:3""#, #""2-3""#, "field configuration.channels[0]: expected a channel such as"),
        (#""chat" : false"#, #""chat" : 0"#, "field configuration.chat: "),
        ("}", "", "not valid JSON: byte "),
    ])
    func `a damaged file is refused with the place of the damage`(
        field: String, instead: String, cause: String
    ) throws {
        let text = try Self.text()
        try #require(text.contains(field))
        let refusal = try Self.refusal(text.replacingOccurrences(of: field, with: instead))
        #expect(refusal.hasPrefix("memory/run.json: cannot be read as a run's description ("), "\(refusal)")
        #expect(refusal.contains(cause), "\(refusal)")
        #expect(!refusal.contains("\n"))
    }

    @Test(arguments: [
        (#""seed" : 42"#, #""seed" : 43"#), (#""software" : "1""#, #""software" : "2""#),
        (#""name" : "squad.json""#, #""name" : "other.json""#), (#""cpu""#, #""cuda""#),
    ])
    func `a file that was edited is refused with what to do`(field: String, instead: String) throws {
        let text = try Self.text()
        try #require(text.contains(field))
        #expect(
            try Self.refusal(text.replacingOccurrences(of: field, with: instead))
                == "memory/run.json: not what the run wrote, so nobody can tell what its results are of; put the "
                + "original back, or name another --output")
    }

    @Test func `two runs differ in settings and contents, not in names`() throws {
        let same = try Self.made {
            $0.modelA = "elsewhere"
            $0.training.files = ["another.jsonl"]
        }
        #expect(same.run == Self.manifest.run)
        let other = try Self.made(modelB: "other", squad: "other") {
            $0.seed = 43
            $0.channels.append(Channel(k: 4, j: 4))
            $0.evaluation.limit = 3
            $0.projection = .none
        }
        #expect(other.run != Self.manifest.run)
        #expect(
            try Self.manifest.differences(from: other)
                == [
                    "--channel: 2:3 4:4 there, 2:3 here", "--squad: other there, dd here",
                    "--limit: 3 there, none here", "--model-b: other there, bb here",
                    "--projection: none there, trained here", "--seed: 43 there, 42 here",
                ])
        #expect(try Self.manifest.differences(from: Self.manifest) == ["run"])
    }

    @Test func `a run begins where there is nothing of another`() throws {
        let storage = MemoryStorage()
        #expect(try Self.manifest.existing(in: storage) == nil)
        #expect(try Self.manifest.begun(in: storage, besideRecords: false) == Self.manifest)
        #expect(try Self.manifest.existing(in: storage) == Self.manifest)
    }

    @Test(arguments: [("journal", true), ("training.checkpoint", false)])
    func `results without the description of their run are refused with what to do`(
        file: String, isJournal: Bool
    ) throws {
        let storage = MemoryStorage(files: isJournal ? [:] : [file: Data()])
        let error = try #require(throws: HostError.self) {
            try Self.manifest.begun(in: storage, besideRecords: isJournal)
        }
        #expect(
            "\(error)" == "memory has a run's \(file) and no run.json, so nobody can tell what its results are of; put "
                + "run.json back, or name another --output")
        #expect(storage.files["run.json"] == nil)
    }

    /// As version 0.1.0 wrote it while a run had one pair of layers.
    private static let releaseBefore = """
        {
          "configuration" : {
            "chat" : false,
            "computePrecision" : "bfloat16",
            "evaluation" : {
              "bPrompt" : "full",
              "gsm8k" : "/data/gsm8k.jsonl",
              "preset" : "standard",
              "squad" : "/data/squad.json"
            },
            "experiments" : [
              "projection",
              "similarity",
              "squad",
              "gsm8k"
            ],
            "layerJ" : 4,
            "layerK" : 4,
            "modelA" : "/models/a",
            "modelB" : "/models/b",
            "operation" : "replace",
            "seed" : 42,
            "similarity" : {
              "layers" : [

              ],
              "newTokens" : 20,
              "prompts" : [
                "The capital of France is"
              ]
            },
            "training" : {
              "batch" : 32,
              "cut" : "characters",
              "epochs" : 10,
              "files" : [
                "/data/c4.jsonl"
              ],
              "initialization" : "xavier",
              "learningRate" : 0.001,
              "maximumCharacters" : 512,
              "maximumTokens" : 512,
              "minimumCharacters" : 50,
              "rows" : 3072,
              "shardRows" : 8
            }
          },
          "data" : {
            "/data/c4.jsonl" : "cc",
            "/data/gsm8k.jsonl" : "dd",
            "/data/squad.json" : "ee"
          },
          "deviceKind" : "cpu",
          "modelA" : "aa",
          "modelB" : "bb",
          "run" : "ff",
          "software" : "0.1.0"
        }
        """
}
