/// GSM8K's accuracy (Cobbe et al., 2021), read in the two ways of the language-model evaluation harness
/// (task gsm8k: strict-match, flexible-extract), with the numbers compared as numbers, or as the harness compares them:
/// as texts.
package enum GSM8KMetrics {
    /// The harness's `exact_match,strict-match`: 1 where what is strictly read is the gold answer as a text, else 0.
    package static func strictExactMatch(_ answer: String, gold: String) -> Double {
        matches(strictMatch(in: answer), text: gold)
    }

    /// The harness's `exact_match,flexible-extract`.
    package static func flexibleExactMatch(_ answer: String, gold: String) -> Double {
        matches(flexibleMatches(in: answer).last, text: gold)
    }

    private static func matches(_ match: String?, text gold: String) -> Double {
        guard let match else { return 0 }
        return comparable(match) == comparable(gold) ? 1 : 0
    }

    /// Without commas, dollars and one full stop at the end: `1,234.` is `1234`, but `29.00` is not `29`.
    private static func comparable(_ text: String) -> [UInt8] {
        var bytes = text.utf8.filter { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "$") }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        return bytes
    }

    /// What the harness's two filters read of an answer; `[invalid]` where one reads nothing.
    package static func filtered(_ answer: String) -> (strict: String, flexible: String) {
        (strictMatch(in: answer) ?? invalid, flexibleMatches(in: answer).last ?? invalid)
    }

    private static let invalid = "[invalid]"

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

    /// The number after the first `#### ` that one follows.
    package static func strictNumber(in answer: String) -> DecimalNumber? {
        strictMatch(in: answer).flatMap { DecimalNumber($0) }
    }

    /// The harness's `#### (\-?[0-9\.\,]+)`, the first.
    private static func strictMatch(in answer: String) -> String? {
        let bytes = Array(answer.utf8)
        let mark = Array("#### ".utf8)
        var index = 0
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) {
                let sign = minus(bytes, at: index + mark.count)
                let digits = run(bytes, at: sign, where: isDigitPointOrComma)
                if digits > sign { return text(bytes[index + mark.count..<digits]) }
            }
            index += 1
        }
        return nil
    }

    /// The last number: of the harness's matches of `(-?[$0-9.,]{2,})|(-?[0-9]+)` the last that is one.
    ///
    /// The harness itself takes the last match even where it is an ellipsis and no number.
    package static func flexibleNumber(in answer: String) -> DecimalNumber? {
        flexibleMatches(in: answer).lazy.reversed().compactMap { DecimalNumber($0) }.first
    }

    /// The harness's `(-?[$0-9.,]{2,})|(-?[0-9]+)`, all of them.
    private static func flexibleMatches(in answer: String) -> [String] {
        let bytes = Array(answer.utf8)
        var matches: [String] = []
        var index = 0
        while index < bytes.count {
            let sign = minus(bytes, at: index)
            let end = run(bytes, at: sign) { isDigitPointOrComma($0) || $0 == UInt8(ascii: "$") }
            // A run of one counts where it is a digit; a longer one always does.
            guard end - sign >= 2 || (end > sign && isDigit(bytes[sign])) else {
                index += 1
                continue
            }
            matches.append(text(bytes[index..<end]))
            index = end
        }
        return matches
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

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39) ~= byte }

    private static func isDigitPointOrComma(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",")
    }
}
