import Foundation
import ModelFolders
import TestSupport
import Testing

/// The tensors that a configuration asks for, against those that transformers wrote for it.
struct ModelLayoutTests {
    /// Names and shapes in a safetensors header.
    private static func stored(_ folder: URL) throws -> [String: [Int]] {
        var tensors: [String: [Int]] = [:]
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in names where name.hasSuffix(".safetensors") {
            let data = try Data(contentsOf: folder.appendingPathComponent(name))
            let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let object = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]]
            for (name, entry) in try #require(object) where name != "__metadata__" {
                tensors[name] = try #require(entry["shape"] as? [Int])
            }
        }
        return tensors
    }

    @Test(arguments: [
        "Families/mistral", "Families/qwen2", "Families/qwen3", "Families/gemma2", "Families/llama-biases",
        "Families/llama-dynamic", "Families/llama-yarn", "Families/qwen2-yarn", "Models/linear-rope-tied",
        "Models/llama3-rope-sharded",
    ])
    func `names and shapes are those that transformers writes, no more and no less`(_ name: String) throws {
        let url = Repository.fixture(name)
        let tensors = ModelLayout(try ModelFolder(path: url.path).configuration).tensors
        #expect(try Dictionary(tensors.map { ($0.name, $0.shape) }) { first, _ in first } == Self.stored(url))
        #expect(Set(tensors).count == tensors.count)
    }
}
