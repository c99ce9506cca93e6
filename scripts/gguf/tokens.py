"""The tokenizer of a GGUF file, as tokenizer.json has it."""

from __future__ import annotations

from container import Container

CONTROL = 3  # token type


def split(kind: str) -> list[dict]:
    """What cuts a text into words, by llama.cpp's name for it."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    if kind != "smollm":
        raise SystemExit(f"error: a tokenizer of kind {kind}; known is smollm")
    return [{"type": "Digits", "individual_digits": True}, byte_level]


def tokenizer(container: Container) -> dict:
    def of(name: str):
        return container.values["tokenizer.ggml." + name]

    if of("model") != "gpt2":
        raise SystemExit(f"error: a tokenizer of model {of('model')}; known is gpt2")
    special = [{"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": True}
               for id, (token, type) in enumerate(zip(of("tokens"), of("token_type"))) if type == CONTROL]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": split(of("pre"))},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: id for id, token in enumerate(of("tokens"))}, "merges": of("merges"),
        },
    }


def settings(container: Container) -> dict:
    """tokenizer_config.json, with the chat template."""
    tokens = container.values["tokenizer.ggml.tokens"]

    def token(role: str) -> str:
        return tokens[container.values[f"tokenizer.ggml.{role}_token_id"]]

    return {
        "add_bos_token": False, "add_prefix_space": False, "bos_token": token("bos"), "eos_token": token("eos"),
        "pad_token": token("padding"), "unk_token": token("unknown"), "clean_up_tokenization_spaces": False,
        "chat_template": container.values["tokenizer.chat_template"],
        "model_max_length": container.values["llama.context_length"], "tokenizer_class": "GPT2Tokenizer",
    }
