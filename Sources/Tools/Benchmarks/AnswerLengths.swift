/// What items of a real run cost, relative to one another.
enum AnswerLengths {
    /// Tokens of all of an item's answers together: 40 items of GSM8K under the six standard conditions, written by
    /// models of 0.3 and 58 million parameters, which seldom end before their last position; in the order of the run.
    private static let tokens: [Double] = [
        868, 707, 887, 1020, 638, 894, 824, 920, 1020, 484, 773, 866, 940, 1010, 886, 908, 1020, 612, 901,
        1020, 843, 742, 870, 882, 870, 859, 1020, 1020, 924, 1020, 745, 796, 1020, 828, 902, 886, 1020, 954,
        696, 860,
    ]

    /// Seconds that a unit takes whose items take `mean` each on average, over all of them.
    static func seconds(ofUnit unit: Int, items: Int, perUnit: Int, mean: Double) -> Double {
        let all = (0..<items).reduce(0) { $0 + tokens[$1 % tokens.count] }
        let own = (unit * perUnit..<min((unit + 1) * perUnit, items)).reduce(0) { $0 + tokens[$1 % tokens.count] }
        return own / all * mean * Double(items)
    }
}
