import COniguruma
import PlainText

/// A regular expression, compiled by Oniguruma: the engine of the tokenizers library, with the same (Ruby) syntax.
///
/// A compiled pattern is never written to again, and every search brings its own region, so that any number of
/// threads may search at once.
final class OnigurumaPattern: @unchecked Sendable {
    /// The longest pattern accepted, in bytes. Real ones have a few hundred.
    static let lengthLimit = 1 << 14
    /// How often a search may backtrack before it is given up, so that no file can make the reader hang.
    private static let retryLimit: UInt = 10_000_000

    private static let startResult = oniguruma_start()

    private let regex: OnigRegex

    /// Compiles a pattern.
    init(_ field: TokenizerField) throws(TokenizerError) {
        let pattern = Array(try field.string().utf8)
        guard Self.startResult == 0 else { throw field.invalid("Oniguruma to start", found: "an error") }
        guard pattern.count <= Self.lengthLimit else {
            throw field.invalid("a pattern of at most \(Self.lengthLimit) bytes", found: "\(pattern.count) bytes")
        }
        var message = [UInt8](repeating: 0, count: oniguruma_message_bytes + 1)
        var compiled: OnigRegex?
        let result = oniguruma_compile(&compiled, pattern, pattern.count, &message)
        guard result == 0, let compiled else {
            let text = String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
            throw field.invalid(
                "a regular expression", found: "\(field.value.summary) (\(PrintableText.quoted(text, limit: 100)))")
        }
        regex = compiled
    }

    deinit { onig_free(regex) }

    /// Calls `body` with the bytes of every match, from left to right. An empty match directly behind another match
    /// does not count, as in the library's `onig` crate. A search that backtracks beyond its limit ends the matches.
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = text.baseAddress, let length = Int32(exactly: text.count),
            let region = onig_region_new(), let limits = onig_new_match_param()
        else { return }
        defer {
            onig_region_free(region, 1)
            onig_free_match_param(limits)
        }
        onig_set_retry_limit_in_match_of_match_param(limits, Self.retryLimit)
        onig_set_retry_limit_in_search_of_match_param(limits, Self.retryLimit)
        var start: Int32 = 0
        var lastEnd: Int32 = -1
        while start <= length {
            var end: Int32 = 0
            let begin = oniguruma_find(regex, base, length, start, region, limits, &end)
            guard begin >= 0, end >= begin, end <= length else { return }
            if begin == end, end == lastEnd {
                // Step over one character and look again.
                guard start < length else { return }
                var index = Int(start)
                _ = nextScalar(text, &index)
                start = Int32(truncatingIfNeeded: index)
                continue
            }
            body(Int(begin)..<Int(end))
            lastEnd = end
            start = end
        }
    }
}
