package import Foundation
package import Run
import Storage

/// The output folder of a run and the names of its files.
package struct RunFolder: Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    package var manifest: URL { url.appendingPathComponent("run.json") }
    package var checkpoint: URL { url.appendingPathComponent("training.checkpoint") }
    /// What local workers print.
    package var logs: URL { url.appendingPathComponent("logs") }

    package func projection(dimensionA: Int, dimensionB: Int, layerK: Int, layerJ: Int) -> URL {
        url.appendingPathComponent("projection_\(dimensionA)_to_\(dimensionB)_k\(layerK)_j\(layerJ).safetensors")
    }
}

/// What `run.json` says: the run's inputs, so that the run can be told from others, continued and repeated.
package struct RunManifest: Codable, Hashable, Sendable {
    /// Version of the product that began the run.
    package var software: String
    /// The run's digest: what the configuration, models and data come to.
    package var run: String
    package var configuration: RunConfiguration
    /// SHA-256 of the model folders' contents, hexadecimal.
    package var modelA: String
    package var modelB: String
    /// SHA-256 of the data files, by the path that was given.
    package var data: [String: String]
    /// The kind of device that the results were computed on; nil before a worker has come.
    package var deviceKind: String?

    /// The digest of the inputs: of the configuration without its paths, and of the contents that these lead to.
    static func digest(
        of configuration: RunConfiguration, modelA: String, modelB: String, data: [(path: String, digest: String)]
    ) throws -> String {
        var named = configuration
        named.modelA = modelA
        named.modelB = modelB
        let byPath = Dictionary(data.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first })
        named.training.files = configuration.training.files.map { byPath[$0] ?? $0 }
        named.evaluation.squad = configuration.evaluation.squad.map { byPath[$0] ?? $0 }
        named.evaluation.gsm8k = configuration.evaluation.gsm8k.map { byPath[$0] ?? $0 }
        return ContentHasher.digest(of: try encode(named)).hex
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// Reads the folder's manifest; nil where there is none yet.
    static func read(from folder: RunFolder) throws -> RunManifest? {
        guard FileManager.default.fileExists(atPath: folder.manifest.path) else { return nil }
        do {
            return try JSONDecoder().decode(RunManifest.self, from: Data(contentsOf: folder.manifest))
        } catch {
            throw HostError.unreadableManifest(path: folder.manifest.path, cause: "\(error)")
        }
    }

    func write(to folder: RunFolder) throws {
        try AtomicFile.write(Self.encode(self) + Data("\n".utf8), to: folder.manifest)
    }

    /// The names of the settings in which two manifests differ.
    func differences(from other: RunManifest) throws -> [String] {
        func flattened(_ manifest: RunManifest) throws -> [String: String] {
            var named = manifest
            named.software = ""
            named.run = ""
            named.deviceKind = nil
            // Where the inputs lie does not matter, only what they are.
            named.configuration.modelA = ""
            named.configuration.modelB = ""
            named.configuration.training.files = named.configuration.training.files.map { manifest.data[$0] ?? $0 }
            named.configuration.evaluation.squad = named.configuration.evaluation.squad.map { manifest.data[$0] ?? $0 }
            named.configuration.evaluation.gsm8k = named.configuration.evaluation.gsm8k.map { manifest.data[$0] ?? $0 }
            named.data = [:]
            var leaves: [String: String] = [:]
            func visit(_ value: Any, _ path: String) {
                if let object = value as? [String: Any] {
                    for (key, child) in object { visit(child, path.isEmpty ? key : "\(path).\(key)") }
                } else {
                    leaves[path] = "\(value)"
                }
            }
            visit(try JSONSerialization.jsonObject(with: Self.encode(named)), "")
            return leaves
        }
        let (mine, theirs) = (try flattened(self), try flattened(other))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }
}
