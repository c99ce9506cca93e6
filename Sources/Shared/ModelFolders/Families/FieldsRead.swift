// Made by scripts/make-references/config_fields.py with transformers 5.23.0; not to be edited.

/// The fields of config.json that transformers' classes ask for: what they do not read cannot change the arithmetic.
enum FieldsRead {
    /// Those that are read whatever the family.
    static let always: Set<String> = [
        "architectures", "assistant_confidence_threshold", "assistant_early_exit", "assistant_ensemble_weight",
        "assistant_lookbehind", "attention_chunk_size", "attention_dropout", "attn_implementation", "auto_map",
        "bad_words_ids", "begin_suppress_tokens", "bos_token_id", "cache_config", "cache_dir", "cache_implementation",
        "chain_hidden_post_norm", "chunk_size_feed_forward", "classifier_dropout", "commit_message", "compile_config",
        "constraints", "continuous_batching_config", "decoder_start_token_id", "disable_compile", "distributed_config",
        "diversity_penalty", "do_sample", "dola_layers", "dtype", "early_stopping", "embed_dim", "encoder",
        "encoder_no_repeat_ngram_size", "encoder_repetition_penalty", "eos_token_id", "epsilon_cutoff", "eta_cutoff",
        "experts_implementation", "exponential_decay_length_penalty", "features_only", "first_k_dense_replace",
        "force_bos_token_to_be_generated", "force_download", "force_words_ids", "forced_bos_token_id",
        "forced_eos_token_id", "fusion_config", "get", "gguf_file", "gradient_checkpointing", "guidance_scale",
        "head_dim", "hidden_dropout", "hidden_size", "id2label", "init_std", "initializer_factor", "initializer_range",
        "intermediate_size", "is_assistant", "is_causal", "is_encoder_decoder", "is_heterogeneous", "kv_sharing_modes",
        "label2id", "layer_types", "length_penalty", "local_files_only", "logits_mup_width_multiplier", "low_memory",
        "max_cache_len", "max_length", "max_matching_ngram_size", "max_new_tokens", "max_position_embeddings",
        "max_time", "min_length", "min_new_tokens", "min_p", "mlp_layer_types", "mtp_hidden_states_first",
        "mtp_layer_types", "mtp_mlp_layer_types", "mtp_per_layer_config", "name_or_path", "no_repeat_ngram_size",
        "num_assistant_tokens", "num_assistant_tokens_schedule", "num_attention_heads", "num_beam_groups", "num_beams",
        "num_channels", "num_heads", "num_hidden_layers", "num_key_value_heads", "num_labels", "num_mtp_layers",
        "num_return_sequences", "original_max_position_embeddings", "out_indices", "output_attentions",
        "output_hidden_states", "output_logits", "output_scores", "pad_token_id", "partial_rotary_factor",
        "penalty_alpha", "per_layer_config", "prefill_chunk_size", "problem_type", "prompt_lookup_num_tokens",
        "proxies", "quantization_config", "remove_invalid_values", "renormalize_logits", "repetition_penalty",
        "repo_id", "return_dict", "return_dict_in_generate", "return_unused_kwargs", "revision", "rms_norm_eps",
        "rope_parameters", "rope_scaling", "rope_theta", "sep_token_id", "sequence_bias", "sliding_window",
        "speculation_type", "stop_strings", "sub_configs", "subfolder", "suppress_tokens", "target_lookbehind",
        "temperature", "tie_last_hidden_states", "tie_word_embeddings", "token", "token_classification_bias",
        "token_healing", "top_h", "top_k", "top_p", "torch_dtype", "transformers_version", "transformers_weights",
        "trust_remote_code", "typical_p", "unpadded_vocab_size", "use_cache", "use_mtp", "vision_aspect_ratio",
        "vision_feature_layer", "vision_feature_select_strategy", "vocab_size", "watermarking_config",
    ]

    /// Those that one family reads besides.
    static let own: [ModelFamily: Set<String>] = [
        .llama: [
            "attention_bias", "hidden_act", "mlp_bias", "pretraining_tp",
        ],
        .mistral: [
            "hidden_act"
        ],
        .qwen2: [
            "hidden_act", "max_window_layers", "use_sliding_window",
        ],
        .qwen3: [
            "attention_bias", "hidden_act", "max_window_layers", "use_sliding_window",
        ],
        .gemma2: [
            "attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "hidden_activation",
            "query_pre_attn_scalar", "use_bidirectional_attention",
        ],
    ]
}
