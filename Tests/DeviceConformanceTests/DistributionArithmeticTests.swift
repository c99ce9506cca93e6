import Devices
import Foundation
import Run
import Testing

/// The arithmetic of probabilities has the bits that the reference defines, and these are right.
struct DistributionArithmeticTests {
    /// Logits of rows that are alike, unlike, flat, and of tokens that are all but impossible.
    private static func logits(vocabulary: Int) -> [Float] {
        var random = NamedGenerator(seed: 3, purpose: "logits", key: "\(vocabulary)")
        let first = (0..<vocabulary).map { _ in Float(random.normal()) * 4 }
        let near = first.map { $0 + Float(random.normal()) / 100 }
        let other = (0..<vocabulary).map { _ in Float(random.normal()) * 4 - 20 }
        let flat = [Float](repeating: -3, count: vocabulary)
        let steep = (0..<vocabulary).map { $0 == vocabulary / 2 ? Float(900) : Float(-900) }
        return first + near + other + flat + steep + first
    }
    private static let rows = 6
    private static let pairs = (0..<rows).flatMap { a in (0..<rows).map { RowPair(a, $0) } }
    private static let vocabularies = [1, 2, 15, 16, 17, 105, 4099]

    private static var reference: any DistributionArithmetic { TestedDevice.reference.distributions }

    @Test(arguments: TestedDevice.all, vocabularies)
    func `sums and divergences have the bits that are defined`(_ tested: TestedDevice, _ vocabulary: Int) {
        let logits = Self.logits(vocabulary: vocabulary)
        let (found, defined) = (tested.device.distributions, Self.reference)
        #expect(
            found.sums(of: logits, vocabulary: vocabulary) == defined.sums(of: logits, vocabulary: vocabulary))
        #expect(
            found.divergences(of: Self.pairs, among: logits, vocabulary: vocabulary).map(\.bitPattern)
                == defined.divergences(of: Self.pairs, among: logits, vocabulary: vocabulary).map(\.bitPattern))
        #expect(found.sums(of: [], vocabulary: vocabulary).isEmpty)
        #expect(found.divergences(of: [], among: logits, vocabulary: vocabulary).isEmpty)
    }

    @Test(arguments: vocabularies)
    func `they are what the system's exp and log give`(_ vocabulary: Int) {
        let logits = Self.logits(vocabulary: vocabulary)
        let sums = Self.reference.sums(of: logits, vocabulary: vocabulary)
        #expect(sums.count == Self.rows)
        let probabilities = zip(sums, 0..<Self.rows).map { softmax, row -> [Double] in
            let row = logits[row * vocabulary..<(row + 1) * vocabulary].map(Double.init)
            let largest = row.max() ?? 0
            let sum = row.reduce(0.0) { $0 + exp($1 - largest) }
            #expect(abs(softmax.sum - sum) <= 1e-14 * sum)
            for logit in row {
                let expected = logit - largest - log(sum)
                #expect(abs(softmax.logProbability(ofLogit: Float(logit)) - expected) <= 1e-13 * max(1, -expected))
            }
            return row.map { exp($0 - largest) / sum }
        }
        let found = Self.reference.divergences(of: Self.pairs, among: logits, vocabulary: vocabulary)
        for (pair, found) in zip(Self.pairs, found) {
            var sum = 0.0
            for (p, q) in zip(probabilities[pair.first], probabilities[pair.second]) {
                let mean = (p + q) / 2
                if p > 0 { sum += p * log(p / mean) }
                if q > 0 { sum += q * log(q / mean) }
            }
            #expect(abs(found - sum / 2) <= 1e-13)
            #expect((0...log(2)).contains(found))
        }
        // It is the same either way round, and a distribution is no distance from itself, exactly.
        for (pair, value) in zip(Self.pairs, found) {
            #expect(value == found[Self.pairs.firstIndex(of: RowPair(pair.second, pair.first)) ?? 0])
        }
        for pair in Self.pairs where pair.first == pair.second || Set([pair.first, pair.second]) == [0, 5] {
            #expect(found[Self.pairs.firstIndex(of: pair) ?? 0] == 0)
        }
    }

    @Test func `what is not a number stays none, and no probability is above 1`() {
        #expect(SoftmaxSum(largest: .infinity, sum: 1).logProbability(ofLogit: .infinity).isNaN)
        #expect(SoftmaxSum(largest: 1, sum: 1).logProbability(ofLogit: 1) == 0)
        #expect(SoftmaxSum(largest: 1, sum: 1).logProbability(ofLogit: 2) == 0)
    }
}
