import JSON
import Run

extension RunManifest {
    /// The names of the settings in which two manifests of different runs differ.
    func differences(from other: RunManifest) throws -> [String] {
        let differing = try JSONValue(encoding: contents).differences(from: JSONValue(encoding: other.contents))
        // Equal settings of different digests: one of them was written by a version that took it otherwise.
        return differing.isEmpty ? ["run"] : differing
    }
}

extension JSONValue {
    /// The paths of the members of either document that are not the same in both, sorted.
    fileprivate func differences(from other: JSONValue) -> [String] {
        let place = JSONPath.start("configuration")
        let (mine, theirs) = (leaves(at: place), other.leaves(at: place))
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
