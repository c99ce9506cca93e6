import Devices
import Testing

/// Steps are cut into passes, in order, each as full as can be.
struct PassTests {
    /// Step and tokens of each part of each pass.
    private func cut(_ counts: [Int], _ limit: Int) -> [[String]] {
        PassRows.passes(tokenCounts: counts, rowLimit: limit).map { pass in
            pass.map { "\($0.step): \($0.tokens.lowerBound)-\($0.tokens.upperBound)\($0.isLast ? " end" : "")" }
        }
    }

    @Test func `steps that fit together are one pass`() {
        #expect(cut([2, 3, 1], 6) == [["0: 0-2 end", "1: 0-3 end", "2: 0-1 end"]])
    }

    @Test func `a step that does not fit goes on in the next pass`() {
        #expect(cut([2, 3], 4) == [["0: 0-2 end", "1: 0-2"], ["1: 2-3 end"]])
        #expect(cut([7], 3) == [["0: 0-3"], ["0: 3-6"], ["0: 6-7 end"]])
    }

    @Test(arguments: 1...9)
    func `every token stands in one pass, at a row of its own below the limit`(limit: Int) {
        let counts = [1, 5, 2, 8, 1, 1]
        var read = counts.map { _ in 0 }
        for pass in PassRows.passes(tokenCounts: counts, rowLimit: limit) {
            var row = 0
            for part in pass {
                #expect(part.firstRow == row && part.tokens.lowerBound == read[part.step] && !part.tokens.isEmpty)
                #expect(part.isLast == (part.tokens.upperBound == counts[part.step]))
                read[part.step] = part.tokens.upperBound
                row += part.tokens.count
            }
            #expect(row <= limit)
        }
        #expect(read == counts)
    }

    @Test func `no steps are no passes`() {
        #expect(cut([], 4).isEmpty)
    }
}
