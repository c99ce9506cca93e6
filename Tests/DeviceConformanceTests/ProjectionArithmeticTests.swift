import Devices
import Run
import Testing

/// W's arithmetic has the bits that the reference defines, for widths that leave a remainder everywhere.
struct ProjectionArithmeticTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let rows, outputs, inputs: Int
        var testDescription: String { "\(rows) rows, \(outputs) × \(inputs)" }
    }

    private static let shapes = [
        Shape(rows: 19, outputs: 29, inputs: 37), Shape(rows: 8, outputs: 48, inputs: 64),
        Shape(rows: 33, outputs: 12, inputs: 131), Shape(rows: 2, outputs: 3, inputs: 5),
        Shape(rows: 1, outputs: 1, inputs: 1),
        // Wide enough to be worth several threads.
        Shape(rows: 9, outputs: 203, inputs: 301),
    ]

    private static var reference: any ProjectionArithmetic { TestedDevice.reference.projection }

    private static func values(_ count: Int, _ name: String) -> [Float] {
        var random = NamedGenerator(seed: 1, purpose: "projection", key: "\(name) \(count)")
        return (0..<count).map { _ in Float(random.normal()) }
    }

    @Test(arguments: TestedDevice.all, shapes)
    func `predictions, gradients and squares have the bits that are defined`(_ tested: TestedDevice, _ shape: Shape) {
        let w = Self.values(shape.outputs * shape.inputs, "w")
        let x = Self.values(shape.rows * shape.inputs, "x")
        let y = Self.values(shape.rows * shape.outputs, "y")
        let (found, defined) = (tested.device.projection, Self.reference)
        #expect(found.predicted(w, x, less: nil, shape).bits == defined.predicted(w, x, less: nil, shape).bits)
        let errors = defined.predicted(w, x, less: y, shape)
        #expect(found.predicted(w, x, less: y, shape).bits == errors.bits)
        #expect(found.gradient(errors, x, shape).bits == defined.gradient(errors, x, shape).bits)
        #expect(found.squares(errors, shape) == defined.squares(errors, shape))
        #expect(
            found.squaredCrossNorm(x: x, inputs: shape.inputs, y: y, outputs: shape.outputs, rows: shape.rows)
                == defined.squaredCrossNorm(x: x, inputs: shape.inputs, y: y, outputs: shape.outputs, rows: shape.rows))
    }

    @Test(arguments: TestedDevice.all, shapes)
    func `a row's prediction does not depend on the rows beside it`(_ tested: TestedDevice, _ shape: Shape) {
        let w = Self.values(shape.outputs * shape.inputs, "w")
        let x = Self.values(shape.rows * shape.inputs, "x")
        let all = tested.device.projection.predicted(w, x, less: nil, shape)
        for row in 0..<shape.rows {
            let alone = tested.device.projection.predicted(
                w, Array(x[row * shape.inputs..<(row + 1) * shape.inputs]), less: nil,
                Shape(rows: 1, outputs: shape.outputs, inputs: shape.inputs))
            #expect(alone == Array(all[row * shape.outputs..<(row + 1) * shape.outputs]))
        }
    }

    @Test(arguments: TestedDevice.all, shapes)
    func `steps of Adam have the bits that are defined, whether gradients come as matrices or as factors`(
        _ tested: TestedDevice, _ shape: Shape
    ) {
        let start = Training(shape)
        var defined = start
        for step in 1...3 { defined.step(step, on: Self.reference) { _ in false } }
        for dense in [{ _ in false }, { _ in true }, { $0 == 1 }] as [(Int) -> Bool] {
            var found = start
            for step in 1...3 { found.step(step, on: tested.device.projection, dense: dense) }
            #expect(found.bits == defined.bits)
        }
        // W and the moments have moved, and another order of the shards gives other bits.
        #expect(defined.bits[0] != start.bits[0] && defined.bits[1] != start.bits[1])
        if shape.rows > 2 {
            var reversed = start
            for step in 1...3 { reversed.step(step, on: tested.device.projection, reversed: true) { _ in false } }
            #expect(reversed.bits != defined.bits)
        }
    }

    @Test(arguments: TestedDevice.all, [1, 8, 29, 64])
    func `shares cover all outputs once, and compute what the whole does`(_ tested: TestedDevice, _ outputs: Int) {
        let shape = Shape(rows: 5, outputs: outputs, inputs: 11)
        let w = Self.values(outputs * 11, "w")
        let x = Self.values(5 * 11, "x")
        let whole = tested.device.projection.predicted(w, x, less: nil, shape)
        let parts = UnsafeMutablePointer<(count: Int, same: Bool)>.allocate(capacity: outputs)
        parts.initialize(repeating: (0, false), count: outputs)
        defer { parts.deallocate() }
        tested.device.projection.share(outputs: outputs) { range, arithmetic in
            let part = Shape(rows: 5, outputs: range.count, inputs: 11)
            let found = arithmetic.predicted(
                Array(w[range.lowerBound * 11..<range.upperBound * 11]), x, less: nil, part)
            for output in range {
                let same = (0..<5).allSatisfy {
                    found[$0 * range.count + output - range.lowerBound] == whole[$0 * outputs + output]
                }
                parts[output] = (parts[output].count + 1, same)
            }
        }
        #expect((0..<outputs).allSatisfy { parts[$0].count == 1 && parts[$0].same })
    }

    /// W and its moments in training on four shards.
    private struct Training {
        let shape: Shape
        var w, first, second: [Float]

        init(_ shape: Shape) {
            self.shape = shape
            w = values(shape.outputs * shape.inputs, "w")
            first = values(w.count, "m")
            second = values(w.count, "v").map(abs)
        }

        var bits: [[UInt32]] { [w.bits, first.bits, second.bits] }

        mutating func step(
            _ step: Int, on arithmetic: any ProjectionArithmetic, reversed: Bool = false, dense: (Int) -> Bool
        ) {
            let adam = AdamStep(
                gradientScale: 2 / Float(4 * shape.rows * shape.outputs), firstWeight: 0.1, beta2: 0.999,
                secondWeight: 0.001, secondCorrection: Float((1 - Double(step) * 0.998).magnitude.squareRoot()),
                epsilon: 1e-8, stepSize: 1e-3 / 0.19)
            let weights = TrainedWeights(
                w: .copy(of: w), firstMoment: .copy(of: first), secondMoment: .copy(of: second),
                outputs: shape.outputs, inputs: shape.inputs)
            var kept: [UnsafeMutablePointer<Float>] = [weights.w, weights.firstMoment, weights.secondMoment]
            defer { for memory in kept { memory.deallocate() } }
            func keep(_ values: [Float]) -> UnsafePointer<Float> {
                kept.append(.copy(of: values))
                return UnsafePointer(kept[kept.count - 1])
            }
            var shards = (0..<4).map { index in
                let errors = values(shape.rows * shape.outputs, "errors \(step) \(index)")
                let x = values(shape.rows * shape.inputs, "x \(step) \(index)")
                return dense(index)
                    ? GradientView.dense(keep(reference.gradient(errors, x, shape)))
                    : .factors(errors: keep(errors), x: keep(x), rows: shape.rows)
            }
            if reversed { shards.reverse() }
            shards.withUnsafeBufferPointer { arithmetic.step(weights, shards: $0, adam: adam) }
            w = Array(UnsafeBufferPointer(start: weights.w, count: w.count))
            first = Array(UnsafeBufferPointer(start: weights.firstMoment, count: w.count))
            second = Array(UnsafeBufferPointer(start: weights.secondMoment, count: w.count))
        }
    }
}

