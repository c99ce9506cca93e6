import Testing

@testable import Evaluation

struct StatisticsTests {
    private let values = [0, 0.25, 0.5, 1, 1, 0.8, 0.3333333333333333, 0.6666666666666666, 0, 0.9]

    /// scipy 1.17, `scipy.stats.binomtest(k, n).proportion_ci(method='wilson')`.
    @Test(arguments: [
        (0, 10, 0.0, 0.27753279986288926), (10, 10, 0.7224672001371109, 1.0),
        (3, 10, 0.10779126740630102, 0.6032218525388546), (1, 256, 0.0006898821669617909, 0.021790975380582518),
        (250, 256, 0.9498190043999489, 0.9892151324441424), (1, 1, 0.20654931437723745, 1.0),
        (0, 1, 0.0, 0.7934506856227626), (5000, 10_570, 0.46353036159502936, 0.48256302346092816),
    ])
    func `Wilson's interval is that of scipy`(successes: Int, count: Int, low: Double, high: Double) {
        let interval = Statistics.wilsonInterval(successes: successes, of: count)
        #expect(abs(interval.low - low) < 1e-14)
        #expect(abs(interval.high - high) < 1e-14)
    }

    /// numpy 2.4 `mean`, scipy 1.17 `scipy.stats.sem`.
    @Test func `mean and standard error are those of scipy`() throws {
        #expect(abs(Statistics.mean(values) - 0.545) < 1e-15)
        #expect(abs(try #require(Statistics.standardError(values)) - 0.12237490463306036) < 1e-15)
        let many = (0..<300).map { Double($0 % 7) / 6 }
        #expect(abs(try #require(Statistics.standardError(many)) - 0.019236720248549936) < 1e-15)
    }

    @Test func `one value has no standard error`() {
        #expect(Statistics.standardError([0.5]) == nil)
    }

    /// scipy 1.17, `scipy.stats.bootstrap(…, np.mean, method='percentile')` with 1,000,000 and 200,000 draws. The
    /// tolerance is five times the error that 1,000 draws leave in a 2.5 % quantile.
    @Test func `the bootstrap's interval comes near scipy's`() {
        for seed in 1...5 {
            let few = Statistics.bootstrapInterval(values, seed: UInt64(seed), name: "x")
            #expect(abs(few.low - 0.315) < 0.05 && abs(few.high - 0.7666666666666667) < 0.05, "seed \(seed): \(few)")
            let many = Statistics.bootstrapInterval((0..<300).map { Double($0 % 7) / 6 }, seed: UInt64(seed), name: "y")
            #expect(
                abs(many.low - 0.4605555555555556) < 0.008 && abs(many.high - 0.5361111111111111) < 0.008,
                "seed \(seed): \(many)")
        }
    }

    @Test func `the bootstrap is a function of seed and name`() {
        let interval = Statistics.bootstrapInterval(values, seed: 1, name: "x")
        #expect(Statistics.bootstrapInterval(values, seed: 1, name: "x") == interval)
        #expect(Statistics.bootstrapInterval(values, seed: 2, name: "x") != interval)
        #expect(Statistics.bootstrapInterval(values, seed: 1, name: "y") != interval)
    }

    @Test func `the bootstrap of equal values is a point`() {
        #expect(
            Statistics.bootstrapInterval([0.5, 0.5], seed: 1, name: "x") == ConfidenceInterval(low: 0.5, high: 0.5))
    }

    @Test func `proportions get Wilson's interval, and other means the bootstrap's`() {
        #expect(
            Score([0, 0, 0, 0], seed: 1, name: "x").interval == Statistics.wilsonInterval(successes: 0, of: 4))
        #expect(Score([1, 0, 1], seed: 1, name: "x").interval == Statistics.wilsonInterval(successes: 2, of: 3))
        #expect(
            Score(values, seed: 1, name: "x").interval == Statistics.bootstrapInterval(values, seed: 1, name: "x"))
    }
}
