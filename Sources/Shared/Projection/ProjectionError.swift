/// Why a projection could not be fitted or applied. Each description is one line that names the operand, what was
/// expected and what was found.
package enum ProjectionError: Error, Hashable, CustomStringConvertible {
    /// A matrix of another shape than the others ask for.
    case shape(operand: String, expected: String, found: String)
    /// A value that is NaN or infinite.
    case notFinite(operand: String)
    /// A step without any row.
    case emptyBatch
    /// Bytes that are no checkpoint of this training.
    case checkpoint(reason: String)
    /// The library that factorises matrices cannot be used.
    case noLinearAlgebra(reason: String)

    package var description: String {
        switch self {
        case .shape(let operand, let expected, let found):
            "\(operand): expected \(expected), found \(found)"
        case .notFinite(let operand):
            "\(operand): holds a value that is not finite; lower the learning rate or check the model's activations"
        case .emptyBatch:
            "a training step needs at least one row, found none"
        case .checkpoint(let reason):
            "checkpoint of the projection: \(reason); remove it to start the training anew"
        case .noLinearAlgebra(let reason):
            "maps in closed form need OpenBLAS, which cannot be opened (\(reason)): install libopenblas0, or leave them "
                + "out of --fit"
        }
    }
}
