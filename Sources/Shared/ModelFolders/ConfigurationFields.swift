import JSON

/// Which fields a `config.json` may hold. A field that nobody here knows might change the arithmetic, so it is an
/// error that names it, never a silent default.
enum ConfigurationFields {
    /// Fields that every family understands.
    private static let understood: Set<String> = [
        "architectures", "bos_token_id", "eos_token_id", "head_dim", "hidden_act", "hidden_size", "intermediate_size",
        "layer_types", "max_position_embeddings", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "original_max_position_embeddings", "rms_norm_eps", "rope_parameters", "rope_scaling",
        "rope_theta", "tie_word_embeddings", "vocab_size",
    ]

    /// Fields that say nothing about what is computed from a prompt: of training, of transformers' own working, of
    /// where the folder comes from. `pretraining_tp` slices matrices and adds the slices up again.
    private static let withoutEffect: Set<String> = [
        "attention_dropout", "auto_map", "bad_words_ids", "begin_suppress_tokens", "cache_implementation",
        "chunk_size_feed_forward", "custom_pipelines", "decoder_start_token_id", "diversity_penalty", "do_sample",
        "dtype", "early_stopping", "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty",
        "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "hidden_dropout", "id2label",
        "initializer_range", "label2id", "length_penalty", "max_length", "min_length", "no_repeat_ngram_size",
        "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions", "output_hidden_states",
        "output_router_logits", "output_scores", "pad_token_id", "prefix", "pretraining_tp", "problem_type",
        "pruned_heads", "remove_invalid_values", "repetition_penalty", "resid_pdrop", "return_dict",
        "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params", "temperature",
        "tf_legacy_loss", "tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torch_dtype", "torchscript",
        "transformers_version", "typical_p", "unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache",
    ]

    /// Fields of other families that may say what is done here anyway.
    private static let neutral: [String: [JSONValue]] = [
        "attention_multiplier": [.integer(1)],
        "embedding_multiplier": [.integer(1)],
        "logit_scale": [.integer(1)],
        "logits_scaling": [.integer(1)],
        "num_experts": [.integer(0), .integer(1)],
        "num_local_experts": [.integer(0), .integer(1)],
        "partial_rotary_factor": [.integer(1)],
        "residual_multiplier": [.integer(1)],
        "rope_interleaved": [.bool(false)],
        "rotary_dim": [],
    ]

    /// Fields that ask for arithmetic which some family has, or none, and is not this one's: they may be null, false
    /// or empty.
    private static let known: Set<String> = [
        "add_cross_attention", "attention_bias", "attn_logit_softcapping", "clip_qkv", "compression_config",
        "final_logit_softcapping", "hidden_activation", "is_decoder", "is_encoder_decoder", "max_window_layers",
        "mlp_bias", "no_rope_layers", "qk_norm", "qkv_bias", "quantization_config", "query_pre_attn_scalar",
        "sliding_window", "use_bidirectional_attention", "use_mrope", "use_qk_norm", "use_sliding_window",
    ]

    /// Refuses fields that `family` does not understand.
    static func check(_ config: ConfigurationField, _ family: ModelFamily) throws(ModelFolderError) {
        let own = family.description.fields
        for (name, field) in try config.members().sorted(by: { $0.name < $1.name }) {
            let value = field.value
            if own.contains(name) || understood.contains(name) || withoutEffect.contains(name) { continue }
            if name.hasPrefix("_") || isOff(value) { continue }
            if let values = neutral[name] {
                if values.contains(where: { $0.isEquivalent(to: value) }) { continue }
                let supported = values.map(\.summary) + ["leaving it out"]
                throw .unsupportedField(
                    path: config.file, field: name, found: value.summary,
                    supported: supported.joined(separator: " or "))
            }
            guard !known.contains(name) else {
                throw .unsupportedField(
                    path: config.file, field: name, found: value.summary,
                    supported: "null or leaving it out in the \(family.name) family")
            }
            throw .unknownField(path: config.file, field: field.path, found: value.summary)
        }
    }

    private static func isOff(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool(false), .array([]), .object([]): true
        default: false
        }
    }
}
