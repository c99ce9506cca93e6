import ArgumentParser
import Run

/// Channels from every block of one range to every block of another: `1-30:1-30`, with steps `2-30/4:8-32/8`, or with one
/// block on a side `26:1-30`.
struct ChannelRange: ExpressibleByArgument {
    let k: BlockRange
    let j: BlockRange

    init?(argument: String) {
        let sides = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard sides.count == 2, let k = BlockRange(String(sides[0])), let j = BlockRange(String(sides[1])) else {
            return nil
        }
        (self.k, self.j) = (k, j)
    }

    /// k by k.
    var channels: [Channel] { k.blocks.flatMap { k in j.blocks.map { Channel(k: k, j: $0) } } }

    func validate() throws {
        for (model, range) in [("A", k), ("B", j)] where range.count > MessageLimits.sites {
            throw ValidationError(
                "--channels: \(range.count) blocks of \(model), expected at most \(MessageLimits.sites); take steps, such as "
                    + "1-60/2")
        }
    }

    /// Block counts, so many apart.
    struct BlockRange {
        let first: Int
        let last: Int
        let step: Int

        /// More than any model has.
        private static let blockLimit = 1 << 20

        /// Reads `4`, `1-30` or `1-30/2`; nil for anything else, or a range that ends before it begins.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count <= 2, (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first <= last, last < Self.blockLimit, ends.count == 2 || parts.count == 1,
                let step = parts.count == 2 ? Int(parts[1]) : 1, step > 0
            else { return nil }
            (self.first, self.last, self.step) = (first, last, step)
        }

        var count: Int { (last - first) / step + 1 }
        var blocks: StrideThrough<Int> { stride(from: first, through: last, by: step) }
    }
}
