/// Figures that another implementation computed for a model, or some of them: what the model is compared with.
package struct ModelReference: Hashable, Sendable {
    package var prompts: [Prompt]
    package var tokenizerCases: [TokenizerCase]

    package init(prompts: [Prompt] = [], tokenizerCases: [TokenizerCase] = []) {
        self.prompts = prompts
        self.tokenizerCases = tokenizerCases
    }

    /// A prompt, and what the other implementation makes of it; what it does not say is nil.
    package struct Prompt: Hashable, Sendable {
        package var prompt: String
        package var ids: [Int32]
        package var tokens: [String]?
        package var decoded: String?
        /// Greedy, without a stop at an end-of-text token.
        package var continuationIds: [Int32]
        package var continuationText: String?
        /// Of the first tokens of the vocabulary, after the last token of the prompt.
        package var firstLogits: [Float]?
        /// [vocabulary]
        package var logits: [Float]?
        /// [blocks, width]: the residual stream at the last token after each block.
        package var residualAfterBlock: FloatMatrix?
        /// [width]
        package var embeddingLast: [Float]?
        package var finalNormLast: [Float]?

        package init(
            prompt: String, ids: [Int32], tokens: [String]? = nil, decoded: String? = nil, continuationIds: [Int32],
            continuationText: String? = nil, firstLogits: [Float]? = nil, logits: [Float]? = nil,
            residualAfterBlock: FloatMatrix? = nil, embeddingLast: [Float]? = nil, finalNormLast: [Float]? = nil
        ) {
            self.prompt = prompt
            self.ids = ids
            self.tokens = tokens
            self.decoded = decoded
            self.continuationIds = continuationIds
            self.continuationText = continuationText
            self.firstLogits = firstLogits
            self.logits = logits
            self.residualAfterBlock = residualAfterBlock
            self.embeddingLast = embeddingLast
            self.finalNormLast = finalNormLast
        }
    }

    /// A text with its token ids.
    package struct TokenizerCase: Hashable, Sendable {
        package var text: String
        package var ids: [Int32]
        package var decoded: String?
        package var decodedWithSpecial: String?

        package init(text: String, ids: [Int32], decoded: String? = nil, decodedWithSpecial: String? = nil) {
            self.text = text
            self.ids = ids
            self.decoded = decoded
            self.decodedWithSpecial = decodedWithSpecial
        }
    }
}

extension ModelReference {
    /// Texts of the tokenizer that one part has at most.
    private static let casesPerPart = 256

    /// How many ``part(_:)`` there are: one for each prompt, then those of the tokenizer's texts.
    package var partCount: Int {
        prompts.count + (tokenizerCases.count + Self.casesPerPart - 1) / Self.casesPerPart
    }

    /// - Precondition: there is such a part.
    package func part(_ index: Int) -> ModelReference {
        guard index >= prompts.count else { return ModelReference(prompts: [prompts[index]]) }
        let first = (index - prompts.count) * Self.casesPerPart
        return ModelReference(
            tokenizerCases: Array(tokenizerCases[first..<min(first + Self.casesPerPart, tokenizerCases.count)]))
    }

    /// How often each kind of figure is compared; kinds that are not are left out.
    package var counts: [ParityFigure: Int] {
        var counts: [ParityFigure: Int] = [:]
        for prompt in prompts {
            counts[.tokenIDs, default: 0] += prompt.tokens == nil ? 1 : 2
            counts[.decodedTexts, default: 0] += [prompt.decoded, prompt.continuationText].count { $0 != nil }
            let streams = prompt.residualAfterBlock.map { $0.rows + (prompt.embeddingLast == nil ? 0 : 1) } ?? 0
            counts[.streams, default: 0] += streams + (prompt.finalNormLast == nil ? 0 : 1)
            counts[.partialStreams, default: 0] += streams
            counts[.logits, default: 0] += [prompt.logits, prompt.firstLogits].count { $0 != nil }
            counts[.continuations, default: 0] += 1
        }
        for item in tokenizerCases {
            counts[.tokenIDs, default: 0] += 1
            counts[.decodedTexts, default: 0] += [item.decoded, item.decodedWithSpecial].count { $0 != nil }
        }
        return counts.filter { $0.value > 0 }
    }
}
