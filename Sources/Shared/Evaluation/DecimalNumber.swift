/// A decimal number of any length, exactly: `18`, `18.0` and `018` are one and the same.
package struct DecimalNumber: Hashable, Sendable, CustomStringConvertible {
    private let isNegative: Bool
    /// ASCII digits without leading zeros; empty for zero.
    private let whole: [UInt8]
    /// ASCII digits without trailing zeros.
    private let fraction: [UInt8]

    /// Reads a number as people write it: dollar signs and thousands' commas are left out, and so are white space
    /// around it and full stops at its end. Nil where what remains is no number.
    package init?(_ text: String) {
        var bytes = text.utf8.filter { $0 != UInt8(ascii: "$") && $0 != UInt8(ascii: ",") }[...]
        while let last = bytes.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\n") { bytes.removeLast() }
        while let first = bytes.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\n") {
            bytes.removeFirst()
        }
        while bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        let hasMinus = bytes.first == UInt8(ascii: "-")
        if hasMinus { bytes.removeFirst() }
        let halves = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard halves.count == 1 || halves.count == 2, !bytes.isEmpty,
            halves.allSatisfy({ $0.allSatisfy { (0x30...0x39) ~= $0 } }), halves.last?.isEmpty == false
        else { return nil }
        let zero = UInt8(ascii: "0")
        whole = Array(halves[0].drop { $0 == zero })
        var fraction = halves.count == 2 ? halves[1] : []
        while fraction.last == zero { fraction.removeLast() }
        self.fraction = Array(fraction)
        isNegative = hasMinus && !(whole.isEmpty && fraction.isEmpty)
    }

    /// The shortest way to write it.
    package var description: String {
        let digits = String(decoding: whole.isEmpty ? [UInt8(ascii: "0")] : whole, as: UTF8.self)
        let decimals = fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self)
        return (isNegative ? "-" : "") + digits + decimals
    }
}
