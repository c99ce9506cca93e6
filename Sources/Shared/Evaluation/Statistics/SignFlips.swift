import Run

/// The sign-flip test (Fisher, 1935) of paired differences: were the two conditions alike, each difference could as
/// well have had the other sign. Differences of one cluster change their signs together.
enum SignFlips {
    /// Sign patterns that are drawn where there are too many to try them all.
    static let draws = 9_999
    /// Differences, other than 0, whose sign patterns are all tried.
    static let enumerated = 13

    /// The two-sided p-value of the differences' sum.
    /// - Parameter sums: of each cluster.
    static func pValue(_ sums: [Double], seed: UInt64, name: String) -> Double {
        let differing = sums.filter { $0 != 0 }
        guard !differing.isEmpty else { return 1 }
        let found = abs(differing.reduce(0, +))
        // Sums that differ by rounding alone are one.
        let limit = found - 1e-12 * differing.reduce(0) { $0 + abs($1) }
        if differing.count <= enumerated {
            let patterns = UInt64(1) << UInt64(differing.count)
            let extreme = (0..<patterns).count { pattern in abs(sum(differing) { pattern }) >= limit }
            return Double(extreme) / Double(patterns)
        }
        var generator = NamedGenerator(seed: seed, purpose: "sign flips", key: name)
        let extreme = (0..<draws).count { _ in abs(sum(differing) { generator.next() }) >= limit }
        // The pattern that was found counts among those that could have been.
        return Double(extreme + 1) / Double(draws + 1)
    }

    /// The sum with the signs that the next 64 bits give to as many differences, and so on.
    private static func sum(_ differences: [Double], bits next: () -> UInt64) -> Double {
        var (sum, bits) = (0.0, UInt64(0))
        for (place, difference) in differences.enumerated() {
            if place % 64 == 0 { bits = next() }
            sum += bits & 1 == 0 ? difference : -difference
            bits >>= 1
        }
        return sum
    }
}
