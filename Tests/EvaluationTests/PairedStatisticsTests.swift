import Testing

@testable import Evaluation

/// Figures of scipy 1.17.1 and statsmodels 0.15.0: scripts/make-references/paired_statistics.py.
struct PairedStatisticsTests {
    @Test(arguments: [
        (0, 0, 1.0, 1.0), (5, 0, 0.0625, 0.03125000000000003), (6, 0, 0.03125, 0.015624999999999879),
        (9, 0, 0.00390625, 0.0019531249999999996), (25, 16, 0.21102359760880063, 0.1641494017831064),
        (7, 7, 1.0, 1.0), (1, 12, 0.00341796875, 0.0018310546874999983),
        (40, 22, 0.030015864349067285, 0.022574972673257195), (300, 251, 0.04077065347549079, 0.03692108469642432),
        (1200, 1500, 8.412086328628609e-09, 7.549691966763477e-09),
    ])
    func `McNemar's exact and mid-p values are those of statsmodels and scipy`(
        first: Int, second: Int, exact: Double, midP: Double
    ) {
        let test = McNemar(first: first, second: second)
        #expect(abs(test.exact - exact) < 1e-11 * exact)
        #expect(abs(test.midP - midP) < 1e-11 * midP)
        #expect(McNemar(first: second, second: first) != test || first == second)
        #expect(McNemar(first: second, second: first).exact == test.exact)
    }

    @Test func `fewer than six differing items reach no level of 5 %`() {
        #expect(McNemar(first: PairedDifference.informative - 1, second: 0).exact > 0.05)
        #expect(McNemar(first: PairedDifference.informative, second: 0).exact < 0.05)
    }

    @Test func `McNemar's test of a whole data set neither overflows nor vanishes`() {
        let test = McNemar(first: 5_300, second: 5_270)
        #expect(test.exact > 0.7 && test.exact < 0.8 && test.midP < test.exact)
        #expect(McNemar(first: 10_570, second: 0).exact == 0)
    }

    @Test(arguments: [
        (20, 12, 2, 16, 0.05615642484174829, 0.32920699540014053),
        (36, 12, 2, 0, 0.05692958400323875, 0.3404276029749408),
        (0, 0, 0, 30, -0.11351339317396875, 0.11351339317396875),
        (30, 0, 0, 0, -0.1135133931739688, 0.1135133931739688),
        (53, 0, 0, 1, -0.07293814547857702, 0.07293814547857702), (0, 54, 0, 0, 0.906077002995994, 1.0),
        (2, 97, 0, 1, 0.9030656974166016, 0.9866723759475092),
        (43, 0, 0, 53, -0.020416915178218233, 0.020416915178218233),
        (97, 2, 1, 0, -0.036986539821710976, 0.06080135071204675),
        (250, 5, 0, 1, -0.00023427517096477612, 0.04582999116665087),
        (3, 20, 25, 2, -0.3453198220929534, 0.15885164414115138),
    ])
    func `the interval of paired shares is Newcombe's`(
        both: Int, first: Int, second: Int, neither: Int, low: Double, high: Double
    ) {
        let interval = Statistics.newcombeInterval(both: both, first: first, second: second, neither: neither)
        #expect(abs(interval.low - low) < 1e-12 && abs(interval.high - high) < 1e-12, "\(interval)")
    }

    @Test func `Holm's adjusted values are those of statsmodels`() {
        let adjusted = Statistics.holm([0.01, 0.04, 0.03, 0.005, 0.2, 0.04])
        #expect(zip(adjusted, [0.05, 0.12, 0.12, 0.03, 0.2, 0.12]).allSatisfy { abs($0 - $1) < 1e-15 })
        #expect(zip(Statistics.holm([0.6, 0.9, 0.0001]), [1, 1, 0.0003]).allSatisfy { abs($0 - $1) < 1e-15 })
        #expect(Statistics.holm([0.02]) == [0.02])
        #expect(Statistics.holm([]).isEmpty)
    }

    private let values = [0, 0.25, 0.5, 1, 1, 0.8, 1.0 / 3, 2.0 / 3, 0, 0.9]
    private let clusters = Clusters(["a", "a", "b", "b", "b", "c", "d", "d", "e", "e"])
    private let differences = [0.5, -0.25, 1, 0, 0.3, 0.7, -0.1, 0.2, 0, 0.9, 0.4]

