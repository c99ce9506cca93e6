extension Statistics {
    /// Newcombe's 95 % interval of the difference of two shares of the same items (1998, Statistics in Medicine
    /// 17:2635, method 10): Wilson's intervals of both, and their correlation. It does not shrink to a point where no
    /// item differs.
    /// - Parameters:
    ///   - both: items that have it in both; `first` and `second`: in one of them alone; `neither`: in none.
    ///   - worth: how many independent items they are worth; nil for as many as they are.
    package static func newcombeInterval(
        both: Int, first: Int, second: Int, neither: Int, worth: Double? = nil
    ) -> ConfidenceInterval {
        let count = Double(both + first + second + neither)
        let n = worth ?? count
        let (p1, p2) = (Double(both + first) / count, Double(both + second) / count)
        let (one, two) = (wilsonInterval(share: p1, of: n), wilsonInterval(share: p2, of: n))
        let phi = correlation(both: both, first: first, second: second, neither: neither)
        func distance(_ a: Double, _ b: Double) -> Double {
            max(0, a * a - 2 * phi * a * b + b * b).squareRoot()
        }
        let difference = p1 - p2
        return ConfidenceInterval(
            low: max(-1, difference - distance(p1 - one.low, two.high - p2)),
            high: min(1, difference + distance(p2 - two.low, one.high - p1)))
    }

    /// φ with Newcombe's correction for continuity, which keeps it below 1; 0 where one of the shares is 0 or 1.
    private static func correlation(both: Int, first: Int, second: Int, neither: Int) -> Double {
        let margins = [both + first, second + neither, both + second, first + neither].map(Double.init)
        let scale = margins.reduce(1, *).squareRoot()
        guard scale > 0 else { return 0 }
        let product = Double(both) * Double(neither) - Double(first) * Double(second)
        let half = Double(both + first + second + neither) / 2
        return (product > half ? product - half : min(product, 0)) / scale
    }
}
