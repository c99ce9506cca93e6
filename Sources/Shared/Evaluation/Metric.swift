import PlainText
package import Run

/// What an answer is scored by. Every value lies in 0 ... 1.
package struct Metric: Sendable {
    /// In files; unique within its task.
    package let name: String
    /// What people call it.
    package let title: String
    /// The score of one answer to an item.
    package let value: @Sendable (ReadAnswer, TaskItem) -> Double

    package init(_ name: String, _ title: String, value: @escaping @Sendable (ReadAnswer, TaskItem) -> Double) {
        self.name = name
        self.title = title
        self.value = value
    }
}

/// Metrics are alike where their names are.
extension Metric: Hashable {
    package static func == (a: Metric, b: Metric) -> Bool { a.name == b.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// An answer as it is scored.
package struct ReadAnswer: Hashable, Sendable {
    /// The part of a written answer that counts, without white space around it; of a choice, the chosen text.
    package var text: String
    /// Of each choice, where the answer is one.
    package var likelihoods: [Double]

    package init(text: String, likelihoods: [Double] = []) {
        self.text = text
        self.likelihoods = likelihoods
    }

    /// Reads an answer as the protocol says.
    ///
    /// `reference` takes what follows the last cue of prompt and continuation; since the prompt ends with one, that is
    /// what follows the continuation's last, or all of it.
    package init(_ answer: Answer, to item: TaskItem, cue: String, preset: EvaluationProtocol) {
        likelihoods = answer.likelihoods
        if let best = answer.likelihoods.indices.max(by: { answer.likelihoods[$0] < answer.likelihoods[$1] }) {
            // The first among equals, as `argmax` has it.
            let first = answer.likelihoods.firstIndex(of: answer.likelihoods[best]) ?? best
            text = first < item.choices.count ? item.choices[first] : ""
        } else {
            text = Self.text(in: answer.text, after: preset == .reference ? cue : nil)
        }
    }

    /// - Parameter cue: where it stands in the text, what comes before its last place does not count.
    package static func text(in continuation: String, after cue: String?) -> String {
        var scalars = continuation.unicodeScalars[...]
        if let cue {
            let cue = Array(cue.unicodeScalars)
            var start = scalars.startIndex
            for index in scalars.indices where scalars[index...].starts(with: cue) {
                start = scalars.index(index, offsetBy: cue.count)
            }
            scalars = scalars[start...]
        }
        return String(scalars).strippedAsPython()
    }
}
