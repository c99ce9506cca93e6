package import Devices
package import Run

/// One shard of a step: its loss and gradient, and the rows that they were computed from.
package struct ShardContribution: Sendable {
    package var result: TrainResult
    /// X, the shard's activations of A, [rows, d_A], in the shard's order. A dense gradient does not read it.
    package var x: FloatMatrix

    package init(result: TrainResult, x: FloatMatrix) {
        self.result = result
        self.x = x
    }
}

/// The training of W: float32 weights and Adam's two moments, moved on by one batch at a time.
///
/// The state after a step is a function of the state before and of the shards' values, bit for bit, whether a
/// gradient came as a matrix or as its factor, and on any number of threads:
///
///     var trainer = ProjectionTrainer(w: initialization.matrix(dimensionA: 3072, dimensionB: 4096, seed: 42))
///     let loss = try trainer.apply(shards: contributions, batchRows: 32)
///
/// It minimises the mean squared error over all elements (`torch.nn.functional.mse_loss`): the shards' gradients
/// are added in their order and the sum is scaled once by 2 / (batch rows × d_B).
package struct ProjectionTrainer: Hashable, Sendable {
    package let adam: Adam
    package let dimensionA: Int
    package let dimensionB: Int
    /// Steps taken.
    package internal(set) var step: Int
    /// W and the moments, each [d_B, d_A], row-major.
    var w: WeightBuffer
    var firstMoment: WeightBuffer
    var secondMoment: WeightBuffer

    /// Training from `w`, [d_B, d_A], on.
    package init(w: FloatMatrix, adam: Adam = Adam()) {
        precondition(!w.values.isEmpty, "a projection between spaces of at least one dimension")
        self.adam = adam
        dimensionA = w.columns
        dimensionB = w.rows
        step = 0
        self.w = WeightBuffer(w.values)
        firstMoment = WeightBuffer(zeros: w.values.count)
        secondMoment = WeightBuffer(zeros: w.values.count)
    }

    init(adam: Adam, dimensionA: Int, dimensionB: Int, step: Int, state: (w: [Float], m: [Float], v: [Float])) {
        self.adam = adam
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.step = step
        w = WeightBuffer(state.w)
        firstMoment = WeightBuffer(state.m)
        secondMoment = WeightBuffer(state.v)
    }

    /// Training that goes on from `step` steps.
    package init(w: FloatMatrix, moments: Moments, step: Int, adam: Adam) {
        self.init(
            adam: adam, dimensionA: w.columns, dimensionB: w.rows, step: step,
            state: (w: w.values, m: moments.first.values, v: moments.second.values))
    }

    /// Adam's moments, each [d_B, d_A].
    package var moments: Moments {
        Moments(
            first: FloatMatrix(rows: dimensionB, columns: dimensionA, values: firstMoment.values),
            second: FloatMatrix(rows: dimensionB, columns: dimensionA, values: secondMoment.values))
    }

    /// A copy of W, [d_B, d_A].
    package var projection: FloatMatrix {
        FloatMatrix(rows: dimensionB, columns: dimensionA, values: w.values)
    }

    /// `FloatMatrix/checksum` of W, without a copy.
    package var checksum: UInt64 {
        w.withUnsafePointer { Values.checksum(UnsafeBufferPointer(start: $0, count: w.count)) }
    }

    /// Where other processes of this machine read W in place, if ``share()`` has put it there. A copy of the trainer
    /// that takes steps takes them elsewhere.
    package var shared: SharedProjection? { w.shared }

    /// Puts W where workers of this machine can read it in place, if the system has such memory.
    package mutating func share() {
        if shared == nil,
            let buffer = WeightBuffer(sharing: w, dimensionA: dimensionA, dimensionB: dimensionB, version: step)
        {
            w = buffer
        }
    }

    /// A copy for another thread, which reads it while this trainer takes steps. Where W is shared the copy's is not:
    /// as a mere value it would move this trainer's W out of the memory that others read.
    package func copy() -> ProjectionTrainer {
        var copy = self
        if shared != nil { copy.w = WeightBuffer(copying: w) }
        return copy
    }

    /// Lends W to `body`, in place.
    func withWeights<R>(_ body: (WeightView) throws -> R) rethrows -> R {
        try w.withUnsafePointer { try body(WeightView(base: $0, outputs: dimensionB, inputs: dimensionA)) }
    }

    /// Takes one step of Adam on a batch.
    ///
    /// - Parameters:
    ///   - shards: all shards of the batch, in index order.
    ///   - batchRows: rows of the whole batch.
    /// - Returns: the mean squared error per element before the step.
    /// - Throws: where a shard does not fit W or the batch, or holds a value that is not finite. The state is then
    ///   as before.
    package mutating func apply(
        shards: [ShardContribution], batchRows: Int, on device: any Device
    ) throws(ProjectionError) -> Double {
        guard batchRows > 0, !shards.isEmpty else { throw .emptyBatch }
        try check(shards, batchRows: batchRows)
        var squaredErrorSum = 0.0
        for shard in shards { squaredErrorSum += shard.result.squaredErrorSum }
        let elements = Double(batchRows) * Double(dimensionB)
        guard (squaredErrorSum / elements).isFinite else { throw .notFinite(operand: "loss of the step") }
        step += 1
        let constants = adam.constants(step: step, gradientScale: 2 / elements)
        update(shards, constants: constants, on: device)
        return squaredErrorSum / elements
    }

    private func check(_ shards: [ShardContribution], batchRows: Int) throws(ProjectionError) {
        var rows = 0
        for (index, shard) in shards.enumerated() {
            try shard.x.expect(rows: shard.x.rows, columns: dimensionA, as: "rows of shard \(index)")
            guard shard.x.rows > 0 else { throw .emptyBatch }
            let squaredErrorSum = shard.result.squaredErrorSum
            guard squaredErrorSum.isFinite, squaredErrorSum >= 0 else {
                throw .notFinite(operand: "loss of shard \(index)")
            }
            let values: [Float]
            switch shard.result.gradient {
            case .dense(let gradient):
                try gradient.expect(rows: dimensionB, columns: dimensionA, as: "gradient of shard \(index)")
                values = gradient.values
            case .factor(let errors):
                try errors.expect(rows: shard.x.rows, columns: dimensionB, as: "gradient factor of shard \(index)")
                values = errors.values
            }
            guard Values.areFinite(values) else { throw .notFinite(operand: "gradient of shard \(index)") }
            rows += shard.x.rows
        }
        guard rows == batchRows else {
            throw .shape(operand: "batch", expected: "\(batchRows) rows", found: "\(rows) rows in its shards")
        }
    }

    private mutating func update(_ shards: [ShardContribution], constants: AdamStep, on device: any Device) {
        let (outputs, inputs, version) = (dimensionB, dimensionA, step)
        Self.withGradients(of: shards) { gradients in
            w.withMutablePointer(version: version) { w in
                firstMoment.withMutablePointer(version: version) { m in
                    secondMoment.withMutablePointer(version: version) { v in
                        device.projection.step(
                            TrainedWeights(w: w, firstMoment: m, secondMoment: v, outputs: outputs, inputs: inputs),
                            shards: gradients, adam: constants)
                    }
                }
            }
        }
    }

    /// Calls `body` with the shards' gradients where they lie, which holds only during the call. Not a method of the
    /// trainer: that would hold W meanwhile, and the step would move a copy.
    private static func withGradients(
        of shards: [ShardContribution], _ body: (UnsafeBufferPointer<GradientView>) -> Void
    ) {
        var gradients: [GradientView] = []
        gradients.reserveCapacity(shards.count)
        func descend(_ index: Int) {
            guard index < shards.count else { return gradients.withUnsafeBufferPointer(body) }
            shards[index].x.values.withUnsafeBufferPointer { x in
                switch shards[index].result.gradient {
                case .dense(let gradient):
                    gradient.values.withUnsafeBufferPointer { dense in
                        gradients.append(.dense(dense.baseAddress!))
                        descend(index + 1)
                    }
                case .factor(let errors):
                    errors.values.withUnsafeBufferPointer { errors in
                        gradients.append(
                            .factors(errors: errors.baseAddress!, x: x.baseAddress!, rows: shards[index].x.rows))
                        descend(index + 1)
                    }
                }
            }
        }
        descend(0)
    }
}
