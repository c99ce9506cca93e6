/// GSM8K's accuracy (Cobbe et al., 2021), read in the two ways of the language-model evaluation harness
/// (task gsm8k: strict-match, flexible-extract), with the numbers compared as numbers.
package enum GSM8KMetrics {
    /// 1 where the strictly read number is the gold one, else 0.
    package static func strictMatch(_ answer: String, gold: String) -> Double {
        matches(strictNumber(in: answer), gold)
    }

    /// 1 where the flexibly read number is the gold one, else 0.
    package static func flexibleMatch(_ answer: String, gold: String) -> Double {
        matches(flexibleNumber(in: answer), gold)
    }

    private static func matches(_ number: DecimalNumber?, _ gold: String) -> Double {
        guard let number, let gold = DecimalNumber(gold) else { return 0 }
        return number == gold ? 1 : 0
    }

    /// The number after the first `#### ` that one follows: the harness's `#### (\-?[0-9\.\,]+)`.
    package static func strictNumber(in answer: String) -> DecimalNumber? {
        let bytes = Array(answer.utf8)
        let mark = Array("#### ".utf8)
        var index = 0
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) {
                let sign = minus(bytes, at: index + mark.count)
                let digits = run(bytes, at: sign, where: isDigitPointOrComma)
                if digits > sign { return number(bytes[index + mark.count..<digits]) }
            }
            index += 1
        }
        return nil
    }

    /// The last number: of the harness's matches of `(-?[$0-9.,]{2,})|(-?[0-9]+)` the last that is one.
    ///
    /// The harness itself takes the last match even where it is an ellipsis and no number.
    package static func flexibleNumber(in answer: String) -> DecimalNumber? {
        let bytes = Array(answer.utf8)
        var last: DecimalNumber?
        var index = 0
        while index < bytes.count {
            let sign = minus(bytes, at: index)
            let end = run(bytes, at: sign) { isDigitPointOrComma($0) || $0 == UInt8(ascii: "$") }
            // A run of one counts where it is a digit; a longer one always does.
            guard end - sign >= 2 || (end > sign && isDigit(bytes[sign])) else {
                index += 1
                continue
            }
            last = number(bytes[index..<end]) ?? last
            index = end
        }
        return last
    }

    /// The index behind a minus at `index`, if there is one.
    private static func minus(_ bytes: [UInt8], at index: Int) -> Int {
        index < bytes.count && bytes[index] == UInt8(ascii: "-") ? index + 1 : index
    }

    /// The end of the run of such bytes that starts at `index`.
    private static func run(_ bytes: [UInt8], at index: Int, where holds: (UInt8) -> Bool) -> Int {
        var end = index
        while end < bytes.count, holds(bytes[end]) { end += 1 }
        return end
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> DecimalNumber? {
        DecimalNumber(String(decoding: bytes, as: UTF8.self))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39) ~= byte }

    private static func isDigitPointOrComma(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",")
    }
}
