import PlainText
import Yams

/// The keys of a task's file, or of one of its parts.
struct OwnTaskSettings {
    let file: String
    private let values: [String: Node]
    private let path: String?

    /// - Parameter path: the key that these stand under; nil for the file's own.
    init(file: String, _ mapping: Node.Mapping, path: String?, known: [String]) throws(OwnTaskError) {
        self.file = file
        self.path = path
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard known.contains(name) else {
                throw .unknownKey(
                    file: file, key: Self.name(name, path), nearest: NearestName.of(name, among: known), known: known)
            }
            values[name] = value
        }
        self.values = values
    }

    private static func name(_ key: String, _ path: String?) -> String { (path.map { "\($0)." } ?? "") + key }

    func has(_ key: String) throws(OwnTaskError) -> Bool { values[key] != nil }

    func text(_ key: String) throws(OwnTaskError) -> String? {
        guard let node = values[key] else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else { throw invalid(key, "a text") }
        return text
    }

    func required(_ key: String, purpose: String) throws(OwnTaskError) -> String {
        guard let text = try text(key) else {
            throw .missing(file: file, key: Self.name(key, path), purpose: purpose)
        }
        return text
    }

    /// A list of texts, or one text.
    func texts(_ key: String) throws(OwnTaskError) -> [String]? {
        guard let node = values[key] else { return nil }
        if let text = node.scalar?.string { return [text] }
        let texts = node.sequence?.compactMap(\.scalar?.string) ?? []
        guard let count = node.sequence?.count, count == texts.count else { throw invalid(key, "a list of texts") }
        return texts
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws(OwnTaskError) -> Int? {
        guard let text = try text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalid(
                file: file, key: Self.name(key, path), expected: "\(range.lowerBound) to \(range.upperBound)",
                found: "'\(text)'")
        }
        return number
    }

    func part(_ key: String, known: [String], purpose: String) throws(OwnTaskError) -> OwnTaskSettings {
        guard let node = values[key] else { throw .missing(file: file, key: key, purpose: purpose) }
        guard let mapping = node.mapping else { throw invalid(key, "keys and values") }
        return try OwnTaskSettings(file: file, mapping, path: key, known: known)
    }

    private func invalid(_ key: String, _ expected: String) -> OwnTaskError {
        .invalid(file: file, key: Self.name(key, path), expected: expected, found: "something else")
    }
}
