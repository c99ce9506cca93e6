import CoordinatorControl
import Projection
import Run

/// The W's in closed form: which sums over the texts they are made of, and what they take.
extension RunInputs {
    /// The lines of which any W is one, each once, in the run's order.
    static func fittedLines(_ channels: [Channel]) -> [Channel] {
        channels.filter(\.fit.isClosedForm).parts.lines
    }

    var fittedLines: [Channel] { Self.fittedLines(configuration.channels) }

    /// Texts of a unit of sums: a tenth of all, or where these are many, so many that a unit is small.
    static func textsPerSums(_ rows: Int) -> Int { min(512, max(1, (rows + 9) / 10)) }

    /// What the sums of all lines are cut into.
    var sumsParts: [SumsPart] {
        SumsPart.parts(of: fittedLines, dimensionA: dimensionA, dimensionB: dimensionB)
    }

    /// The units of a part's sums over the texts that a line's W's learn from, and over those that λ and rank are chosen
    /// on: the last tenth of all.
    /// - Parameter part: its place among ``sumsParts``.
    func sumsUnits(ofPart part: Int) -> (learned: Range<Int>, chosenOn: Range<Int>) {
        let rows = configuration.training.rows
        let all = (rows + Self.textsPerSums(rows) - 1) / Self.textsPerSums(rows)
        let first = part * all
        let last = first + all - (all + 9) / 10
        return (first..<last, last..<first + all)
    }

    /// The part that a unit sums over some of the texts; nil of a number that is no unit's.
    func sumsPart(_ id: UnitID) -> SumsPart? {
        let parts = sumsParts
        guard let stage = plan[.sums], stage.unitRange.contains(id.index) else { return nil }
        return parts[stage.repetition(ofUnit: id.index)]
    }

    /// The rows that a unit sums.
    func sumsUnit(_ id: UnitID, _ activations: ActivationStore) -> SumsUnit? {
        let texts = range(of: id)
        return sumsPart(id).map { part in
            ActivationSums.unit(part) { activations.gather(texts, at: $0) }
        }
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
        let width = max(dimensionA, dimensionB)
        guard width <= ClosedForm.widest else {
            throw HostError.tooWideForSums(first, width: width, limit: ClosedForm.widest)
        }
        let lines = fittedLines(configuration.channels).count
        let bytes = bytesOfSums(configuration, dimensionA: dimensionA, dimensionB: dimensionB)
        guard bytes <= mostSums else { throw HostError.tooManySums(lines: lines, bytes: bytes, limit: mostSums) }
        try ClosedForm.check()
    }

    /// Bytes of all lines' sums, on the disk.
    var bytesOfSums: Int { Self.bytesOfSums(configuration, dimensionA: dimensionA, dimensionB: dimensionB) }

    private static func bytesOfSums(_ configuration: RunConfiguration, dimensionA: Int, dimensionB: Int) -> Int {
        let rows = configuration.training.rows
        let units = (rows + textsPerSums(rows) - 1) / textsPerSums(rows)
        let parts = SumsPart.parts(
            of: fittedLines(configuration.channels), dimensionA: dimensionA, dimensionB: dimensionB)
        return units * parts.reduce(0) { $0 + $1.count } * MemoryLayout<Double>.size
    }

    /// Bytes of memory that making one line's maps takes: no more is taken for all of them, which are made one after the
    /// other.
    var bytesOfLine: Int {
        fittedLines.isEmpty ? 0 : ClosedForms.bytes(dimensionA: dimensionA, dimensionB: dimensionB)
    }

    /// The most that all lines' sums may be: they stay on the disk.
    private static let mostSums = 256 << 30
}
