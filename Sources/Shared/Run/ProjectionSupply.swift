/// The W that a unit is computed with, and how it comes to the worker.
package struct GrantedProjection: Hashable, Sendable {
    package var channel: Channel
    /// Steps of training that it has taken.
    package var version: Int
    package var supply: ProjectionSupply

    package init(channel: Channel, version: Int, supply: ProjectionSupply) {
        self.channel = channel
        self.version = version
        self.supply = supply
    }
}

/// How a W gets to a worker. It serves all later units of its channel until the next one.
package enum ProjectionSupply: Hashable, Sendable {
    /// The worker holds it, or reads it in place.
    case held
    /// The worker draws W before the first step and takes all steps since itself.
    /// - checksum: of W after the steps.
    case initial(InitialProjection, updates: [StepUpdate], checksum: UInt64)
    /// W itself, [d_B, d_A], with Adam's moments where the worker is to take the next steps itself.
    case whole(FloatMatrix, moments: Moments?)
    /// Steps that the worker takes from the version that it holds.
    /// - checksum: of W after them.
    case replay([StepUpdate], checksum: UInt64)
    /// Where W lies in memory of the worker's own machine: there it finds the versions that units ask for.
    case shared(SharedProjection, checksum: UInt64)
}

/// W before the first step, as whoever reads this draws it: some bytes instead of the matrix.
package struct InitialProjection: Hashable, Sendable {
    package var initialization: ProjectionInitialization
    package var seed: UInt64
    package var dimensionA: Int
    package var dimensionB: Int

    package init(initialization: ProjectionInitialization, seed: UInt64, dimensionA: Int, dimensionB: Int) {
        self.initialization = initialization
        self.seed = seed
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
    }
}

/// Names W in the memory of a coordinator, for workers of the same user on the same machine.
package struct SharedProjection: Hashable, Sendable {
    /// The coordinator's process, and the descriptor that it holds the memory by.
    package var processID: Int32
    package var descriptor: Int32
    /// A random number that stands in the memory: who finds it there has found the right one.
    package var key: UInt64
    package var dimensionA: Int
    package var dimensionB: Int

    package init(processID: Int32, descriptor: Int32, key: UInt64, dimensionA: Int, dimensionB: Int) {
        self.processID = processID
        self.descriptor = descriptor
        self.key = key
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
    }
}

/// Adam's two moments of a W, each [d_B, d_A].
package struct Moments: Hashable, Sendable {
    package var first: FloatMatrix
    package var second: FloatMatrix

    package init(first: FloatMatrix, second: FloatMatrix) {
        self.first = first
        self.second = second
    }
}

/// A step of training as its shards, from which any process that holds W, the moments and the activations takes it to
/// the same bits.
package struct StepUpdate: Hashable, Sendable {
    package struct Shard: Hashable, Sendable {
        /// The unit's number.
        package var unit: Int
        package var texts: [Int]
        /// Whether the worker computed it and holds its errors.
        package var isOwn: Bool

        package init(unit: Int, texts: [Int], isOwn: Bool) {
            self.unit = unit
            self.texts = texts
            self.isOwn = isOwn
        }
    }

    package var step: Int
    package var learningRate: Double
    /// All shards of the step, in index order.
    package var shards: [Shard]
    /// E of the shards that are not the worker's own, one after the other, [their texts, d_B].
    package var errors: FloatMatrix

    package init(step: Int, learningRate: Double, shards: [Shard], errors: FloatMatrix) {
        self.step = step
        self.learningRate = learningRate
        self.shards = shards
        self.errors = errors
    }
}
