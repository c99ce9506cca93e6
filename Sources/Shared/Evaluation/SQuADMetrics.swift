import PlainText

/// SQuAD v1.1's official metrics (Rajpurkar et al., 2016; evaluate-v1.1.py): the best over all right answers.
package enum SQuADMetrics {
    /// 1 where the normalised answer is one of the normalised golds, else 0.
    package static func exactMatch(_ answer: String, golds: [String]) -> Double {
        let words = normalizedWords(answer)
        return golds.contains { normalizedWords($0) == words } ? 1 : 0
    }

    /// The harmonic mean of precision and recall of words, each counted as often as it stands in both; 0 where no
    /// word is common, be it that both are empty.
    package static func f1(_ answer: String, golds: [String]) -> Double {
        let words = normalizedWords(answer)
        return golds.map { f1(words, normalizedWords($0)) }.max() ?? 0
    }

    private static func f1(_ answer: [[Unicode.Scalar]], _ gold: [[Unicode.Scalar]]) -> Double {
        var left: [[Unicode.Scalar]: Int] = [:]
        for word in gold { left[word, default: 0] += 1 }
        var common = 0
        for word in answer {
            if let count = left[word], count > 0 {
                left[word] = count - 1
                common += 1
            }
        }
        guard common > 0 else { return 0 }
        let precision = Double(common) / Double(answer.count)
        let recall = Double(common) / Double(gold.count)
        return (2 * precision * recall) / (precision + recall)
    }

    /// F1 of the two sets of words, each counted once; 0 where none is common.
    static func setOverlapF1(_ answer: String, gold: String) -> Double {
        let (found, right) = (Set(normalizedWords(answer)), Set(normalizedWords(gold)))
        let common = Double(found.intersection(right).count)
        return common > 0 ? 2 * common / Double(found.count + right.count) : 0
    }

    /// The words of a text in lower case, without ASCII punctuation and the articles a, an, the.
    ///
    /// Words are compared scalar by scalar, as Python does: not up to canonical equivalence.
    static func normalizedWords(_ text: String) -> [[Unicode.Scalar]] {
        let letters = pythonLowercase(text).filter { !$0.isPythonPunctuation }
        return withoutArticles(letters).split(whereSeparator: \.isPythonSpace).map(Array.init)
    }

    /// `\b(a|an|the)\b` replaced by a space: every longest run of word characters that is an article.
    private static func withoutArticles(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index].isPythonWordCharacter else {
                result.append(text[index])
                index += 1
                continue
            }
            let start = index
            while index < text.count, text[index].isPythonWordCharacter { index += 1 }
            let run = text[start..<index]
            if articles.contains(where: run.elementsEqual) {
                result.append(" ")
            } else {
                result += run
            }
        }
        return result
    }

    private static let articles: [[Unicode.Scalar]] = [["a"], ["a", "n"], ["t", "h", "e"]]
}
