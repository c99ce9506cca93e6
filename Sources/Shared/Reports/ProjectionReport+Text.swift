import PlainText
import Run

extension ProjectionReport {
    /// What maps A's activation, in a line.
    var line: String {
        switch self {
        case .trained(let projection):
            return projection.line
        case .fitted(let projection):
            return projection.line
        case .given(let file, let sha256, let dimensionA, let dimensionB):
            return "projection \(dimensionB) × \(dimensionA) from \(file) (SHA-256 \(sha256.prefix(12))…)"
        case .none(let dimensionA, let dimensionB):
            return "no projection: " + Self.bare(dimensionA, dimensionB)
        }
    }

    /// What a W learned from.
    fileprivate static func texts(_ count: Int, of split: String?) -> String {
        Quantities.count(count) + (split.map { " prompts of \($0)" } ?? " texts")
    }

    /// What A's activation becomes without a W: see `InjectionOperation`.
    private static func bare(_ dimensionA: Int, _ dimensionB: Int) -> String {
        if dimensionA == dimensionB { return "A's activation goes into B as it is" }
        if dimensionA > dimensionB {
            return "the last \(dimensionB) of A's \(dimensionA) coordinates go into B as they are"
        }
        return "A's \(dimensionA) coordinates go into the last \(dimensionA) of B's \(dimensionB) as they are"
    }
}

extension ProjectionSummary {
    /// What W has come to, in a line.
    fileprivate var line: String {
        let shape = "projection \(dimensionB) × \(dimensionA) from \(ProjectionReport.texts(rows, of: split))"
        guard let first = losses.first?.loss, let last = losses.last?.loss else { return shape }
        let training =
            "\(shape): loss \(Quantities.significant(first)) → \(Quantities.significant(last)) in "
            + "\(Quantities.count(losses.count)) steps"
        let mean = meanLoss.map { " (the mean alone: \(Quantities.significant($0)))" } ?? ""
        return training + mean
            + (heldOut?.line ?? "")
    }
}

extension FittedSummary {
    /// What W is, in a line.
    fileprivate var line: String {
        let chosen = [ridge.map { "λ = \($0)" }, rank.map { "rank \($0)" }].compactMap(\.self)
        return
            "projection \(dimensionB) × \(dimensionA) with a bias from \(ProjectionReport.texts(rows, of: split)): "
            + fit.rawValue
            + (chosen.isEmpty ? "" : " (\(chosen.joined(separator: ", ")))") + (heldOut?.line ?? "")
    }
}

extension HeldOutSummary {
    fileprivate var line: String {
        ", R² \(r2.map(Quantities.significant) ?? "–") on \(Quantities.count(texts)) others"
    }
}
