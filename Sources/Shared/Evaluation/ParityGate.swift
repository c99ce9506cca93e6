package import Run

/// That a model computes what another implementation says it does, before a run's figures count: see
/// ``Run/ParityFigure`` for what is compared, and by how much it may differ.
package struct ParityGate: Hashable, Sendable {
    package let model: ModelSide

    package init(_ model: ModelSide) { self.model = model }

    package var name: String { "parity_\(model.rawValue.lowercased())" }

    /// What it says.
    package var title: String { "\(model.rawValue)'s figures are those of another implementation" }

    /// Why the model does not pass; nil where it does.
    /// - Parameter computeType: the run's.
    package func flaw(in checks: [ParityCheck], computeType: ComputeType) -> String? {
        guard let failed = checks.first(where: { $0.failed > 0 }) else { return nil }
        var found = "\(failed.failed) of \(failed.compared) \(failed.figure.title) are off"
        if let largest = failed.largest, let tolerance = failed.figure.tolerance {
            found += ", by \(largest) at most where \(tolerance) is allowed"
        }
        if let first = failed.firstFailure { found += "; the first: \(first)" }
        let isRounded = computeType == .bfloat16 && (failed.figure.tolerance != nil || failed.figure == .continuations)
        let hint =
            isRounded ? "; where weights are bfloat16, --compute-type float32 computes as references are made" : ""
        return "gate \(name): \(title); it does not hold: \(found)\(hint)"
    }
}
