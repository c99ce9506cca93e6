import PlainText
package import Run

extension EvaluationProtocol {
    /// Where the models' answers end.
    ///
    /// - `standard`: SQuAD 32 tokens, up to a newline; GSM8K 256, up to the next `Question:`.
    /// - `reference`: 5 and 10 tokens, whatever they are.
    package func limits(for task: EvaluationTask) -> GenerationLimits {
        switch (self, task) {
        case (.standard, .squad): GenerationLimits(maximumNewTokens: 32, stopStrings: ["\n"])
        case (.standard, .gsm8k): GenerationLimits(maximumNewTokens: 256, stopStrings: ["Question:"])
        case (.reference, .squad): GenerationLimits(maximumNewTokens: 5, stopStrings: [])
        case (.reference, .gsm8k): GenerationLimits(maximumNewTokens: 10, stopStrings: [])
        }
    }

    /// The part of a continuation that is scored, without white space around it.
    ///
    /// `reference` takes what follows the last `Answer:` of prompt and continuation; since the prompt ends with
    /// one, that is what follows the continuation's last, or all of it.
    package func answer(in continuation: String) -> String {
        var scalars = continuation.unicodeScalars[...]
        if self == .reference {
            let cue = Array(Prompts.cue.unicodeScalars)
            var start = scalars.startIndex
            for index in scalars.indices where scalars[index...].starts(with: cue) {
                start = scalars.index(index, offsetBy: cue.count)
            }
            scalars = scalars[start...]
        }
        return String(scalars).strippedAsPython()
    }
}
