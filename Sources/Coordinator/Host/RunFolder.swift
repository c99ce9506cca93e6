package import Foundation
package import Run
package import Storage

/// The output folder of a run.
package struct RunFolder: RunStorage, Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    package var path: String { url.path }
    /// What local workers print.
    package var logs: URL { url.appendingPathComponent("logs") }

    package func url(of file: String) -> URL { url.appendingPathComponent(file) }

    package func create() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
            throw HostError.notAFolder(path: path)
        }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package func journal(replay: (Journal.Record) throws -> Void) throws -> Journal {
        try Journal(folder: url, replay: replay)
    }

    package func read(_ file: String) throws -> Data? {
        guard FileManager.default.fileExists(atPath: url(of: file).path) else { return nil }
        return try Data(contentsOf: url(of: file))
    }

    package func write(
        _ file: String, _ body: (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try AtomicFile.write(to: url(of: file)) { writer in try body { try writer.write($0) } }
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

    /// Reads a run's manifest; nil where there is none yet.
    static func read(from storage: some RunStorage) throws -> RunManifest? {
        do {
            guard let data = try storage.read(RunFiles.manifest) else { return nil }
            return try JSONDecoder().decode(RunManifest.self, from: data)
        } catch {
            throw HostError.unreadableManifest(path: storage.path(of: RunFiles.manifest), cause: "\(error)")
        }
    }

    func write(to storage: some RunStorage) throws {
        try storage.write(Self.encode(self) + Data("\n".utf8), to: RunFiles.manifest)
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
            named.configuration.evaluation.files = named.configuration.evaluation.files.mapValues {
                manifest.data[$0] ?? $0
            }
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
