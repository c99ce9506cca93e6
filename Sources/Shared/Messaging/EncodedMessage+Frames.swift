import Run
package import Transport
package import Wire

extension EncodedMessage {
    /// The message as the transport sends it. Tensors are sent from where they lie.
    package var frames: [Frame] {
        [Frame(header)]
            + tensors.map { matrix in
                let owner = MatrixMemory(matrix)
                return owner.matrix.values.withUnsafeBytes { Frame($0, ownedBy: owner) }
            }
    }
}

/// Keeps a matrix's memory in place while a frame is on its way: an array's elements stay where they are as long
/// as somebody holds the array, since whoever else wants to change them gets a copy.
private final class MatrixMemory: Sendable {
    let matrix: FloatMatrix

    init(_ matrix: FloatMatrix) {
        self.matrix = matrix
    }
}