extension UnsafeMutablePointer<Float> {
    fileprivate static func copy(of values: [Float]) -> Self {
        let memory = Self.allocate(capacity: values.count)
        memory.initialize(from: values, count: values.count)
        return memory
    }
}

extension [Float] {
    fileprivate var bits: [UInt32] { map(\.bitPattern) }
}

/// The operations on arrays.
extension ProjectionArithmetic {
    fileprivate func predicted(
        _ w: [Float], _ x: [Float], less y: [Float]?, _ shape: ProjectionArithmeticTests.Shape
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: shape.rows * shape.outputs)
        w.withUnsafeBufferPointer { w in
            let view = WeightView(base: w.baseAddress!, outputs: shape.outputs, inputs: shape.inputs)
            if let y {
                predict(view, x: x, rows: shape.rows, less: y, into: &out)
            } else {
                predict(view, x: x, rows: shape.rows, less: nil, into: &out)
            }
        }
        return out
    }

    fileprivate func gradient(
        _ errors: [Float], _ x: [Float], _ shape: ProjectionArithmeticTests.Shape
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: shape.outputs * shape.inputs)
        gradient(errors: errors, x: x, rows: shape.rows, outputs: shape.outputs, inputs: shape.inputs, into: &out)
        return out
    }

    fileprivate func squares(_ errors: [Float], _ shape: ProjectionArithmeticTests.Shape) -> [Double] {
        var sums = [Double](repeating: .nan, count: shape.outputs)
        squares(ofErrors: errors, rows: shape.rows, outputs: shape.outputs, into: &sums)
        return sums
    }
}
