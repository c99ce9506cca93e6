package import Devices
package import Run

/// The training of a block of W's rows from the first step to the last, without the others.
///
/// A row of W is a regression of its own, and the kernels compute each of its values by itself; so the block has the
/// bits that it has in a ``ProjectionTrainer`` of the whole W. Threads share the block's rows and meet at the end
/// only, and a block's weights and moments stay in the cache from step to step.
package enum OutputBlockTraining {
    /// - Parameters:
    ///   - x: A's activations of all texts, by number, each [d_A].
    ///   - y: B's activations of all texts, the block's columns: [texts, outputs].
    /// - Throws: ``ProjectionError/shape(operand:expected:found:)`` where they do not fit the unit;
    ///   ``ProjectionError/notFinite(operand:)`` where the training diverges.
    package static func result(
        _ unit: TrainOutputsUnit, x: [ArraySlice<Float>], y: FloatMatrix, on device: any Device,
        report: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(ProjectionError) -> TrainOutputsResult {
        try check(unit, x: x, y: y)
        let outputs = unit.outputs.count
        let shards = unit.schedule.shardTotal
        var w = unit.initialization.matrix(
            outputs: unit.outputs, dimensionA: unit.dimensionA, dimensionB: unit.dimensionB, seed: unit.schedule.seed)
        // [shards, outputs]: each thread has its own columns.
        var squares = [Double](repeating: 0, count: shards * outputs)
        w.values.withUnsafeMutableBufferPointer { w in
            squares.withUnsafeMutableBufferPointer { squares in
                y.values.withUnsafeBufferPointer { y in
                    nonisolated(unsafe) let memory = (
                        w: w.baseAddress!, squares: squares.baseAddress, y: y.baseAddress!
                    )
                    device.projection.share(outputs: outputs) { outputs, arithmetic in
                        var share = Share(unit, outputs, x: x, y: memory.y, arithmetic: arithmetic)
                        defer { share.deallocate() }
                        // All threads take the same steps: one of them says how far they are.
                        share.train(
                            memory.w + outputs.lowerBound * unit.dimensionA, squares: memory.squares,
                            report: outputs.lowerBound == 0 ? report : { _ in })
                    }
                }
            }
        }
        let weights = TargetMoments(y).weights[...]
        func errorSums(_ weights: ArraySlice<Double>?) -> [Double] {
            squares.withUnsafeBufferPointer { squares in
                (0..<shards).map { shard in
                    SquaredErrors.sum(ofBlock: squares[shard * outputs..<(shard + 1) * outputs], weights: weights)
                }
            }
        }
        let (sums, standardised) = (errorSums(nil), errorSums(weights))
        guard (sums + standardised).allSatisfy(\.isFinite) else { throw .notFinite(operand: "error of the projection") }
        guard Values.areFinite(w.values) else { throw .notFinite(operand: "the trained projection") }
        return TrainOutputsResult(w: w, squaredErrorSums: sums, standardisedErrorSums: standardised)
    }

    /// Bytes that a unit needs, activations and result included. A number of any size, since a unit may name any.
    package static func memory(_ unit: TrainOutputsUnit, on device: any Device) -> Double {
        let texts = Double(unit.schedule.textCount)
        let (a, outputs) = (Double(unit.dimensionA), Double(unit.outputs.count))
        let batch = Double(min(unit.schedule.batch, unit.schedule.textCount) + 8)
        let activations = texts * (a + outputs)
        // Each thread gathers the batch, once more with its rows packed.
        let batches = Double(device.threads) * 2 * batch * (a + outputs)
        return 4 * (activations + batches + 3 * outputs * a)
            + 8 * (Double(unit.schedule.shardTotal) * outputs + Double(device.threads) * texts)
    }

    private static func check(
        _ unit: TrainOutputsUnit, x: [ArraySlice<Float>], y: FloatMatrix
    ) throws(ProjectionError) {
        let texts = unit.schedule.textCount
        guard x.count == texts else {
            throw .shape(operand: "activations of A", expected: "\(texts) rows", found: "\(x.count)")
        }
        for (index, row) in x.enumerated() where row.count != unit.dimensionA {
            throw .shape(
                operand: "row \(index) of A's activations", expected: "\(unit.dimensionA) values", found: "\(row.count)"
            )
        }
        try y.expect(rows: texts, columns: unit.outputs.count, as: "activations of B")
    }
}

/// One thread's outputs of a block, with memory of their own.
private struct Share {
    private let unit: TrainOutputsUnit
    private let schedule: TrainingSchedule
    /// Among the block's.
    private let outputs: Range<Int>
    private let x: [ArraySlice<Float>]
    /// [texts, the block's outputs]
    private let y: UnsafePointer<Float>
    private let arithmetic: any ProjectionArithmetic
    /// Adam's moments, each [outputs, d_A].
    private let moments: (first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>)
    /// The batch at work: [rows, d_A], and [rows, outputs] twice.
    private let batch: UnsafeMutablePointer<Float>
    private let targets: UnsafeMutablePointer<Float>
    private let errors: UnsafeMutablePointer<Float>
    private var shards: [GradientView] = []

    init(
        _ unit: TrainOutputsUnit, _ outputs: Range<Int>, x: [ArraySlice<Float>], y: UnsafePointer<Float>,
        arithmetic: any ProjectionArithmetic
    ) {
        self.unit = unit
        self.outputs = outputs
        self.x = x
        self.y = y
        self.arithmetic = arithmetic
        schedule = unit.schedule
        let rows = min(schedule.batch, schedule.textCount)
        let inputs = unit.dimensionA
        func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: count)
            memory.initialize(repeating: 0, count: count)
            return memory
        }
        moments = (zeros(outputs.count * inputs), zeros(outputs.count * inputs))
        batch = zeros(rows * inputs)
        targets = zeros(rows * outputs.count)
        errors = zeros(rows * outputs.count)
    }

    func deallocate() {
        for memory in [moments.first, moments.second, batch, targets, errors] { memory.deallocate() }
    }

    /// All steps.
    /// - Parameters:
    ///   - w: [outputs, d_A]
    ///   - squares: where the sums of the squared errors go, [shards, the block's outputs].
    ///   - report: told after each epoch how much is done.
    mutating func train(
        _ w: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Double>?, report: (Double) -> Void
    ) {
        guard var squares else { return }
        let adam = Adam(learningRate: unit.learningRate)
        for epoch in 0..<schedule.epochs {
            report(Double(epoch) / Double(schedule.epochs))
            let order = schedule.order(epoch: epoch)
            for step in epoch * schedule.stepsPerEpoch..<(epoch + 1) * schedule.stepsPerEpoch {
                let rows = gather(step: step, order: order)
                arithmetic.predict(
                    WeightView(base: w, outputs: outputs.count, inputs: unit.dimensionA), x: batch, rows: rows,
                    less: targets, into: errors)
                var isFinite = true
                for case .factors(let errors, _, let rows) in shards {
                    arithmetic.squares(
                        ofErrors: errors, rows: rows, outputs: outputs.count, into: squares + outputs.lowerBound)
                    isFinite = isFinite && outputs.allSatisfy { [squares] in squares[$0].isFinite }
                    squares += unit.outputs.count
                }
                // The sum says so; what follows would only waste time.
                guard isFinite else { return }
                let elements = Double(rows) * Double(unit.dimensionB)
                let constants = adam.constants(step: step + 1, gradientScale: 2 / elements)
                let weights = TrainedWeights(
                    w: w, firstMoment: moments.first, secondMoment: moments.second, outputs: outputs.count,
                    inputs: unit.dimensionA)
                shards.withUnsafeBufferPointer { arithmetic.step(weights, shards: $0, adam: constants) }
            }
        }
    }

    /// Puts the step's batch together, shard after shard.
    /// - Returns: its rows.
    private mutating func gather(step: Int, order: [Int]) -> Int {
        shards.removeAll(keepingCapacity: true)
        var place = 0
        for shard in 0..<schedule.shardCount(step: step) {
            let rows = schedule.texts(step: step, shard: shard, order: order)
            shards.append(
                .factors(
                    errors: errors + place * outputs.count, x: batch + place * unit.dimensionA, rows: rows.count))
            for row in rows {
                x[row].withUnsafeBufferPointer {
                    (batch + place * unit.dimensionA).update(from: $0.baseAddress!, count: unit.dimensionA)
                }
                (targets + place * outputs.count).update(
                    from: y + row * unit.outputs.count + outputs.lowerBound, count: outputs.count)
                place += 1
            }
        }
        return place
    }
}
