/// A number as it is written: an integer stays one, and no digit is lost.
package struct JSONNumeral: Hashable, Sendable {
    /// For example `-12`, `0.10` or `1e5`.
    package let text: String

    /// - Parameter text: of JSON's grammar, as the scanner found it.
    init(scanned text: String) { self.text = text }

    package init(_ value: some BinaryInteger) { text = String(value) }

    /// The shortest numeral that reads back as the same number; nil of infinity and of what is no number.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = "\(value)"
    }

    /// The whole number that is written without fraction and exponent; nil for any other, and beyond 64 bits.
    package var integer: Int? { Int(text) }

    /// The nearest number of double precision; nil where none is near, as of `1e999`.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
