package import Foundation
import PlainText

/// A model as Hugging Face folders hold it: `config.json`, `tokenizer.json`, safetensors weights in one file or in
/// shards with an index. What is opened here is checked for presence and form; the weights' own headers are read
/// by whoever loads them.
package struct ModelFolder: Sendable {
    /// The folder.
    package let url: URL
    package let configuration: ModelConfiguration
    /// `model.safetensors`, or the shards in the order of their names.
    package let weightFiles: [URL]
    /// `tokenizer.json`. Whether it exists is seen when it is read.
    package let tokenizerFile: URL

    private static let indexBytes = 64 << 20

    /// Reads and checks the folder that `path` means: a folder, or a model's id on the Hugging Face hub, such as
    /// `meta-llama/Llama-3.2-1B`, that is in the local cache.
    /// - Parameter ignoring: fields of config.json that are taken as not being there.
    package init(
        path: String, cache: HubCache = HubCache(), ignoring: Set<String> = []
    ) throws(ModelFolderError) {
        url = try Self.locate(path, in: cache)
        if !BoundedFile.exists(url.appendingPathComponent("config.json")) { try Self.refuseOtherLayout(of: url) }
        let generation = url.appendingPathComponent("generation_config.json")
        configuration = try ModelConfiguration(
            config: url.appendingPathComponent("config.json"),
            generationConfig: BoundedFile.exists(generation) ? generation : nil, ignoring: ignoring)
        weightFiles = try Self.findWeights(in: url)
        tokenizerFile = url.appendingPathComponent("tokenizer.json")
    }

    private static func findWeights(in folder: URL) throws(ModelFolderError) -> [URL] {
        let single = folder.appendingPathComponent("model.safetensors")
        if BoundedFile.exists(single) { return [single] }
        let index = folder.appendingPathComponent("model.safetensors.index.json")
        if BoundedFile.exists(index) { return try shards(of: index, in: folder) }

        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let pickles = names.filter { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }.sorted()
        if let pickle = pickles.first { throw .noWeights(path: folder.path, reason: refusal(of: pickle, in: folder)) }
        try refuseOtherLayout(of: folder)
        throw .noWeights(
            path: folder.path, reason: "neither model.safetensors nor model.safetensors.index.json is there")
    }

    /// Why a pickle is not read, and the command that makes safetensors of it.
    private static func refusal(of pickle: String, in folder: URL) -> String {
        let reason = "\(pickle.prefix(80)) is a pickle, which can run any code when it is read; "
        guard pickle.hasSuffix(".bin") else {
            return reason
                + "take the model's safetensors files, or convert it with the script for its family in transformers"
        }
        return reason
            + "to convert it to safetensors in place: python3 -c \"import sys; "
            + "from transformers import AutoModelForCausalLM as M; "
            + "M.from_pretrained(sys.argv[1], dtype='auto').save_pretrained(sys.argv[1])\" \(ShellText.quoted(folder.path))"
    }

    /// The files that an index names, each once, in the order of their names.
    private static func shards(of index: URL, in folder: URL) throws(ModelFolderError) -> [URL] {
        let map = try ConfigurationField(contentsOf: index, limit: indexBytes).required("weight_map")
        let tensors = try map.members()
        guard !tensors.isEmpty else { throw map.invalid("an object of tensor names and files") }
        var names: Set<String> = []
        for (_, field) in tensors {
            // A shard is a file of this folder: a name with a path in it could point anywhere.
            guard case .string(let name) = field.value, name.hasSuffix(".safetensors"),
                !name.utf8.contains(UInt8(ascii: "/")),
                !name.utf8.contains(0), name.utf8.count <= 255
            else { throw field.invalid("the name of a .safetensors file beside the index") }
            names.insert(name)
        }
        var files: [URL] = []
        for name in names.sorted() {
            let file = folder.appendingPathComponent(name)
            guard BoundedFile.exists(file) else {
                throw .unreadable(path: file.path, reason: "no such file, though \(index.lastPathComponent) names it")
            }
            files.append(file)
        }
        return files
    }
}
