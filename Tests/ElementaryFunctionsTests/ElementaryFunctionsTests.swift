import ElementaryFunctions
import Foundation
import Testing

/// The project's own functions are right, by the system's.
struct ElementaryFunctionsTests {
    /// `count` values from `low` to `high`, at even distances.
    private func values(_ low: Double, _ high: Double, _ count: Int = 20_001) -> [Double] {
        (0..<count).map { low + (high - low) * Double($0) / Double(count - 1) }
    }

    @Test func `exp is right to the last bits, and bounded`() {
        for x in values(-708, 708) + values(-1, 1) {
            #expect(abs(exponential(x) - exp(x)) <= 3e-16 * exp(x), "\(x)")
        }
        #expect(exponential(0) == 1)
        #expect(exponential(-.infinity) == exponential(-708) && exponential(.nan) == exponential(-708))
        #expect(exponential(1e300) == exponential(708))
    }

    @Test func `the logarithm is right to the last bits, and exact where it can be`() {
        #expect(naturalLogarithm(1) == 0)
        for y in values(-700, 700).map({ exp($0) }) + values(0.4, 3) where y != 1 {
            // Beside 1 what counts is the distance from it.
            #expect(abs(naturalLogarithm(y) - log(y)) <= 4e-16 * abs(log(y)), "\(y)")
        }
        let (least, most) = (Double.leastNormalMagnitude, Double.greatestFiniteMagnitude)
        for y in [least, 1e-300, 0.5, 0.5.squareRoot(), 2.0.squareRoot(), 2, most] {
            #expect(abs(naturalLogarithm(y) - log(y)) <= 4e-16 * abs(log(y)), "\(y)")
        }
    }

    @Test func `powers are right far beyond a float32`() {
        for base in [0.001, 0.9, 2, 10_000, 500_000, 1e7] {
            for exponent in values(-1, 1, 401) {
                let expected = pow(base, exponent)
                #expect(abs(power(base, exponent) - expected) <= 2e-15 * expected * max(1, abs(log(expected))))
            }
        }
        #expect(power(10_000, 0) == 1)
    }

    @Test func `cosine and sine are right in every quarter of several turns`() {
        for angle in values(-20, 20) {
            let found = cosineSine(angle)
            #expect(abs(found.cosine - cos(angle)) <= 3e-16, "\(angle)")
            #expect(abs(found.sine - sin(angle)) <= 3e-16, "\(angle)")
        }
        #expect(cosineSine(0) == (1, 0))
    }
}
