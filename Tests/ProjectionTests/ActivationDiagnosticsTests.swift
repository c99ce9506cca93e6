import Projection
import Run
import Testing

/// Figures of numpy: scripts/make-references/diagnostics.py.
struct ActivationDiagnosticsTests {
    private func matrix(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> FloatMatrix {
        FloatMatrix(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { Float(value($0 / columns, $0 % columns)) })
    }

    @Test func `norms, shares, losses and alignments are numpy's`() throws {
        let found = try ActivationDiagnostics(
            x: matrix(6, 3) { Double(($0 * 7 + $1 * 3) % 11) / 10 - 0.5 },
            // One coordinate is an outlier, as language models have them.
            y: matrix(6, 4) { Double(($0 * 5 + $1 * 4) % 13) / 8 + ($1 == 2 && $0 % 2 == 1 ? 20 : 0) },
            w: matrix(4, 3) { Double(($0 * 2 + $1 * 5) % 7) / 4 - 0.75 }, on: processor)
        func near(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 1e-5 * expected }
        #expect(near(found.mappedNorm, 0.6410336473211584) && near(found.targetNorm, 10.95921415016123))
        #expect(found.varianceShares.map(\.coordinates) == [1, 3, 10])
        #expect(near(found.varianceShares[0].share, 0.9931344060557183))
        #expect(near(found.varianceShares[1].share, 0.9981737264088548) && near(found.varianceShares[2].share, 1))
        #expect(near(found.errorShares[0].share, 0.9847601860342101))
        #expect(near(found.errorShares[1].share, 0.9967559001393125))
        #expect(near(found.standardizedLoss, 4.270874779188343))
        #expect(near(found.loss, 54.489947919580146) && near(found.meanLoss, 25.42936197916667))
        #expect(near(found.similarity, 0.03400276692059023) && near(found.centredAlignment, 0.14647469216759645))
    }

    @Test func `equal spaces are aligned whatever their means, and spaces that do not vary are not`() throws {
        let x = matrix(5, 3) { Double(($0 * 7 + $1 * 3) % 11) }
        let w = matrix(3, 3) { $0 == $1 ? 1 : 0 }
        let shifted = matrix(5, 3) { Double(($0 * 7 + $1 * 3) % 11) + 50 }
        let found = try ActivationDiagnostics(x: x, y: shifted, w: w, on: processor)
        #expect(abs(found.centredAlignment - 1) < 1e-6)
        let still = try ActivationDiagnostics(x: x, y: matrix(5, 3) { _, _ in 1 }, w: w, on: processor)
        #expect(still.centredAlignment == 0 && still.standardizedLoss == 0 && still.meanLoss == 0)
    }
}
