/// What a worker returns for a unit: a function of the unit alone, bit for bit.
package enum UnitResult: Hashable, Sendable {
    case extract(ExtractResult)
    case train(TrainResult)
    case trainOutputs(TrainOutputsResult)
    case similarity(SimilarityResult)
    case evaluate(EvaluateResult)
}

/// B's two continuations of a ``SimilarityUnit``'s prompt.
package struct SimilarityResult: Hashable, Sendable {
    package var plain: Continuation
    package var injected: Continuation

    package init(plain: Continuation, injected: Continuation) {
        self.plain = plain
        self.injected = injected
    }
}

/// What a model wrote.
package struct Continuation: Hashable, Sendable {
    /// Token ids, an end-of-text token left out.
    package var tokens: [Int32]
    /// Decoded without special tokens; where a stop string ended it, up to that.
    package var text: String
    /// Tokens that were cut off on the left of the prompts that this rests on (the answering model's own, and the
    /// one whose activation it was given), because the models have too few positions.
    package var omittedPromptTokens: Int

    package init(tokens: [Int32], text: String, omittedPromptTokens: Int = 0) {
        self.tokens = tokens
        self.text = text
        self.omittedPromptTokens = omittedPromptTokens
    }
}

/// The answers to an ``EvaluateUnit``.
package struct EvaluateResult: Hashable, Sendable {
    /// In the unit's order of items.
    package var items: [ItemAnswers]

    package init(items: [ItemAnswers]) {
        self.items = items
    }
}

/// One item's answers, in the unit's order of conditions.
package struct ItemAnswers: Hashable, Sendable {
    package var answers: [Continuation]

    package init(answers: [Continuation]) {
        self.answers = answers
    }
}
