import Foundation
package import Run
import Storage

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
    package var deviceKind: DeviceKind?

    /// The digest of the inputs: of the configuration without its paths, and of the contents that these lead to.
    static func digest(
        of configuration: RunConfiguration, modelA: String, modelB: String, data: [(path: String, digest: String)]
    ) throws -> String {
        var named = configuration
        named.modelA = modelA
        named.modelB = modelB
        let byPath = Dictionary(data.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first })
        named.training.files = configuration.training.files.map { byPath[$0] ?? $0 }
        named.evaluation.files = configuration.evaluation.files.mapValues { byPath[$0] ?? $0 }
        return ContentHasher.digest(of: try encode(named)).hex
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    func write(to storage: some RunStorage) throws {
        try storage.write(Self.encode(self) + Data("\n".utf8), to: RunFiles.manifest)
    }
}
