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

    private func draws(_ count: Int, seed: UInt64 = 1, name: String = "x") -> ItemStatistics {
        ItemStatistics(Clusters(separate: count), seed: seed, name: name)
    }

    /// scipy 1.17, `scipy.stats.bootstrap(…, np.mean, method='percentile')` with 1,000,000 and 200,000 draws. The
    /// tolerance is five times the error that 1,000 draws leave in a 2.5 % quantile.
    @Test func `the bootstrap's interval comes near scipy's`() {
        for seed in 1...5 as ClosedRange<UInt64> {
            let few = draws(10, seed: seed).bootstrapped(values).interval
            #expect(abs(few.low - 0.315) < 0.05 && abs(few.high - 0.7666666666666667) < 0.05, "seed \(seed): \(few)")
            let many = draws(300, seed: seed, name: "y").bootstrapped((0..<300).map { Double($0 % 7) / 6 }).interval
            #expect(
                abs(many.low - 0.4605555555555556) < 0.008 && abs(many.high - 0.5361111111111111) < 0.008,
                "seed \(seed): \(many)")
        }
    }

    @Test func `the bootstrap is a function of seed and name`() {
        let interval = draws(10).bootstrapped(values).interval
        #expect(draws(10).bootstrapped(values).interval == interval)
        #expect(draws(10, seed: 2).bootstrapped(values).interval != interval)
        #expect(draws(10, name: "y").bootstrapped(values).interval != interval)
    }

    @Test func `all of a task's conditions share the bootstrap's draws`() {
        // A constant between two conditions is a constant in every draw.
        let statistics = draws(10)
        let (a, b) = (statistics.bootstrapped(values), statistics.bootstrapped(values.map { $0 - 0.25 }))
        #expect(abs(a.interval.low - b.interval.low - 0.25) < 1e-15)
        #expect(abs(a.interval.high - b.interval.high - 0.25) < 1e-15)
        let difference = statistics.difference(values, values.map { $0 - 0.25 }, areShares: false, contrast: "c")
        #expect(difference.score.interval == ConfidenceInterval(low: 0.25, high: 0.25))
    }

    @Test func `the bootstrap of equal values is a point`() {
        #expect(draws(2).bootstrapped([0.5, 0.5]).interval == ConfidenceInterval(low: 0.5, high: 0.5))
    }

    @Test func `proportions get Wilson's interval, and other means the bootstrap's`() {
        #expect(draws(4).score([0, 0, 0, 0]).interval == Statistics.wilsonInterval(successes: 0, of: 4))
        #expect(draws(3).score([1, 0, 1]).interval == Statistics.wilsonInterval(successes: 2, of: 3))
        #expect(draws(10).score(values).interval == draws(10).bootstrapped(values).interval)
    }
}
