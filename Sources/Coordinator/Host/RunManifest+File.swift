import Foundation
import JSON
import Run
import Storage

/// `run.json`: the manifest, and the digest of all that stands in it, so that it is known as what the run wrote.
///
/// Reading is strict: a field that stands twice, is missing or is none that a run has is refused by name, since a run
/// that goes on under settings that were not understood would be another one.
extension RunManifest {
    private struct File: Codable {
        var manifest: RunManifest
        /// SHA-256 of the manifest as it is encoded.
        var sha256: String

        private enum Key: String, CodingKey { case sha256 }

        init(_ manifest: RunManifest) throws {
            self.manifest = manifest
            sha256 = ContentHasher.digest(of: try RunManifest.encode(manifest)).hex
        }

        init(from decoder: any Decoder) throws {
            manifest = try RunManifest(from: decoder)
            sha256 = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .sha256)
        }

        func encode(to encoder: any Encoder) throws {
            try manifest.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(sha256, forKey: .sha256)
        }
    }

    func write(to storage: some RunStorage) throws {
        try storage.write(Self.encode(File(self)) + Data("\n".utf8), to: RunFiles.manifest)
    }

    /// Reads a run's manifest; nil where there is none yet.
    /// - Throws: ``HostError/unreadableManifest(path:cause:)`` where the file is damaged,
    ///   ``HostError/otherVersion(path:cause:)`` where its fields are not this version's,
    ///   ``HostError/editedManifest(path:)`` where it is not what a run wrote.
    static func read(from storage: some RunStorage) throws -> RunManifest? {
        let path = storage.path(of: RunFiles.manifest)
        let data: Data
        let document: JSONValue
        do {
            guard let found = try storage.read(RunFiles.manifest, limit: 16 << 20) else { return nil }
            data = found
            document = try JSONField<JSONError>(file: path, bytes: [UInt8](data)).value
        } catch {
            throw HostError.unreadableManifest(path: path, cause: (error as? JSONError)?.placedCause ?? "\(error)")
        }
        let file = try decode(data, path: path)
        // What is written again lacks the fields that were not understood.
        if let field = document.firstMember(missingIn: try JSONValue(encoding: file)) {
            throw HostError.otherVersion(path: path, cause: "field \(field) is not understood")
        }
        guard try File(file.manifest).sha256 == file.sha256 else { throw HostError.editedManifest(path: path) }
        return file.manifest
    }

    private static func decode(_ data: Data, path: String) throws(HostError) -> File {
        do {
            return try JSONDecoder().decode(File.self, from: data)
        } catch DecodingError.keyNotFound(let key, let context) {
            throw .otherVersion(path: path, cause: "field \(place(context.codingPath + [key])) is missing")
        } catch DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            let field = place(context.codingPath)
            throw .unreadableManifest(
                path: path, cause: (field.isEmpty ? "" : "field \(field): ") + context.debugDescription)
        } catch {
            throw .unreadableManifest(path: path, cause: "\(error)")
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce(JSONPath.start("")) { place, key in
            key.intValue.map { .element(of: place, $0) } ?? .member(of: place, key.stringValue)
        }.text
    }
}

extension JSONValue {
    /// The path of the first member, in the document's order, that the other document lacks; null says nothing.
    fileprivate func firstMember(missingIn other: JSONValue, at place: JSONPath = .start("")) -> String? {
        if case .array(let elements) = self, case .array(let others) = other {
            return zip(elements, others).enumerated().lazy.compactMap { index, pair in
                pair.0.firstMember(missingIn: pair.1, at: .element(of: place, index))
            }.first
        }
        guard case .object(let members) = self, case .object(let others) = other else { return nil }
        for member in members where member.value != .null {
            let place = JSONPath.member(of: place, member.name)
            guard let found = others.first(where: { $0.name == member.name }) else { return place.text }
            if let inside = member.value.firstMember(missingIn: found.value, at: place) { return inside }
        }
        return nil
    }
}
