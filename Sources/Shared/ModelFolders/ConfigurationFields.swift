import JSON

/// Which fields a `config.json` may hold.
///
/// What transformers' classes of the family do not read (``FieldsRead``) cannot change the arithmetic and may say
/// anything. What they read must be understood here, or be known to say nothing about the arithmetic, or be off:
/// anything else is an error that names it, never a silent default.
enum ConfigurationFields {
    /// Fields that every family understands.
    private static let understood: Set<String> = [
        "architectures", "bos_token_id", "eos_token_id", "head_dim", "hidden_act", "hidden_size", "intermediate_size",
        "layer_types", "max_position_embeddings", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "original_max_position_embeddings", "rms_norm_eps", "rope_parameters", "rope_scaling",
        "rope_theta", "tie_word_embeddings", "vocab_size",
    ]

    /// Fields that are read and say nothing about what is computed from a prompt: of training, of transformers' own
    /// working, of how it generates, of where the folder comes from.
    private static let withoutEffect: Set<String> = [
        "assistant_confidence_threshold", "assistant_early_exit", "assistant_ensemble_weight", "assistant_lookbehind",
        "attention_dropout", "attn_implementation", "auto_map", "bad_words_ids", "begin_suppress_tokens",
        "cache_config", "cache_dir", "cache_implementation", "chunk_size_feed_forward", "classifier_dropout",
        "commit_message", "compile_config",
        "constraints", "continuous_batching_config", "decoder_start_token_id", "disable_compile",
        "distributed_config", "diversity_penalty", "do_sample", "dola_layers", "dtype", "early_stopping",
        "encoder_no_repeat_ngram_size", "encoder_repetition_penalty", "epsilon_cutoff", "eta_cutoff",
        "experts_implementation", "exponential_decay_length_penalty", "force_bos_token_to_be_generated",
        "force_download", "force_words_ids", "forced_bos_token_id", "forced_eos_token_id", "gguf_file",
        "gradient_checkpointing", "guidance_scale", "hidden_dropout", "id2label", "init_std", "initializer_factor",
        "initializer_range", "is_assistant", "kv_sharing_modes", "label2id", "length_penalty", "local_files_only",
        "low_memory", "max_cache_len", "max_length", "max_matching_ngram_size", "max_new_tokens", "max_time",
        "min_length", "min_new_tokens", "min_p", "name_or_path", "no_repeat_ngram_size", "num_assistant_tokens",
        "num_assistant_tokens_schedule", "num_beam_groups", "num_beams", "num_labels", "num_return_sequences",
        "output_attentions", "output_hidden_states", "output_logits", "output_scores", "pad_token_id",
        "penalty_alpha", "prefill_chunk_size", "pretraining_tp", "problem_type", "prompt_lookup_num_tokens", "proxies",
        "remove_invalid_values", "renormalize_logits", "repetition_penalty", "repo_id", "return_dict",
        "return_dict_in_generate", "return_unused_kwargs", "revision", "sep_token_id", "sequence_bias", "stop_strings",
        "subfolder", "suppress_tokens", "target_lookbehind", "temperature", "tie_last_hidden_states", "token",
        "token_classification_bias", "token_healing", "top_h", "top_k", "top_p", "torch_dtype", "transformers_version",
        "transformers_weights", "trust_remote_code", "typical_p", "use_cache", "use_return_dict",
        "watermarking_config",
    ]

    /// Fields that may say what is done here anyway, and nothing else.
    private static let neutral: [String: [JSONValue]] = [
        "is_causal": [.bool(true)],
        "partial_rotary_factor": [.integer(1)],
    ]

    /// Refuses fields that `family` does not understand, and returns the names of those that are passed over because
    /// transformers does not read them, sorted.
    static func check(_ config: ConfigurationField, _ family: ModelFamily) throws(ModelFolderError) -> [String] {
        let own = family.description.fields
        var unread: [String] = []
        for (name, field) in try config.members().sorted(by: { $0.name < $1.name }) {
            if own.contains(name) || understood.contains(name) || withoutEffect.contains(name) { continue }
            if name.hasPrefix("_") || field.value == .null { continue }
            guard FieldsRead.always.contains(name) || FieldsRead.own[family, default: []].contains(name) else {
                unread.append(name)
                continue
            }
            if let values = neutral[name] {
                if values.contains(where: { $0.isEquivalent(to: field.value) }) { continue }
            } else if isOff(field.value) {
                continue
            }
            let supported = (neutral[name] ?? []).map(\.summary) + ["leaving it out (--ignore-config-field \(name))"]
            throw .unsupportedField(
                path: config.file, field: name, found: field.value.summary,
                supported: supported.joined(separator: " or ") + " in the \(family.name) family")
        }
        return unread
    }

    private static func isOff(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool(false), .array([]), .object([]): true
        default: false
        }
    }
}
