/// Tokens of one step that are computed in the same pass: consecutive ones of one sequence.
package struct PassRows: Hashable, Sendable {
    /// Index of the step.
    package let step: Int
    /// Index of the first row in the pass.
    package let firstRow: Int
    /// Which of the step's tokens they are.
    package let tokens: Range<Int>
    /// Whether the step's last token is among them.
    package let isLast: Bool

    package var lastRow: Int { firstRow + tokens.count - 1 }

    /// Cuts steps of so many tokens into passes of at most `rowLimit` rows, in order, each as full as can be.
    package static func passes(tokenCounts: [Int], rowLimit: Int) -> [[PassRows]] {
        var passes: [[PassRows]] = []
        var room = 0
        for (step, count) in tokenCounts.enumerated() {
            var read = 0
            while read < count {
                if room == 0 {
                    passes.append([])
                    room = rowLimit
                }
                let end = min(count, read + room)
                passes[passes.count - 1].append(
                    PassRows(step: step, firstRow: rowLimit - room, tokens: read..<end, isLast: end == count))
                room -= end - read
                read = end
            }
        }
        return passes
    }
}
