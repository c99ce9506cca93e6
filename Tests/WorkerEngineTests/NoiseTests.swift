import Testing

/// The control `random`: nothing of the message but its size.
struct NoiseTests {
    private func noise(_ message: [Float], seed: UInt64 = 42, task: String = "squad", item: String = "1") -> [Float] {
        EngineUnderTest.noise(like: message, seed: seed, task: task, item: item)
    }

    private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        return (mean, variance.squareRoot())
    }

    @Test func `noise has mean 0 and the deviation of the message's elements, whatever their mean`() {
        let count = 20_000
        let message = (0..<count).map { Float(100 + ($0 % 2 == 0 ? 3 : -3)) }
        let found = moments(noise(message))
        // Four standard errors of the mean and of the deviation.
        #expect(abs(found.mean) < 4 * 3 / Double(count).squareRoot())
        #expect(abs(found.deviation - 3) < 4 * 3 / Double(2 * count).squareRoot())
    }

    @Test func `two thirds of the noise lie within one deviation, as of a normal distribution`() {
        let count = 20_000
        let message = (0..<count).map { Float($0 % 2 == 0 ? 1 : -1) }
        let within = Double(noise(message).count { abs($0) < 1 }) / Double(count)
        #expect(abs(within - 0.6827) < 0.014)
    }

    @Test func `the same seed, task and item give the same noise, any other other noise`() {
        let message: [Float] = [1, -2, 3, 0.5]
        #expect(noise(message) == noise(message))
        #expect(noise(message) != noise(message, seed: 43))
        #expect(noise(message) != noise(message, task: "gsm8k"))
        #expect(noise(message) != noise(message, item: "2"))
    }

    @Test func `noise depends on the message's deviation alone`() {
        #expect(noise([1, 2, 3, 4]) == noise([14, 13, 12, 11]))
        let doubled = noise([2, 4, 6, 8])
        #expect(zip(noise([1, 2, 3, 4]), doubled).allSatisfy { abs(2 * $0 - $1) <= 1e-6 * abs($1) })
    }

    @Test func `a message without deviation gives zeros, and none gives none`() {
        #expect(noise([5, 5, 5]) == [0, 0, 0])
        #expect(noise([]).isEmpty)
    }
}
