import CPUDevice
import Devices
import Projection
import Run
import Testing

/// Widths that leave a remainder in every vector and tile size; the last are wide enough to be worth several threads.
private let widths = [(37, 29), (64, 48), (131, 12), (5, 3), (1, 1), (301, 203)]

struct BitTests {
    @Test(arguments: widths)
    func `a prediction is one chain of fused multiply-adds over the inputs`(dA: Int, dB: Int) throws {
        let w = Samples.matrix(dB, dA, seed: 1)
        let x = Samples.matrix(19, dA, seed: 2)
        var expected = FloatMatrix(zeros: 19, dB)
        for row in 0..<19 {
            for output in 0..<dB {
                var sum: Float = 0
                for i in 0..<dA { sum.addProduct(w.values[output * dA + i], x.values[row * dA + i]) }
                expected.values[row * dB + output] = sum
            }
        }
        for instructions in KernelPath.supported {
            let device = try CPUDevice(kernels: instructions)
            let found = try LinearProjection(w).project(rows: x, on: device)
            #expect(Samples.bits(found) == Samples.bits(expected), "\(instructions)")
        }
        let alone = try LinearProjection(w).project(Array(x[row: 18]), on: processor)
        #expect(alone.map(\.bitPattern) == expected[row: 18].map(\.bitPattern))
    }

    @Test(arguments: widths)
    func `a dense gradient is one chain over the shard's rows`(dA: Int, dB: Int) throws {
        let w = Samples.matrix(dB, dA, seed: 3)
        let x = Samples.matrix(6, dA, seed: 4)
        let y = Samples.matrix(6, dB, seed: 5)
        guard case .factor(let e) = try ShardLoss.result(w: w, x: x, y: y, dense: false, on: processor).gradient else {
            Issue.record("a factor was asked for")
            return
        }
        var expected = FloatMatrix(zeros: dB, dA)
        for output in 0..<dB {
            for i in 0..<dA {
                var sum: Float = 0
                for row in 0..<6 { sum.addProduct(e.values[row * dB + output], x.values[row * dA + i]) }
                expected.values[output * dA + i] = sum
            }
        }
        for instructions in KernelPath.supported {
            let result = try ShardLoss.result(
                w: w, x: x, y: y, dense: true, on: CPUDevice(threads: 2, kernels: instructions))
            #expect(result.gradient == .dense(expected), "\(instructions)")
        }
    }

    @Test(arguments: widths)
    func `instruction sets, threads and the gradient's form change no bit of a step`(dA: Int, dB: Int) throws {
        let w = ProjectionInitialization.kaiming.matrix(dimensionA: dA, dimensionB: dB, seed: 6)
        func trained(_ device: any Device, dense: (Int) -> Bool) throws -> ([UInt32], [Double]) {
            var trainer = ProjectionTrainer(w: w)
            var losses: [Double] = []
            for step in 0..<3 {
                let shards = try Samples.shards(
                    [8, 8, 17, 3], w: trainer.projection, dense: dense, on: device, seed: UInt64(step) * 10)
                losses.append(try trainer.apply(shards: shards, batchRows: 36, on: device))
            }
            return (Samples.bits(trainer.projection), losses)
        }
        let expected = try trained(CPUDevice(threads: 1, kernels: .portable)) { _ in true }
        for instructions in KernelPath.supported {
            for threads in [1, 2, 5] {
                for form in 0..<3 {
                    let found = try trained(CPUDevice(threads: threads, kernels: instructions)) {
                        form == 0 || form == 1 && $0 % 2 == 0
                    }
                    #expect(found == expected, "\(instructions), \(threads) threads, form \(form)")
                }
            }
        }
    }

    @Test func `the similarity of activations has the same bits with any instruction set and threads`() throws {
        let x = Samples.matrix(9, 37, seed: 8)
        let y = Samples.matrix(9, 29, seed: 9)
        let expected = try ActivationSimilarity.value(x: x, y: y, on: CPUDevice(kernels: .portable))
        for instructions in KernelPath.supported {
            for threads in [1, 3] {
                let device = try CPUDevice(threads: threads, kernels: instructions)
                #expect(try ActivationSimilarity.value(x: x, y: y, on: device) == expected)
            }
        }
    }

    @Test func `shards are summed in their index order: another order gives other bits`() throws {
        let w = Samples.matrix(16, 32, seed: 10)
        let shards = try Samples.shards([8, 8, 8, 8], w: w, dense: { _ in false })
        func trained(_ shards: [ShardContribution]) throws -> [UInt32] {
            var trainer = ProjectionTrainer(w: w)
            _ = try trainer.apply(shards: shards, batchRows: 32, on: processor)
            return Samples.bits(trainer.projection) + trainer.checkpoint().map(UInt32.init)
        }
        #expect(try trained(shards) == trained(shards))
        #expect(try trained(shards) != trained(shards.reversed()))
    }

    @Test func `a row's error does not depend on the rows beside it`() throws {
        let w = Samples.matrix(21, 35, seed: 11)
        let x = Samples.matrix(20, 35, seed: 12)
        let all = try LinearProjection(w).project(rows: x, on: processor)
        for count in [1, 7, 9, 16] {
            let some = FloatMatrix(rows: count, columns: 35, values: Array(x.values[..<(count * 35)]))
            let found = try LinearProjection(w).project(rows: some, on: processor)
            #expect(found.values == Array(all.values[..<(count * 21)]))
        }
    }
}
