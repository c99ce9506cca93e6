"""The two architectures, and how A is grown out of B."""

from __future__ import annotations

import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM

BLOCKS, HEAD_DIM, POSITIONS = 4, 24, 512
WIDTH_A, WIDTH_B = 128, 96


def configuration(width: int, heads: int, kv_heads: int, feed_forward: int, vocabulary: int, bos: int,
                  eos: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=feed_forward, num_hidden_layers=BLOCKS,
        num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=HEAD_DIM, max_position_embeddings=POSITIONS,
        rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True, bos_token_id=bos, eos_token_id=eos, attn_implementation="eager")


def configuration_b(vocabulary: int, bos: int, eos: int) -> LlamaConfig:
    return configuration(WIDTH_B, 4, 2, 256, vocabulary, bos, eos)


def configuration_a(vocabulary: int, bos: int, eos: int) -> LlamaConfig:
    return configuration(WIDTH_A, 8, 4, 256, vocabulary, bos, eos)


@torch.no_grad()
def grow(b: LlamaForCausalLM, configuration: LlamaConfig, seed: int, noise: float = 0.02) -> LlamaForCausalLM:
    """A wider model that begins as the same function as `b`.

    The old weights stand in the upper left corner of the new ones. The new coordinates of the residual stream
    start at zero in the embedding; new heads and feed-forward units read and write them, and write nothing yet
    to the old coordinates. RMSNorm divides by the mean over all coordinates, hence the factor √(d_B / d_A).
    """
    torch.manual_seed(seed)
    a = LlamaForCausalLM(configuration)
    old = dict(b.named_parameters())
    width = b.config.hidden_size
    norm_factor = math.sqrt(width / configuration.hidden_size)
    for name, new in a.named_parameters():
        source = old[name]
        if new.ndim == 1:
            new.fill_(norm_factor)
            new[:width] = source * norm_factor
        elif name.endswith("embed_tokens.weight"):
            new.zero_()
            new[:, :width] = source
        else:
            new.normal_(0, noise)
            if name.endswith(("o_proj.weight", "down_proj.weight")):  # they write to the residual stream
                new[:width].zero_()
            new[: source.shape[0], : source.shape[1]] = source
    return a


def freeze_vocabulary(a: LlamaForCausalLM) -> None:
    """A goes on speaking B's language: the table of words (which is also the read-out) and the last norm stay.

    With them the residual stream after A's last block keeps B's meaning in its first d_B coordinates; the others
    are room to think in.
    """
    a.model.embed_tokens.weight.requires_grad_(False)
    a.model.norm.weight.requires_grad_(False)