    @Test func `clustered standard errors are those of statsmodels`() throws {
        let few = try #require(Statistics.standardError(values, clusters: clusters))
        #expect(abs(few - 0.1397788431773564) < 1e-15)
        let many = (0..<300).map { Double($0 % 7) / 6 }
        let fives = Clusters((0..<300).map { "\($0 / 5)" })
        #expect(abs(try #require(Statistics.standardError(many, clusters: fives)) - 0.013664094195446914) < 1e-15)
        let alone = Clusters([nil, "a", nil])
        #expect(alone.count == 3 && alone.areSeparate)
        #expect(Statistics.standardError([1, 0], clusters: Clusters(["a", "a"])) == nil)
    }

    @Test func `all sign patterns of a few differences give scipy's permutation test`() {
        #expect(SignFlips.pValue(differences, seed: 1, name: "x") == 0.02734375)
        let together = Clusters(["a", "a", "b", "b", "c", "d", "d", "e", "e", "f", "g"])
        #expect(SignFlips.pValue(together.sums(of: differences), seed: 1, name: "x") == 0.015625)
        #expect(SignFlips.pValue([0, 0], seed: 1, name: "x") == 1)
    }

    /// scipy's own 1,000,000 draws gave 0.018248; 10,000 leave an error of 0.0013.
    @Test func `drawn sign patterns come near scipy's permutation test`() {
        let many = (0..<80).map { Double($0 * 37 % 101) / 100 - 0.42 }
        for seed in 1...5 as ClosedRange<UInt64> {
            #expect(abs(SignFlips.pValue(many, seed: seed, name: "x") - 0.018248) < 0.0054)
        }
    }

    /// numpy's 200,000 draws of whole clusters.
    @Test func `the bootstrap draws clusters whole`() {
        let values = (0..<300).map { Double($0 / 5 % 7) / 6 }
        let statistics = ItemStatistics(Clusters((0..<300).map { "\($0 / 5)" }), seed: 3, name: "x")
        let interval = statistics.bootstrapped(values).interval
        #expect(abs(interval.low - 0.4) < 0.02 && abs(interval.high - 0.5666666666666667) < 0.02, "\(interval)")
    }

    @Test func `shares of clustered items are worth as many items as their clusters leave`() {
        let right: [Double] = (0..<40).map { $0 / 4 % 2 == 0 ? 1 : 0 }
        let together = ItemStatistics(Clusters((0..<40).map { "\($0 / 4)" }), seed: 1, name: "x").score(right)
        let apart = ItemStatistics(Clusters(separate: 40), seed: 1, name: "x").score(right)
        #expect(together.mean == apart.mean)
        #expect(together.interval.high - together.interval.low > 1.5 * (apart.interval.high - apart.interval.low))
        let all = ItemStatistics(Clusters((0..<40).map { "\($0 / 4)" }), seed: 1, name: "x")
        #expect(
            all.score([Double](repeating: 1, count: 40)).interval == Statistics.wilsonInterval(successes: 10, of: 10))
    }

    @Test func `the smallest detectable difference is 2.80 standard errors (scipy's quantiles)`() {
        #expect(abs(Statistics.detectableDifference(standardError: 1) - 2.8015852181129683) < 1e-14)
    }

    @Test func `a difference of right-or-wrong answers is tested by McNemar, and its interval is Newcombe's`() {
        let first: [Double] = [1, 1, 1, 1, 1, 1, 1, 0, 1, 0]
        let second: [Double] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 0]
        let found = ItemStatistics(Clusters(separate: 10), seed: 1, name: "t")
            .difference(first, second, areShares: true, contrast: "c")
        #expect((found.better, found.worse, found.differing) == (6, 1, 7))
        #expect(found.pValue == McNemar(first: 6, second: 1).exact && found.mcNemar == McNemar(first: 6, second: 1))
        #expect(found.score.mean == 0.5 && found.isInformative)
        #expect(found.score.interval == Statistics.newcombeInterval(both: 2, first: 6, second: 1, neither: 1))
    }

    @Test func `a difference of no item at all has an interval and no power to be called a zero`() throws {
        let statistics = ItemStatistics(Clusters(separate: 30), seed: 1, name: "t")
        for value in [0, 1, 0.25] {
            let column = [Double](repeating: value, count: 30)
            let found = statistics.difference(column, column, areShares: true, contrast: "c")
            #expect(found.score.mean == 0 && found.pValue == 1 && !found.isInformative && found.detectable == nil)
            #expect(found.score.interval.low < -0.1 && found.score.interval.high > 0.1)
        }
    }
}
