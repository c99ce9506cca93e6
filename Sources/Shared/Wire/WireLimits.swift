import Run

/// Limits on header fields, besides ``MessageLimits``. They are far from what a run needs and keep sums and products
/// of a few such numbers within 64 bits.
package enum WireLimits {
    /// Bytes of a header frame.
    package static let headerBytes = 64 << 20
    /// Numbers of texts, steps, unit numbers, counts.
    package static let number = 1 << 40
    /// Token counts.
    package static let tokens = 1 << 24
    /// Rounds of a debate.
    package static let rounds = 64
    /// Block counts.
    package static let layers = 1 << 16
    /// Texts of a training, its epochs, and the dimensions of a model: so many that the shards of a training, and W's
    /// elements, are numbers of 64 bits.
    package static let trainingTexts = 1 << 31
    package static let epochs = 1 << 20
    package static let dimensions = 1 << 24
    /// Bytes of the losses of a training.
    package static let lossBytes = 32 << 20
    /// Numbers of a tensor frame of float64.
    package static let doubles = MessageLimits.tensorBytes / MemoryLayout<Double>.size
    /// Rows, or columns, of a matrix.
    static let matrixSide = MessageLimits.tensorBytes / MemoryLayout<Float>.size

    /// Memory that reading a header of `byteCount` bytes may take: its texts once, and structures for as many
    /// elements as a message holds at the most. A header of empty elements would otherwise grow a hundredfold.
    static func memory(header byteCount: Int) -> Int {
        2 * byteCount + 128 << 20
    }
}
