import PlainText

/// The metrics that tasks choose from.
extension Metric {
    /// SQuAD v1.1's, over all right answers.
    package static let exactMatch = Metric("exact_match", "exact match") {
        SQuADMetrics.exactMatch($0.text, golds: $1.golds)
    }
    package static let f1 = Metric("f1", "F1") { SQuADMetrics.f1($0.text, golds: $1.golds) }

    /// GSM8K's as the harness names and scores them: the number after `####`, or the last one, compared as a text.
    package static let strictExactMatch = Metric(
        "exact_match,strict-match", "exact match, strict", filtered: { GSM8KMetrics.filtered($0).strict },
        value: { answer, item in
            item.golds.map { GSM8KMetrics.strictExactMatch(answer.text, gold: $0) }.max() ?? 0
        })
    package static let flexibleExactMatch = Metric(
        "exact_match,flexible-extract", "exact match, flexible", filtered: { GSM8KMetrics.filtered($0).flexible },
        value: { answer, item in
            item.golds.map { GSM8KMetrics.flexibleExactMatch(answer.text, gold: $0) }.max() ?? 0
        })
    /// The number after `####`, compared as a number.
    package static let strictMatch = Metric("strict_match", "accuracy, strict") { answer, item in
        item.golds.map { GSM8KMetrics.strictMatch(answer.text, gold: $0) }.max() ?? 0
    }
    /// The last number.
    package static let flexibleMatch = Metric("flexible_match", "accuracy, flexible") { answer, item in
        item.golds.map { GSM8KMetrics.flexibleMatch(answer.text, gold: $0) }.max() ?? 0
    }

    /// Whether the answer is a right one as a string; white space around it and a full stop at its end apart.
    package static let stringMatch = Metric("string_match", "exact string") { answer, item in
        let text = answer.text.hasSuffix(".") ? String(answer.text.dropLast()) : answer.text
        return item.golds.contains { $0.unicodeScalars.elementsEqual(text.unicodeScalars) } ? 1 : 0
    }

    /// KVComm's score (Zephyroam/KVComm, `eval.py`): 1 where the F1 of the two sets of words is above one half, the
    /// words in lower case, without punctuation and articles. KVComm reduces words to their lemmas as well, which the
    /// names asked for here do not change.
    package static let setOverlap = Metric("kvcomm", "KVComm's score") { answer, item in
        item.golds.contains { SQuADMetrics.setOverlapF1(answer.text, gold: $0) > 0.5 } ? 1 : 0
    }

    /// The letter that the first line comes to against the right one (the harness's `mmlu_generative`, version 3.0).
    package static let letter = Metric("exact_match", "exact match") { answer, item in
        guard let letter = Self.letter(in: answer.text) else { return 0 }
        return item.golds.contains(letter) ? 1 : 0
    }

    /// A letter A to D that ends a line, alone or after "answer", "answer is" or "option"; brackets, points and the like
    /// around it apart.
    static func letter(in text: String) -> String? {
        let line = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        let form = /(?:^\W*|answer\s*(?:is)?\s*[:\-]?\s*|option\s*[:\-]?\s*)\(?([A-D])\)?\W*$/.ignoresCase()
        return String(line).firstMatch(of: form).map { $0.output.1.uppercased() }
    }

    /// Whether the likeliest choice is a right one.
    package static let accuracy = Metric("acc", "accuracy") { answer, item in
        item.golds.contains(answer.text) ? 1 : 0
    }

    /// The same where each choice's log-likelihood is divided by its length in characters, the space before it apart
    /// (the harness's `acc_norm`).
    package static let accuracyByLength = Metric("acc_norm", "accuracy, by length") { answer, item in
        guard answer.likelihoods.count == item.choices.count else { return 0 }
        let normed = zip(answer.likelihoods, item.choices).map { likelihood, choice in
            likelihood / Double(max(1, choice.drop { $0 == " " }.unicodeScalars.count))
        }
        guard let best = normed.max(), let place = normed.firstIndex(of: best) else { return 0 }
        return item.golds.contains(item.choices[place]) ? 1 : 0
    }

    /// Those of written answers, and those of choices.
    package static let ofTexts = [exactMatch, f1, strictMatch, flexibleMatch, stringMatch, setOverlap]
    package static let ofChoices = [accuracy, accuracyByLength]
}
