import Foundation
import ModelFolders
import ModelReading
import Run
import TestSupport
import Testing

/// Files of another implementation's figures: what they have to hold to be a model's.
struct ModelReferenceTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// 2 blocks of 4, 8 tokens, 16 positions.
    private func shape() throws -> ModelConfiguration {
        let file = scratch.file("config.json")
        try Data(
            #"""
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4, "num_hidden_layers": 2,
             "num_attention_heads": 1, "num_key_value_heads": 1, "intermediate_size": 4, "vocab_size": 8,
             "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "tie_word_embeddings": true, "hidden_act": "silu"}
            """#.utf8
        ).write(to: file)
        return try ModelConfiguration(config: file)
    }

    private static let prompt = ModelReference.Prompt(
        prompt: "a", ids: [1, 7], tokens: ["a", "b"], continuationIds: [3], firstLogits: [1],
        logits: .init(repeating: 0, count: 8),
        residualAfterBlock: FloatMatrix(zeros: 2, 4), embeddingLast: [0, 0, 0, 0], finalNormLast: [0, 0, 0, 0])

    @Test func `figures of the model's shape fit`() throws {
        let whole = ModelReference(
            prompts: [Self.prompt], tokenizerCases: [ModelReference.TokenizerCase(text: "", ids: [])])
        #expect(whole.misfit(of: try shape()) == nil)
    }

    @Test func `what cannot be the model's is named with what was expected and found`() throws {
        let shape = try shape()
        func misfit(_ change: (inout ModelReference.Prompt) -> Void) -> String? {
            var prompt = Self.prompt
            change(&prompt)
            return ModelReference(prompts: [Self.prompt, prompt]).misfit(of: shape)
        }
        #expect(misfit { $0.ids = [8] } == "prompts[1].ids: expected ids below 8, found 8")
        #expect(misfit { $0.continuationIds = [9] } == "prompts[1].continuation_ids: expected ids below 8, found 9")
        #expect(
            misfit { ($0.ids, $0.tokens) = ([], nil) }?.hasPrefix("prompts[1].ids: expected 1 token or more") == true)
        #expect(misfit { $0.continuationIds = .init(repeating: 1, count: 15) }?.contains("at most 16") == true)
        #expect(misfit { $0.tokens = ["a"] } == "prompts[1].tokens: expected 2, one for each id, found 1")
        #expect(
            misfit { $0.residualAfterBlock = FloatMatrix(zeros: 3, 4) }
                == "prompts[1].residual_after_block: expected 2 blocks × 4, found 3 × 4")
        #expect(misfit { $0.logits = [0] } == "prompts[1].logits_full: expected 8 numbers, found 1")
        #expect(misfit { $0.embeddingLast = [0] } == "prompts[1].embedding_last: expected 4 numbers, found 1")
        let cases = ModelReference(tokenizerCases: [ModelReference.TokenizerCase(text: "", ids: [1, 8])])
        #expect(cases.misfit(of: shape) == "tokenizer_cases[0].ids: expected ids below 8, found 8")
    }

    @Test func `rows of different lengths are refused with their place`() throws {
        let file = scratch.file("reference.json")
        let text =
            #"{"prompts":[{"prompt":"a","ids":[1],"continuation_ids":[],"residual_after_block":[[1,2],[1]]}],"#
            + #""tokenizer_cases":[]}"#
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: ReferenceError.self) { try ModelReferenceFile(file: file) }
        #expect("\(try #require(error))".contains("prompts[0].residual_after_block[1]"))
    }

    @Test func `parts hold every figure once`() {
        let cases = (0..<300).map { ModelReference.TokenizerCase(text: "\($0)", ids: [], decoded: "") }
        let whole = ModelReference(prompts: [Self.prompt, Self.prompt], tokenizerCases: cases)
        #expect(whole.partCount == 4)
        let parts = (0..<4).map(whole.part)
        #expect(parts.flatMap(\.prompts) == whole.prompts && parts.flatMap(\.tokenizerCases) == whole.tokenizerCases)
        let sums = parts.reduce(into: [:]) { sums, part in sums.merge(part.counts, uniquingKeysWith: +) }
        #expect(sums == whole.counts)
        #expect(
            whole.counts == [
                .tokenIDs: 304, .decodedTexts: 300, .streams: 8, .partialStreams: 6, .logits: 4, .continuations: 2,
            ])
    }
}
