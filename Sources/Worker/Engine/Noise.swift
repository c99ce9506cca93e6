import Run

/// The control of ``Condition/random``: noise that has nothing of A's message but its size.
enum Noise {
    /// Gaussian noise of mean 0 and the standard deviation of `vector`'s elements, drawn from the run's seed and
    /// the item.
    static func like(_ vector: [Float], seed: UInt64, key: String) -> [Float] {
        guard !vector.isEmpty else { return [] }
        let count = Double(vector.count)
        let mean = vector.reduce(0.0) { $0 + Double($1) } / count
        let variance = vector.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let deviation = variance.squareRoot()
        var generator = NamedGenerator(seed: seed, purpose: "noise", key: key)
        return vector.map { _ in Float(generator.normal() * deviation) }
    }

    /// Gaussian noise whose coordinates have the mean and the scale of the messages', each its own.
    static func like(_ moments: MessageMoments, seed: UInt64, key: String) -> [Float] {
        var generator = NamedGenerator(seed: seed, purpose: "matched noise", key: key)
        return moments.coordinates.map { Float($0.mean + generator.normal() * $0.deviation) }
    }
}
