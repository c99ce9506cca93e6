import Foundation
import ModelFolders
import TestSupport
import Testing

/// What the fields of each family mean.
struct ModelFamilyTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private func read(_ type: String, _ fields: String = "") throws -> ModelConfiguration {
        let config = try temporary.folder().appendingPathComponent("config.json")
        let shape =
            #""hidden_size":64,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,"#
            + #""intermediate_size":96,"vocab_size":100"#
        try Data(#"{"model_type":"\#(type)",\#(shape)\#(fields.isEmpty ? "" : ",")\#(fields)}"#.utf8).write(to: config)
        return try ModelConfiguration(config: config)
    }

    private func refusal(_ type: String, _ fields: String) throws -> String {
        #expect(throws: ModelFolderError.self) { try read(type, fields) }?.description ?? ""
    }

    @Test(arguments: ModelFamily.allCases)
    func `a family is known by its model type, and its architecture must agree`(_ family: ModelFamily) throws {
        #expect(try read(family.rawValue).family == family)
        #expect(try read(family.rawValue, #""architectures":["\#(family.architecture)"]"#).family == family)
        let other = family == .llama ? ModelFamily.qwen2 : .llama
        let description = try refusal(family.rawValue, #""architectures":["\#(other.architecture)"]"#)
        #expect(description.contains("architectures") && description.contains(family.architecture))
    }

    @Test func `a Llama has biases where its fields say so`() throws {
        let plain = try read("llama").arithmetic
        #expect(!plain.queryKeyValueBias && !plain.attentionOutputBias && !plain.feedForwardBias)
        let biased = try read("llama", #""attention_bias":true,"mlp_bias":true"#).arithmetic
        #expect(biased.queryKeyValueBias && biased.attentionOutputBias && biased.feedForwardBias)
        #expect(plain.windows == [nil, nil, nil, nil] && plain.attentionDivisor == 16 && plain.activation == .silu)
    }

    @Test func `a Mistral slides its window in every block unless it is null`() throws {
        #expect(try read("mistral").arithmetic.windows == [4096, 4096, 4096, 4096])
        #expect(try read("mistral", #""sliding_window":7"#).arithmetic.windows == [7, 7, 7, 7])
        #expect(try read("mistral", #""sliding_window":null"#).arithmetic.windows == [nil, nil, nil, nil])
        #expect(try read("mistral").maximumPositions == 131_072)
        let layers = #""layer_types":["full_attention","sliding_attention","full_attention","full_attention"]"#
        #expect(try refusal("mistral", layers).contains("layer_types"))
        // transformers' Mistral has no biases, whatever the field says.
        #expect(try !read("mistral", #""attention_bias":true"#).arithmetic.queryKeyValueBias)
    }

    @Test func `a Qwen slides its window in the last blocks where it is in use`() throws {
        for type in ["qwen2", "qwen3"] {
            let unused = try read(type, #""sliding_window":9,"max_window_layers":1"#).arithmetic
            #expect(unused.windows == [nil, nil, nil, nil])
            let sliding = #""use_sliding_window":true,"sliding_window":9,"max_window_layers":1"#
            #expect(try read(type, sliding).arithmetic.windows == [nil, 9, 9, 9])
            let types = #""layer_types":["sliding_attention","full_attention","full_attention","full_attention"]"#
            #expect(try read(type, "\(sliding),\(types)").arithmetic.windows == [9, nil, nil, nil])
            #expect(try refusal(type, types).contains("sliding_window"))
        }
        #expect(try read("qwen2").arithmetic.queryKeyValueBias && !read("qwen2").arithmetic.attentionOutputBias)
        #expect(try read("qwen2").headDimension == 16 && !read("qwen2").arithmetic.queryKeyNorm)
        #expect(try read("qwen3").headDimension == 128 && read("qwen3").arithmetic.queryKeyNorm)
        #expect(try !read("qwen3").arithmetic.queryKeyValueBias)
    }

    @Test func `a Gemma 2 has norms of 1 + w, caps, an alternating window and heads of their own size`() throws {
        let plain = try read("gemma2")
        #expect(plain.headDimension == 256 && plain.tiedEmbeddings && plain.maximumPositions == 8192)
        let arithmetic = plain.arithmetic
        #expect(arithmetic.outputNorms && arithmetic.normsAddOne && arithmetic.scalesEmbedding)
        #expect(arithmetic.activation == .geluTanh && arithmetic.attentionDivisor == 256)
        #expect(arithmetic.attentionSoftCap == 50 && arithmetic.logitSoftCap == 30)
        #expect(arithmetic.windows == [4096, nil, 4096, nil])
        let other = try read(
            "gemma2",
            #""attn_logit_softcapping":null,"final_logit_softcapping":5,"query_pre_attn_scalar":144,"sliding_window":3"#
        ).arithmetic
        #expect(other.attentionSoftCap == nil && other.logitSoftCap == 5 && other.attentionDivisor == 144)
        #expect(other.windows == [3, nil, 3, nil])
        #expect(try refusal("gemma2", #""sliding_window":null"#).contains("sliding_window"))
        #expect(try refusal("gemma2", #""hidden_activation":"gelu""#).contains("hidden_activation"))
        #expect(try read("gemma2", #""hidden_act":"silu""#).arithmetic.activation == .geluTanh)
        #expect(try refusal("gemma2", #""use_bidirectional_attention":true"#).contains("use_bidirectional_attention"))
    }

    /// The fields of published folders, with small sizes.
    @Test func `configurations as they are published are understood`() throws {
        let common =
            #""attention_dropout":0.0,"initializer_range":0.02,"rms_norm_eps":1e-06,"torch_dtype":"bfloat16","#
            + #""transformers_version":"4.43.1","use_cache":true,"max_position_embeddings":8192"#
        let published: [(String, String)] = [
            (
                "llama",
                #""attention_bias":false,"mlp_bias":false,"pretraining_tp":1,"hidden_act":"silu","rope_theta":500000.0,"#
                    + #""rope_scaling":{"factor":32.0,"high_freq_factor":4.0,"low_freq_factor":1.0,"#
                    + #""original_max_position_embeddings":8192,"rope_type":"llama3"},"tie_word_embeddings":true,"#
                    + #""bos_token_id":1,"eos_token_id":[2,3],"head_dim":16,"_name_or_path":"x""#
            ),
            ("mistral", #""hidden_act":"silu","sliding_window":null,"rope_theta":1000000.0,"head_dim":16"#),
            (
                "qwen2",
                #""hidden_act":"silu","max_window_layers":36,"rope_theta":1000000.0,"sliding_window":32768,"#
                    + #""tie_word_embeddings":true,"use_mrope":false,"use_sliding_window":false"#
            ),
            (
                "qwen3",
                #""attention_bias":false,"head_dim":16,"hidden_act":"silu","max_window_layers":28,"rope_scaling":null,"#
                    + #""rope_theta":1000000,"sliding_window":null,"use_sliding_window":false"#
            ),
            (
                "gemma2",
                #""attention_bias":false,"attn_logit_softcapping":50.0,"cache_implementation":"hybrid","head_dim":16,"#
                    + #""final_logit_softcapping":30.0,"hidden_act":"gelu_pytorch_tanh","pad_token_id":0,"#
                    + #""hidden_activation":"gelu_pytorch_tanh","query_pre_attn_scalar":256,"rope_theta":10000.0,"#
                    + #""sliding_window":4096,"sliding_window_size":4096"#
            ),
        ]
        for (type, fields) in published { #expect(try read(type, "\(common),\(fields)").headDimension == 16) }
    }

    @Test func `layer types must be one for each block, and known`() throws {
        #expect(try refusal("gemma2", #""layer_types":["full_attention"]"#).contains("layer_types"))
        let chunked = #""layer_types":["full_attention","full_attention","full_attention","chunked_attention"]"#
        #expect(try refusal("qwen3", chunked).contains("chunked_attention"))
    }
}
