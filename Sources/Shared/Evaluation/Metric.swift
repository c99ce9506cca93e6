import PlainText
package import Run

/// What an answer is scored by.
package struct Metric: Sendable {
    /// What a value is.
    package enum Scale: Hashable, Sendable {
        /// In 0 ... 1.
        case share
        /// A natural logarithm, or a difference of such.
        case nats
    }

    /// In files; unique within its task. Where the language-model evaluation harness reads answers by a filter of its own,
    /// its name stands after a comma.
    package let name: String
    /// What people call it.
    package let title: String
    package let scale: Scale
    /// Whether more is better; nil of a distance, which is neither.
    package let isBetterHigher: Bool?
    /// What is read of an answer's text before it is scored.
    package let filtered: @Sendable (String) -> String
    /// The score of one answer to an item; nil where a condition has none.
    package let value: @Sendable (ReadAnswer, TaskItem) -> Double?

    package init(
        _ name: String, _ title: String, scale: Scale = .share, isBetterHigher: Bool? = true,
        filtered: @escaping @Sendable (String) -> String = { $0 },
        value: @escaping @Sendable (ReadAnswer, TaskItem) -> Double?
    ) {
        self.name = name
        self.title = title
        self.scale = scale
        self.isBetterHigher = isBetterHigher
        self.filtered = filtered
        self.value = value
    }

    /// What a figure of a metric is called in results: `acc,none`, `acc_stderr,none`, `exact_match_stderr,strict-match`.
    /// - Parameters:
    ///   - name: the metric's.
    ///   - figure: what follows the metric's own name, such as `_stderr`.
    ///   - filter: the filter of a metric whose name has none; nil for names without one.
    package static func key(_ name: String, _ figure: String = "", filter: String? = "none") -> String {
        let parts = name.split(separator: ",", maxSplits: 1).map(String.init)
        return parts[0] + figure + ((parts.count > 1 ? parts[1] : filter).map { ",\($0)" } ?? "")
    }

    /// The name without a filter.
    package var baseName: String { String(name.prefix { $0 != "," }) }

    /// The filter in the name; `none` where there is none.
    package var filter: String { name.contains(",") ? String(name.dropFirst(baseName.count + 1)) : "none" }

    /// The log-probability of the right answer: the likeliest of several, the whole of it.
    package static let goldLikelihood = Metric("gold_logprob", "log p(gold)", scale: .nats) { answer, _ in
        answer.golds.map(\.whole).max()
    }

    /// The same for each token of it, which does not favour short answers.
    package static let goldLikelihoodByToken = Metric(
        "gold_logprob_token", "log p(gold) a token", scale: .nats
    ) { answer, _ in
        answer.golds.map { $0.whole / Double($0.tokens) }.max()
    }

    /// Of the first token, from what B says without a message: how much there is in the channel.
    package static let divergenceFromSilent = Metric(
        "js_silent", "JS from silent", scale: .nats, isBetterHigher: nil
    ) { answer, _ in answer.divergences.first }

    /// From what B says told another item's message: how much of it is this item's.
    package static let divergenceFromOther = Metric(
        "js_other", "JS from other", scale: .nats, isBetterHigher: nil
    ) { answer, _ in answer.divergences.count > 1 ? answer.divergences[1] : nil }

    /// Those of the second endpoint, in the order in which they are reported.
    package static let likelihoods = [
        goldLikelihood, goldLikelihoodByToken, divergenceFromSilent, divergenceFromOther,
    ]
}

extension Metric {
    /// What a task's answers are scored by.
    package static func all(of task: TaskDefinition, _ endpoints: [EvaluationEndpoint]) -> [Metric] {
        (endpoints.contains(.answers) ? task.metrics : []) + (endpoints.contains(.likelihood) ? likelihoods : [])
    }

    /// The one of them that stands for the task.
    static func headline(of metrics: [Metric]) -> Metric { metrics.last { $0.scale == .share } ?? .goldLikelihood }
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
    /// Of each right answer, where they were asked for.
    package var golds: [GoldLikelihood]
    /// Of the first token, from what B says without a message, and with another item's.
    package var divergences: [Double]

    package init(
        text: String, likelihoods: [Double] = [], golds: [GoldLikelihood] = [], divergences: [Double] = []
    ) {
        self.text = text
        self.likelihoods = likelihoods
        self.golds = golds
        self.divergences = divergences
    }

    /// Reads an answer as the protocol says.
    ///
    /// `reference` takes what follows the last cue of prompt and continuation; since the prompt ends with one, that is
    /// what follows the continuation's last, or all of it.
    package init(_ answer: Answer, to item: TaskItem, cue: String, preset: EvaluationProtocol) {
        likelihoods = answer.likelihoods
        golds = answer.golds
        divergences = answer.divergences
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
