"""Weights and configuration of a Llama in a GGUF file, as Hugging Face has them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy

from container import Container

BLOCK_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
OUTER_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def published_name(name: str) -> str:
    if name.startswith("blk."):
        _, number, part, _ = name.split(".")
        return f"model.layers.{number}.{BLOCK_NAMES[part]}.weight"
    return f"{OUTER_NAMES[name.removesuffix('.weight')]}.weight"


def rows_in_halves(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """Of each head the rows of its first half, then those of its second, as rotary positions pair them in
    transformers; llama.cpp has the pairs side by side."""
    pairs = weight.reshape(heads, weight.shape[0] // heads // 2, 2, weight.shape[1])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def bfloat16(values: numpy.ndarray) -> numpy.ndarray:
    """The upper halves of float32 values, rounded to the nearest, ties to even."""
    bits = numpy.ascontiguousarray(values, dtype="<f4").view("<u4").astype(numpy.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def weights(container: Container) -> dict[str, numpy.ndarray]:
    heads = {"attn_q": container.values["llama.attention.head_count"],
             "attn_k": container.values["llama.attention.head_count_kv"]}
    published = {}
    for name in container.entries:
        tensor = container.tensor(name)
        part = name.split(".")[-2]
        if part in heads:
            tensor = rows_in_halves(tensor, heads[part])
        published[published_name(name)] = bfloat16(tensor)
    return published


def write_safetensors(path: Path, tensors: dict[str, numpy.ndarray]) -> None:
    """bfloat16 values, given as their bits."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in sorted(tensors.items()):
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in sorted(tensors.items()):
            file.write(tensor.tobytes())


def configuration(container: Container) -> dict:
    def of(name: str):
        return container.values["llama." + name]

    width, heads = of("embedding_length"), of("attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"], "attention_bias": False,
        "bos_token_id": container.values["tokenizer.ggml.bos_token_id"],
        "dtype": "bfloat16", "eos_token_id": container.values["tokenizer.ggml.eos_token_id"],
        "head_dim": width // heads, "hidden_act": "silu", "hidden_size": width,
        "intermediate_size": of("feed_forward_length"), "max_position_embeddings": of("context_length"),
        "mlp_bias": False, "model_type": "llama", "num_attention_heads": heads,
        "num_hidden_layers": of("block_count"), "num_key_value_heads": of("attention.head_count_kv"),
        # Stored as float32: its shortest decimal is what was meant.
        "rms_norm_eps": float(str(numpy.float32(of("attention.layer_norm_rms_epsilon")))),
        "rope_scaling": None, "rope_theta": of("rope.freq_base"),
        "tie_word_embeddings": "output.weight" not in container.entries, "vocab_size": of("vocab_size"),
    }
