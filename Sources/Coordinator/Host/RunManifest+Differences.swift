import JSON
import PlainText
import Run

extension RunManifest {
    /// The settings in which two manifests of different runs differ, by their flags: what stands in `other` and what
    /// here.
    func differences(from other: RunManifest) throws -> [String] {
        let (here, there) = (try Self.settings(of: self), try Self.settings(of: other))
        let names = Set(here.keys).union(there.keys).filter { here[$0] != there[$0] }.sorted()
        // Equal settings of different digests: one of them was written by a version that took it otherwise.
        guard !names.isEmpty else { return ["run"] }
        return names.map { name in
            "\(flag(of: name)): \(Self.shown(there[name])) there, \(Self.shown(here[name])) here"
        }
    }

    /// The values of ``contents`` that are no objects, by their paths.
    private static func settings(of manifest: RunManifest) throws -> [String: JSONValue] {
        try JSONValue(encoding: manifest.contents).leaves(at: .start(""))
    }

    /// The flag of a setting; its name is the setting's own but for these.
    private func flag(of path: String) -> String {
        let named = [
            "operation": "op", "channels": "channel", "training.files": configuration.training.fitOn ?? "c4",
            "training.initialization": "init",
            "training.maximumTokens": "max-tokens", "evaluation.preset": "protocol",
            "similarity.layers": "similarity-layers", "similarity.newTokens": "similarity-tokens",
            "similarity.prompts": "similarity-prompts",
        ]
        if let flag = named[path] { return "--" + flag }
        let name = path.split(separator: ".").last ?? ""
        return "--" + name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    }

    /// A value as it fits into a message; of a model or a file the beginning of its digest.
    private static func shown(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null?: "none"
        case .string(let text)?: text.utf8.count == 64 ? "content \(text.prefix(12))" : PrintableText.quoted(text)
        case .array(let elements)?: PrintableText.quoted(elements.map(shown).joined(separator: " "), limit: 200)
        case let value?: PrintableText.quoted(value.compact)
        }
    }
}

extension JSONValue {
    /// The members that are no objects, by their paths.
    fileprivate func leaves(at place: JSONPath) -> [String: JSONValue] {
        guard case .object(let members) = self else { return [place.text: self] }
        return members.reduce(into: [:]) { leaves, member in
            leaves.merge(member.value.leaves(at: .member(of: place, member.name))) { first, _ in first }
        }
    }
}
