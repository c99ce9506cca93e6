import PlainText
import Run

extension ProjectionReport {
    /// What maps A's activation, in a line.
    var line: String {
        switch self {
        case .trained(let projection):
            let shape = "projection \(projection.dimensionB) × \(projection.dimensionA)"
            guard let first = projection.losses.first, let last = projection.losses.last else { return shape }
            return "\(shape) from \(Quantities.count(projection.rows)) texts: loss \(Quantities.significant(first)) → "
                + "\(Quantities.significant(last)) in \(Quantities.count(projection.losses.count)) steps"
        case .given(let file, let sha256, let dimensionA, let dimensionB):
            return "projection \(dimensionB) × \(dimensionA) from \(file) (SHA-256 \(sha256.prefix(12))…)"
        case .none(let dimensionA, let dimensionB):
            return "no projection: " + Self.bare(dimensionA, dimensionB)
        }
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
