import Foundation
import ModelFolders
import TestSupport
import Testing

/// What a `config.json` may say, and what it may not.
struct ModelConfigurationTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private static let minimal =
        #""model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":96,"vocab_size":100"#

    private func read(_ fields: String, generation: String? = nil) throws -> ModelConfiguration {
        let folder = try temporary.folder()
        let config = folder.appendingPathComponent("config.json")
        try Data("{\(fields)}".utf8).write(to: config)
        guard let generation else { return try ModelConfiguration(config: config) }
        let other = folder.appendingPathComponent("generation_config.json")
        try Data(generation.utf8).write(to: other)
        return try ModelConfiguration(config: config, generationConfig: other)
    }

    private func reading(_ more: String) throws -> ModelConfiguration { try read("\(Self.minimal),\(more)") }

    @Test func `fields that are left out have the values that transformers gives them`() throws {
        let configuration = try read(Self.minimal)
        #expect(configuration.keyValueHeadCount == 4)
        #expect(configuration.headDimension == 16)
        #expect(configuration.maximumPositions == 2048)
        #expect(configuration.rmsNormEpsilon == 1e-6)
        #expect(configuration.rotary == RotaryConfiguration(theta: 10_000, scaling: .none))
        #expect(!configuration.tiedEmbeddings)
        #expect(configuration.beginTokens == [] && configuration.endTokens.ids == [2])
        #expect(configuration.endTokens.sources(of: 2) == [.family])
    }

    @Test func `fields that are given are read`() throws {
        let configuration = try reading(
            #""num_key_value_heads":2,"head_dim":24,"max_position_embeddings":77,"rms_norm_eps":0.001,"#
                + #""tie_word_embeddings":true,"bos_token_id":3,"eos_token_id":[4,5],"hidden_act":"silu","pretraining_tp":1"#
        )
        #expect(configuration.keyValueHeadCount == 2)
        #expect(configuration.headDimension == 24)
        #expect(configuration.maximumPositions == 77)
        #expect(configuration.rmsNormEpsilon == 0.001)
        #expect(configuration.tiedEmbeddings)
        #expect(configuration.beginTokens == [3] && configuration.endTokens.ids == [4, 5])
    }

    @Test func `a text ends where either file says so, or where the family does`() throws {
        let fields = "\(Self.minimal),\"eos_token_id\":7"
        #expect(try read(fields).endTokens.ids == [7])
        let both = try read(fields, generation: #"{"eos_token_id":[8,9,7]}"#).endTokens
        #expect(both.ids == [8, 9, 7])
        #expect(both.sources(of: 7) == [.generationConfiguration, .configuration])
        #expect(both.sources(of: 8) == [.generationConfiguration] && both.sources(of: 1) == [])
        #expect(try read(fields, generation: #"{"do_sample":false}"#).endTokens.ids == [7])
        #expect(try read(Self.minimal, generation: #"{"do_sample":false}"#).endTokens.ids == [])
        #expect(try read("\(Self.minimal),\"eos_token_id\":null").endTokens.ids == [])
        #expect(throws: ModelFolderError.self) { try read(fields, generation: #"{"eos_token_id":100}"#) }
    }

    @Test(arguments: [
        (#""rope_theta":5e5"#, RotaryConfiguration(theta: 5e5, scaling: .none)),
        (#""rope_theta":5e5,"rope_scaling":null"#, RotaryConfiguration(theta: 5e5, scaling: .none)),
        (
            #""rope_theta":5e5,"rope_scaling":{"type":"linear","factor":2.0}"#,
            .init(theta: 5e5, scaling: .linear(factor: 2))
        ),
        (
            #""rope_parameters":{"rope_type":"linear","factor":4,"rope_theta":20000.0}"#,
            .init(theta: 2e4, scaling: .linear(factor: 4))
        ),
        (#""rope_parameters":{"rope_type":"default","rope_theta":20000}"#, .init(theta: 2e4, scaling: .none)),
        (
            #""rope_theta":5e5,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}"#,
            .init(
                theta: 5e5,
                scaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 8192))
        ),
    ])
    func `both shapes of the rotary fields are read`(_ fields: String, _ expected: RotaryConfiguration) throws {
        #expect(try reading(fields).rotary == expected)
    }

    @Test(arguments: [
        (#""hidden_act":"gelu""#, "hidden_act"), (#""attention_bias":1"#, "attention_bias"),
        (#""mlp_bias":"yes""#, "mlp_bias"), (#""quantization_config":{"bits":4}"#, "quantization_config"),
        (#""rope_scaling":{"rope_type":"longrope","factor":2}"#, "rope_scaling.rope_type"),
        (#""rope_scaling":{"rope_type":"linear","factor":2,"mrope_section":[1]}"#, "rope_scaling.mrope_section"),
        (#""rope_scaling":{"rope_type":"yarn","factor":2,"beta_fast":0}"#, "rope_scaling.beta_fast"),
        (#""rope_theta":1e-300"#, "rope_theta"), (#""attention_chunk_size":3"#, "attention_chunk_size"),
        (#""is_causal":false"#, "is_causal"), (#""per_layer_config":{"0":{"hidden_size":2}}"#, "per_layer_config"),
        (#""rope_scaling":{"rope_type":"linear"}"#, "rope_scaling.factor"),
        (#""rope_scaling":{"rope_type":"linear","factor":-1}"#, "rope_scaling.factor"),
        (#""rope_parameters":{"rope_type":"default","partial_rotary_factor":0.5}"#, "partial_rotary_factor"),
        (
            #""rope_scaling":{"rope_type":"linear","factor":2},"rope_parameters":{"rope_type":"default"}"#,
            "rope_scaling"
        ),
        (
            #""rope_scaling":{"type":"linear","factor":2},"rope_parameters":{"rope_type":"linear","factor":2,"rope_theta":9}"#,
            "rope_scaling"
        ),
        (#""partial_rotary_factor":0.25"#, "partial_rotary_factor"), (#""sliding_window":4096"#, "sliding_window"),
        (#""layer_types":["full_attention","sliding_attention"]"#, "layer_types"),
        (#""num_key_value_heads":3"#, "num_key_value_heads"), (#""head_dim":15"#, "head_dim"),
        (#""head_dim":0"#, "head_dim"), (#""rms_norm_eps":0"#, "rms_norm_eps"),
        (#""rms_norm_eps":"x""#, "rms_norm_eps"),
        (#""max_position_embeddings":1e99"#, "max_position_embeddings"), (#""eos_token_id":-1"#, "eos_token_id"),
        (#""eos_token_id":[1,"a"]"#, "eos_token_id"), (#""tie_word_embeddings":1"#, "tie_word_embeddings"),
    ])
    func `a field that changes the arithmetic or makes no sense is refused by name`(_ field: String, _ name: String)
        throws
    {
        let error = #expect(throws: ModelFolderError.self) { try reading(field) }
        let description = error?.description ?? ""
        #expect(description.contains(name) && description.contains("config.json") && !description.contains("\n"))
    }

    @Test(arguments: ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"])
    func `a size that is missing, not positive or absurd is refused by name`(_ name: String) throws {
        for value in ["null", "0", "-1", "1.5", "9223372036854775807", "\"4\"", "true"] {
            let pattern = try Regex("\"\(name)\":[0-9]+")
            let fields = Self.minimal.replacing(pattern, with: "\"\(name)\":\(value)")
            let error = #expect(throws: ModelFolderError.self) { try read(fields) }
            #expect(error?.description.contains(name) ?? false)
        }
    }

    @Test func `fields without effect, and fields that are off, may stand there`() throws {
        let fields =
            #""torch_dtype":"bfloat16","use_cache":true,"_name_or_path":"x","sliding_window":null,"#
            + #""attention_chunk_size":null,"is_encoder_decoder":false,"layer_types":null,"is_causal":true"#
        #expect(try reading(fields) == read(Self.minimal))
    }

    @Test func `fields that transformers does not read may say anything, and are named`() throws {
        let configuration = try reading(
            #""some_new_field":3,"clip_qkv":8,"is_llama_config":true,"attention_multiplier":0.5,"unknown":null"#)
        #expect(
            configuration.unreadFields == ["attention_multiplier", "clip_qkv", "is_llama_config", "some_new_field"])
        #expect(configuration.arithmetic == (try read(Self.minimal).arithmetic))
    }

    @Test func `a field that is to be passed over is taken as not being there`() throws {
        let folder = try temporary.folder()
        let config = folder.appendingPathComponent("config.json")
        try Data(#"{\#(Self.minimal),"attention_chunk_size":7,"rope_theta":3}"#.utf8).write(to: config)
        let error = #expect(throws: ModelFolderError.self) { try ModelConfiguration(config: config) }
        #expect(error?.description.contains("--ignore-config-field attention_chunk_size") == true)
        let ignoring = try ModelConfiguration(config: config, ignoring: ["attention_chunk_size", "rope_theta", "x"])
        #expect(try ignoring == read(Self.minimal))
        #expect(throws: ModelFolderError.self) {
            try ModelConfiguration(config: config, ignoring: ["attention_chunk_size", "hidden_size"])
        }
    }

    @Test func `another architecture is named, with those that are supported`() throws {
        for fields in [
            #""architectures":["GemmaForCausalLM"],\#(Self.minimal)"#,
            Self.minimal.replacingOccurrences(of: "\"llama\"", with: "\"GemmaForCausalLM\""),
        ] {
            let description = #expect(throws: ModelFolderError.self) { try read(fields) }?.description ?? ""
            #expect(description.contains("GemmaForCausalLM") && description.contains("LlamaForCausalLM"))
        }
    }

    @Test func `a file that is not a JSON object, or too large, is refused`() throws {
        for text in ["", "[1]", "{", "nonsense"] {
            let url = try temporary.folder().appendingPathComponent("config.json")
            try Data(text.utf8).write(to: url)
            #expect(throws: ModelFolderError.self) { try ModelConfiguration(config: url) }
        }
        let nested = String(repeating: "[", count: 100_000)
        #expect(throws: ModelFolderError.self) { try reading("\"x\":\(nested)") }
        #expect(throws: ModelFolderError.self) { try reading("\"x\":\"\(String(repeating: "x", count: 2 << 20))\"") }
    }
}
