"""Two tiny models with random weights: what they hold is noise, how they are stored is the point."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer

import tokens
import world

VOCABULARY = 400
SPECIAL = [tokens.BOS, tokens.EOS, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
PLAIN_ADDED = "<tool>"
HIDDEN, BLOCKS, HEADS, KV_HEADS, FEED_FORWARD = 32, 3, 4, 2, 64

TEXT = [
    "The residual stream of one model can be read, carried over and written into another model.",
    "A café in Zürich sells crêpes, smørrebrød and piñatas; it’s “open” from 9 to 17 — every day.",
    "Don't worry: they'll come, we've asked, I'd say, she's sure, you're right, I'm here.",
    "日本語 한국어 العربية Ελληνικά русский", "1 22 333 4444 55555", "\n\n\tindented\n    more\r\n",
]


def tiny_tokenizer() -> Tokenizer:
    """Llama 3's own splitting pattern, and an added token that is not special."""
    rng = random.Random("tiny tokenizer")
    texts = TEXT * 20 + [world.plain_text(rng) for _ in range(400)]
    tokenizer = tokens.train_tokenizer(texts, VOCABULARY - 1, tokens.LLAMA3_PATTERN, SPECIAL)
    tokenizer.add_tokens([AddedToken(PLAIN_ADDED, normalized=False)])
    return tokenizer


def random_weights(seed: int, head_dim: int, tied: bool) -> dict[str, torch.Tensor]:
    """Wide enough that the best two logits of a step are seldom close."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * scale

    weights = {"model.embed_tokens.weight": normal(VOCABULARY, HIDDEN, scale=1.0)}
    for block in range(BLOCKS):
        at = f"model.layers.{block}."
        weights[at + "input_layernorm.weight"] = 1 + normal(HIDDEN, scale=0.1)
        weights[at + "self_attn.q_proj.weight"] = normal(HEADS * head_dim, HIDDEN, scale=0.35)
        weights[at + "self_attn.k_proj.weight"] = normal(KV_HEADS * head_dim, HIDDEN, scale=0.35)
        weights[at + "self_attn.v_proj.weight"] = normal(KV_HEADS * head_dim, HIDDEN, scale=0.35)
        weights[at + "self_attn.o_proj.weight"] = normal(HIDDEN, HEADS * head_dim, scale=0.35)
        weights[at + "post_attention_layernorm.weight"] = 1 + normal(HIDDEN, scale=0.1)
        weights[at + "mlp.gate_proj.weight"] = normal(FEED_FORWARD, HIDDEN, scale=0.35)
        weights[at + "mlp.up_proj.weight"] = normal(FEED_FORWARD, HIDDEN, scale=0.35)
        weights[at + "mlp.down_proj.weight"] = normal(HIDDEN, FEED_FORWARD, scale=0.35)
    weights["model.norm.weight"] = 1 + normal(HIDDEN, scale=0.1)
    if not tied:
        weights["lm_head.weight"] = normal(VOCABULARY, HIDDEN, scale=1.0)
    return weights


def _fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _common(folder: Path, tokenizer: Tokenizer, config: dict) -> None:
    ids = {name: tokenizer.token_to_id(name) for name in SPECIAL}
    config = {
        "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": ids[tokens.BOS], "eos_token_id": [ids[tokens.EOS], ids["<|eot_id|>"]], "hidden_act": "silu",
        "hidden_size": HIDDEN, "initializer_range": 0.02, "intermediate_size": FEED_FORWARD, "mlp_bias": False,
        "model_type": "llama", "num_attention_heads": HEADS, "num_hidden_layers": BLOCKS,
        "num_key_value_heads": KV_HEADS, "rms_norm_eps": 1e-5, "use_cache": True, "vocab_size": VOCABULARY, **config,
    }
    (folder / "config.json").write_text(json.dumps(dict(sorted(config.items())), indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(
        {"bos_token_id": ids[tokens.BOS], "do_sample": True, "eos_token_id": [ids[tokens.EOS], ids["<|eot_id|>"]],
         "temperature": 0.6, "top_p": 0.9}, indent=2) + "\n")
    tokens.save_tokenizer(tokenizer, folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {**tokens.tokenizer_config(config["max_position_embeddings"]), "eos_token": "<|eot_id|>"}, indent=2) + "\n")


def llama3_rope_sharded(folder: Path, tokenizer: Tokenizer, seed: int) -> None:
    """Float16 in two shards with an index; a block is divided between them. Llama 3's rope scaling in the
    config of old, an own read-out matrix, heads whose size is not hidden size / heads."""
    _fresh(folder)
    head_dim = 12
    _common(folder, tokenizer, {
        "head_dim": head_dim, "max_position_embeddings": 512, "rope_theta": 500000.0, "tie_word_embeddings": False,
        # Wavelengths 6.3, 56, 499, … positions against 64: one is kept, one blended, the others stretched.
        "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                         "original_max_position_embeddings": 64, "rope_type": "llama3"},
        "torch_dtype": "float16",
    })
    weights = {name: tensor.to(torch.float16) for name, tensor in random_weights(seed, head_dim, tied=False).items()}
    names = list(weights)
    cut = names.index("model.layers.1.self_attn.o_proj.weight")
    index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in weights.values())}, "weight_map": {}}
    for number, part in enumerate([names[:cut], names[cut:]], start=1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: weights[name].contiguous() for name in part}, folder / file, metadata={"format": "pt"})
        (folder / file).chmod(0o644)
        index["weight_map"] |= {name: file for name in part}
    index["weight_map"] = dict(sorted(index["weight_map"].items()))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def linear_rope_tied(folder: Path, tokenizer: Tokenizer, seed: int) -> None:
    """Bfloat16 in one file, linear rope scaling in the config of today, the embedding as the read-out matrix,
    no head_dim given."""
    _fresh(folder)
    _common(folder, tokenizer, {
        "dtype": "bfloat16", "max_position_embeddings": 512, "tie_word_embeddings": True,
        "rope_parameters": {"factor": 4.0, "rope_theta": 10000.0, "rope_type": "linear"},
    })
    weights = {name: tensor.to(torch.bfloat16) for name, tensor in random_weights(seed, HIDDEN // HEADS, tied=True).items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
