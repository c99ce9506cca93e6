import Foundation
import JSON
import Run

/// Reading is strict: a field that stands twice, is missing or is none that a run has is refused by name, since a run
/// that goes on under settings that were not understood would be another one.
extension RunManifest {
    /// Reads a run's manifest; nil where there is none yet.
    /// - Throws: ``HostError/unreadableManifest(path:cause:)`` where the file is damaged,
    ///   ``HostError/otherVersion(path:cause:)`` where its fields are not this version's.
    static func read(from storage: some RunStorage) throws -> RunManifest? {
        let path = storage.path(of: RunFiles.manifest)
        let data: Data
        let document: JSONValue
        do {
            guard let found = try storage.read(RunFiles.manifest) else { return nil }
            data = found
            document = try JSONField<JSONError>(file: path, bytes: [UInt8](data)).value
        } catch {
            throw HostError.unreadableManifest(path: path, cause: (error as? JSONError)?.placedCause ?? "\(error)")
        }
        let manifest = try decode(data, path: path)
        // What is written again lacks the fields that were not understood.
        if let field = document.firstMember(missingIn: try JSONValue(encoding: manifest)) {
            throw HostError.otherVersion(path: path, cause: "field \(field) is not understood")
        }
        return manifest
    }

    private static func decode(_ data: Data, path: String) throws(HostError) -> RunManifest {
        do {
            return try JSONDecoder().decode(RunManifest.self, from: data)
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

    /// The names of the settings in which two manifests of different runs differ.
    func differences(from other: RunManifest) throws -> [String] {
        let differing = try settings.differences(from: other.settings)
        // Equal settings of different digests: one of them was written by a version that took it otherwise.
        return differing.isEmpty ? ["run"] : differing
    }

    /// The inputs alone, files by their digests: where they lie does not matter.
    private var settings: JSONValue {
        get throws {
            var named = self
            (named.software, named.run, named.deviceKind, named.data) = ("", "", nil, [:])
            (named.configuration.modelA, named.configuration.modelB) = ("", "")
            named.configuration.training.files = configuration.training.files.map { data[$0] ?? $0 }
            named.configuration.evaluation.files = configuration.evaluation.files.mapValues { data[$0] ?? $0 }
            return try JSONValue(encoding: named)
        }
    }
}

extension JSONValue {
    /// The path of the first member, in the document's order, that the other document lacks; null says nothing.
    fileprivate func firstMember(missingIn other: JSONValue, at place: JSONPath = .start("")) -> String? {
        guard case .object(let members) = self, case .object(let others) = other else { return nil }
        for member in members where member.value != .null {
            let place = JSONPath.member(of: place, member.name)
            guard let found = others.first(where: { $0.name == member.name }) else { return place.text }
            if let inside = member.value.firstMember(missingIn: found.value, at: place) { return inside }
        }
        return nil
    }

    /// The paths of the members of either document that are not the same in both, sorted.
    fileprivate func differences(from other: JSONValue) -> [String] {
        let (mine, theirs) = (leaves(at: .start("")), other.leaves(at: .start("")))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }

    /// The members that are no objects, by their paths.
    private func leaves(at place: JSONPath) -> [String: JSONValue] {
        guard case .object(let members) = self else { return [place.text: self] }
        return members.reduce(into: [:]) { leaves, member in
            leaves.merge(member.value.leaves(at: .member(of: place, member.name))) { first, _ in first }
        }
    }
}
