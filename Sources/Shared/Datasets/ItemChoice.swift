package import Run

/// Which items of a data set are evaluated, and in which order.
package enum ItemChoice {
    /// The seed of the reference implementation's shuffle, whatever the run's.
    package static let referenceSeed: UInt64 = 42
    /// Items that the reference implementation takes where no limit is given.
    package static let referenceCount = 20

    /// Indices of the items, in the order of evaluation.
    ///
    /// - `standard`: all in the file's order, or where there are more than the limit, the first ones of a
    ///   permutation drawn from the run's seed and the task. The file's first items would not do: SQuAD's first
    ///   810 questions are all about one football game.
    /// - `reference`: the first ones of what CPython's `random.Random(42).shuffle` makes of all, 20 without a limit.
    package static func indices(
        count: Int, limit: Int?, preset: EvaluationProtocol, task: String, seed: UInt64
    ) -> [Int] {
        switch preset {
        case .standard:
            guard let limit, limit < count else { return Array(0..<count) }
            var generator = NamedGenerator(seed: seed, purpose: "items", key: task)
            return Array(generator.permutation(of: count).prefix(max(0, limit)))
        case .reference:
            var generator = MersenneTwister(seed: referenceSeed)
            return Array(generator.permutation(of: count).prefix(max(0, limit ?? referenceCount)))
        }
    }
}
