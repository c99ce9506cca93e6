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

    /// The rows of those of the step's tokens that are in the pass.
    package func rows(of tokens: Range<Int>) -> Range<Int> {
        let present = tokens.clamped(to: self.tokens)
        let begin = firstRow + present.lowerBound - self.tokens.lowerBound
        return begin..<begin + present.count
    }

    /// The rows of the tokens in the pass among `tokens` of the step, each with what is written there.
    package func written(_ vectors: [[Float]], at tokens: Range<Int>) -> [(row: Int, vector: [Float])] {
        let rows = rows(of: tokens)
        let skipped = max(0, self.tokens.lowerBound - tokens.lowerBound)
        return zip(rows, vectors.dropFirst(skipped)).map { (row: $0, vector: $1) }
    }

    /// What is left of a pass where the last tokens alone go on: those of the steps that end in it, a row each.
    package static func last(of parts: [PassRows]) -> [PassRows] {
        parts.filter(\.isLast).enumerated().map { row, part in
            PassRows(
                step: part.step, firstRow: row, tokens: part.tokens.upperBound - 1..<part.tokens.upperBound,
                isLast: true)
        }
    }

    /// Whether the last tokens alone go on in the last of `depth` blocks, once all keys and values are stored: nothing
    /// else is read behind it.
    package static func narrows(_ parts: [PassRows], of steps: [SequenceStep], depth: Int) -> Bool {
        depth > 0 && parts.contains { !$0.isLast || $0.tokens.count > 1 }
            && !parts.contains { part in
                let step = steps[part.step]
                return step.headTokens.count > 1
                    || step.readsEveryToken && step.readings.contains(ActivationSite(afterBlocks: depth))
            }
    }

    /// A row whose head is wanted.
    package struct Head: Sendable {
        /// Index of the step.
        package let step: Int
        package let row: Int
        /// The row's place among the tokens that the step's head is computed of.
        package let place: Int
    }

    /// The rows of a stream whose head is wanted.
    package static func heads(of stream: [PassRows], _ steps: [SequenceStep]) -> [Head] {
        stream.flatMap { part in
            let wanted = steps[part.step].headTokens
            let present = wanted.clamped(to: part.tokens)
            return zip(part.rows(of: wanted), present).map { row, token in
                Head(step: part.step, row: row, place: token - wanted.lowerBound)
            }
        }
    }

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
