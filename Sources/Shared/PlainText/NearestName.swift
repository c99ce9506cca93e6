/// What somebody may have meant by a name that there is not.
package enum NearestName {
    /// The known name that takes the fewest changes of a character; nil where none is near.
    ///
    /// `_` for `-` and capitals count for nothing; of equally near names the first is taken.
    package static func of(_ name: String, among known: some Sequence<String>) -> String? {
        let wanted = plain(name)
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = distance(wanted, plain(candidate))
            if distance < best?.distance ?? max(2, wanted.count / 3 + 1) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// A question to put behind an error, such as `; did you mean 'rows'?`; empty where no name is near.
    package static func question(_ name: String, among known: some Sequence<String>) -> String {
        of(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    private static func plain(_ name: String) -> [Character] {
        // Nobody's name is longer, and the time is the product of both lengths.
        Array(name.prefix(100).lowercased().replacing("_", with: "-"))
    }

    /// Levenshtein's: insertions, deletions and replacements.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
