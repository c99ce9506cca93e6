import ModelReading
import PlainText
import Run
import Tokenization

/// Where an answer begins in what a model writes, and where it ends.
///
/// A model that thinks, and for which `--think-end` names the token that ends a thought, begins to answer behind the last
/// of them: limit and stop strings are the answer's, and a thought may take ``ModelReading/ReadableModel/thoughtTokens`` besides. As in the
/// language-model evaluation harness the answer starts at its first character that is no white space, and what no such
/// token divides is an answer as a whole.
struct AnswerRule: Sendable {
    private let limit: Int
    private let thinkEnd: Int32?
    private let stops: StopStrings?
    private let tokenizer: Tokenizer

    /// - Parameter thinkEnd: the token that ends a thought; nil where the model has none.
    init(_ limits: GenerationLimits, thinkEnd: Int32?, tokenizer: Tokenizer) {
        limit = limits.maximumNewTokens
        self.thinkEnd = thinkEnd
        self.tokenizer = tokenizer
        stops = StopStrings(limits.stopStrings, of: tokenizer)
    }

    /// Tokens that are written at most, thoughts and answer.
    var maximumNewTokens: Int { thinkEnd == nil ? limit : limit + ReadableModel.thoughtTokens }

    /// Asked after each token.
    var shouldStop: (@Sendable ([Int32]) -> Bool)? {
        guard let thinkEnd else { return stops?.areMet(by:) }
        return { [self] tokens in
            guard let end = tokens.lastIndex(of: thinkEnd) else { return false }
            let answer = tokens[(end + 1)...]
            guard answer.count < limit else { return true }
            let text = begun(answer)
            return stops.map { $0.cut(text).utf8.count < text.utf8.count } ?? false
        }
    }

    /// The answer in what was written.
    func text(of tokens: [Int32]) -> String {
        let text =
            if let thinkEnd, let end = tokens.lastIndex(of: thinkEnd) {
                begun(tokens[(end + 1)...])
            } else {
                tokenizer.decode(Array(tokens.prefix(limit)))
            }
        return stops?.cut(text) ?? text
    }

    /// The text behind a thought: stop strings in the white space between the two end nothing.
    private func begun(_ tokens: ArraySlice<Int32>) -> String {
        let text = tokenizer.decode(Array(tokens))
        return String(String.UnicodeScalarView(text.unicodeScalars.drop(while: \.isPythonSpace)))
    }
}
