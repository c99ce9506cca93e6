import Foundation

/// The texts and items of a run that a model cannot read, such as those with a token that it has no embedding for: so
/// many may be passed over, and the first of them is named.
package struct UnreadableTexts: Hashable, Sendable {
    /// How many are passed over at most.
    package let limit: Int
    package private(set) var count = 0
    private var first: String?

    package init(limit: Int) {
        self.limit = limit
    }

    /// What a reader of the figures must know.
    package var remarks: [String] {
        first.map { ["passed over \(count) text\(count == 1 ? "" : "s") that a model cannot read; the first: \($0)"] }
            ?? []
    }

    /// Counts one more.
    /// - Parameter place: the line or item of the file.
    /// - Throws: ``DatasetError/unreadableText(place:cause:limit:)`` where that is one too many.
    package mutating func passOver(_ place: String, of file: String, cause: String) throws(DatasetError) {
        guard count < limit else { throw .unreadableText(place: "\(file), \(place)", cause: cause, limit: limit) }
        count += 1
        // Files are known by their names in what a run writes, wherever they lie.
        if first == nil { first = "\(URL(fileURLWithPath: file).lastPathComponent), \(place): \(cause)" }
    }
}
