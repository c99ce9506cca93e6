import CoordinatorControl
import Projection
import Run
import Wire

/// The W's in closed form: which sums over the texts they are made of, and what they take.
extension RunInputs {
    /// The lines of which any W is one, each once, in the run's order.
    static func fittedLines(_ channels: [Channel]) -> [Channel] {
        channels.filter(\.fit.isClosedForm).lines
    }

    var fittedLines: [Channel] { Self.fittedLines(configuration.channels) }

    /// Texts of a unit of sums: a tenth of all, or where these are many, so many that a unit is small.
    static func textsPerSums(_ rows: Int) -> Int { min(512, max(1, (rows + 9) / 10)) }

    /// The units of a line's sums over the texts that its W's learn from, and over those that λ and rank are chosen on:
    /// the last tenth of all.
    /// - Parameter line: its place among ``fittedLines``.
    func sumsUnits(ofLine line: Int) -> (learned: Range<Int>, chosenOn: Range<Int>) {
        let all = (plan[.sums]?.total ?? 0) / max(1, fittedLines.count)
        let first = line * all
        let last = first + all - (all + 9) / 10
        return (first..<last, last..<first + all)
    }

    /// The rows that a unit sums.
    func sumsUnit(_ id: UnitID, _ activations: ActivationStore) -> SumsUnit {
        let lines = fittedLines
        let line = lines[(plan[.sums]?.repetition(ofUnit: id.index) ?? 0) % max(1, lines.count)]
        let texts = range(of: id)
        return SumsUnit(
            rows: ActivationSums.rows(
                x: activations.gather(texts, at: .a(line.k)), z: activations.gather(texts, at: .b(line.j))))
    }

    /// The fewest texts that a tenth can be held out of.
    private static let fewestTexts = 10

    /// Refuses W's in closed form that cannot be made.
    static func checkFits(_ configuration: RunConfiguration, dimensionA: Int, dimensionB: Int) throws {
        let fits = ProjectionFit.allCases.filter { fit in
            fit.isClosedForm && configuration.channels.contains { $0.fit == fit }
        }
        guard let first = fits.first else { return }
        guard configuration.projection == .trained, configuration.experiments.contains(.projection) else {
            throw HostError.fitWithoutTexts(first)
        }
        let rows = configuration.training.rows
        for fit in fits {
            let needed = fit.needsTextsBeyondWidths ? max(dimensionA, dimensionB) + 1 : fewestTexts
            guard rows >= max(needed, fewestTexts) else {
                throw HostError.tooFewTexts(
                    fit, rows: rows, needed: needed, dimensionA: dimensionA, dimensionB: dimensionB)
            }
        }
        let columns = ActivationSums.columns(dimensionA: dimensionA, dimensionB: dimensionB)
        guard SumsResult.count(columns: columns) <= WireLimits.doubles else {
            throw HostError.tooWideForSums(first, columns: columns)
        }
        let lines = fittedLines(configuration.channels).count
        let bytes = bytesOfSums(configuration, dimensionA: dimensionA, dimensionB: dimensionB)
        guard bytes <= mostSums else { throw HostError.tooManySums(lines: lines, bytes: bytes, limit: mostSums) }
        try ClosedForm.check()
    }

    /// Bytes of all lines' sums.
    var bytesOfSums: Int { Self.bytesOfSums(configuration, dimensionA: dimensionA, dimensionB: dimensionB) }

    private static func bytesOfSums(_ configuration: RunConfiguration, dimensionA: Int, dimensionB: Int) -> Int {
        let rows = configuration.training.rows
        let units = (rows + textsPerSums(rows) - 1) / textsPerSums(rows)
        let columns = ActivationSums.columns(dimensionA: dimensionA, dimensionB: dimensionB)
        return fittedLines(configuration.channels).count * units * SumsResult.count(columns: columns)
            * MemoryLayout<Double>.size
    }

    /// The most that they may be: they stay on the disk, and in memory until the W's are made.
    private static let mostSums = 16 << 30
}
