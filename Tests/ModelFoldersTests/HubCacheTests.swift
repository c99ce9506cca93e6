import Foundation
import ModelFolders
import TestSupport
import Testing

/// Models are found by their id in a cache laid out as Hugging Face's tools do it.
struct HubCacheTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private static let commit = "0123456789abcdef0123456789abcdef01234567"
    private static let config = """
        {"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,"vocab_size":9}
        """

    /// A cache that holds `org/tiny`, its files linked to blobs.
    private func cache(reference: String = commit) throws -> URL {
        let root = try temporary.folder()
        let model = root.appendingPathComponent("models--org--tiny")
        let snapshot = model.appendingPathComponent("snapshots/\(Self.commit)")
        for folder in [snapshot, model.appendingPathComponent("refs"), model.appendingPathComponent("blobs")] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try Data(reference.utf8).write(to: model.appendingPathComponent("refs/main"))
        for (name, text) in ["config.json": Self.config, "model.safetensors": "weights"] {
            try Data(text.utf8).write(to: model.appendingPathComponent("blobs/\(name)-blob"))
            try FileManager.default.createSymbolicLink(
                atPath: snapshot.appendingPathComponent(name).path, withDestinationPath: "../../blobs/\(name)-blob")
        }
        return root
    }

    @Test func `a model's id is looked up in the cache, and its linked files are read`() throws {
        let root = try cache()
        let folder = try ModelFolder(path: "org/tiny", cache: HubCache(environment: ["HF_HUB_CACHE": root.path]))
        #expect(folder.url.path == "\(root.path)/models--org--tiny/snapshots/\(Self.commit)")
        #expect(folder.configuration.hiddenSize == 8)
        #expect(folder.weightFiles.map(\.lastPathComponent) == ["model.safetensors"])
        // The same model as a plain folder has the same fingerprint.
        let plain = try temporary.folder()
        try Data(Self.config.utf8).write(to: plain.appendingPathComponent("config.json"))
        try Data("weights".utf8).write(to: plain.appendingPathComponent("model.safetensors"))
        #expect(try folder.fingerprint() == ModelFolder(path: plain.path).fingerprint())
    }

    @Test func `the variables are looked at in the order of the hub's own library`() {
        func root(_ environment: [String: String]) -> String { HubCache(environment: environment).root.path }
        let all = ["HF_HUB_CACHE": "/a", "HF_HOME": "/b", "XDG_CACHE_HOME": "/c", "HOME": "/d"]
        #expect(root(all) == "/a")
        #expect(root(all.filter { $0.key != "HF_HUB_CACHE" }) == "/b/hub")
        #expect(root(["XDG_CACHE_HOME": "/c", "HOME": "/d"]) == "/c/huggingface/hub")
        #expect(root(["HOME": "/d"]) == "/d/.cache/huggingface/hub")
        #expect(root(["HUGGINGFACE_HUB_CACHE": "/e", "HF_HOME": "/b"]) == "/e")
        #expect(root(["HUGGINGFACE_HUB_CACHE": "/e", "HF_HUB_CACHE": "/a"]) == "/a")
    }

    /// As huggingface_hub 2.4's constants.py has them with these variables.
    @Test(arguments: [
        (["HF_HUB_CACHE": "~/c", "HOME": "/d"], "/d/c"), (["HF_HUB_CACHE": "$X/c", "X": "/x"], "/x/c"),
        (["HF_HUB_CACHE": "/${X}y/$X", "X": "x"], "/xy/x"), (["HF_HOME": "~", "HOME": "/d/"], "/d/hub"),
        (["HF_HOME": "$X", "X": "/x"], "/x/hub"), (["HUGGINGFACE_HUB_CACHE": "~/$X", "HOME": "/d", "X": "x"], "/d/x"),
        (["HF_HUB_CACHE": "/$NONE/${NONE}/${X/$"], "/$NONE/${NONE}/${X/$"),
        (["XDG_CACHE_HOME": "$X", "X": "/x", "HOME": "/d"], "/x/huggingface/hub"),
    ])
    func `home and variables are put into paths as Python puts them`(_ environment: [String: String], _ path: String) {
        #expect(HubCache(environment: environment).root.path == path)
    }

    @Test func `a branch, a tag or a commit is named behind the id`() throws {
        let root = try cache()
        let model = root.appendingPathComponent("models--org--tiny")
        let refs = model.appendingPathComponent("refs/refs/pr")
        try FileManager.default.createDirectory(at: refs, withIntermediateDirectories: true)
        try Data(Self.commit.utf8).write(to: refs.appendingPathComponent("1"))
        let cache = HubCache(environment: ["HF_HUB_CACHE": root.path])
        for name in ["org/tiny", "org/tiny@main", "org/tiny@refs/pr/1", "org/tiny@\(Self.commit)"] {
            #expect(try ModelFolder.locate(name, in: cache).lastPathComponent == Self.commit)
        }
        let error = #expect(throws: ModelFolderError.self) { try ModelFolder.locate("org/tiny@v2", in: cache) }
        #expect(error?.description.hasSuffix(": hf download org/tiny --revision v2") == true)
        for name in ["org/tiny@", "org/tiny@../x", "org/tiny@a//b", "org/tiny@a b", "org/tiny@/a", "org/tiny@.a"] {
            let error = ModelFolderError.unreadable(path: name, reason: "no such folder")
            #expect(throws: error) { try ModelFolder.locate(name, in: cache) }
        }
    }

    @Test func `a model that was not downloaded is refused with the command that downloads it`() throws {
        let cache = HubCache(environment: ["HF_HUB_CACHE": try temporary.folder().path])
        let error = #expect(throws: ModelFolderError.self) {
            try ModelFolder(path: "meta-llama/Llama-3.2-1B", cache: cache)
        }
        #expect(error == .notDownloaded(name: "meta-llama/Llama-3.2-1B", revision: nil, cache: cache.root.path))
        let description = error?.description ?? ""
        #expect(description.hasSuffix(": hf download meta-llama/Llama-3.2-1B"))
        #expect(description.contains(cache.root.path) && !description.contains("\n"))
    }

    @Test(arguments: ["../../etc", "..", "", "\(commit)/..", "no-such-commit", "a\u{0}b"])
    func `a reference that names no snapshot is passed over`(_ reference: String) throws {
        let cache = HubCache(environment: ["HF_HUB_CACHE": try cache(reference: reference).path])
        #expect(cache.snapshot(of: "org/tiny") == nil)
    }

    @Test(arguments: [
        "a/", "/a", "a/b/c", "../a", "a/..", "a/b c", "a/b'", "$(x)/y", "a--b", ".hidden/x", "-x/y", "a\nb", "ä/b",
    ])
    func `what can be no id is only ever a folder`(_ name: String) {
        #expect(!HubCache.isModelID(name))
        #expect(throws: ModelFolderError.unreadable(path: name, reason: "no such folder")) {
            try ModelFolder(path: "\(name)")
        }
    }

    @Test func `a folder comes before a model of the same name`() throws {
        let folder = try temporary.folder()
        #expect(try ModelFolder.locate(folder.path).path == folder.path)
        for name in ["gpt2", "Qwen/Qwen2.5-1.5B", "google/gemma-2-2b", "TinyLlama/TinyLlama_v1.1"] {
            #expect(HubCache.isModelID(name))
        }
    }
}
