"""Small models of every family with random weights, and what transformers computes with them.

    python scripts/make-references/families.py Tests/Fixtures/Families      (the environment of scripts/make-demo/run)

Each folder holds config.json in the manner of the family's published ones, weights, tokenizer.json and
reference.json (the shape that `worker verify` reads); injection-*.json holds activations put from one model into
another. Among many prompts those are kept whose continuations have the widest margins.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

import family_tokenizers
from references import argmax_with_margin, floats, header, widest, write_json

BLOCKS, HEADS, KV_HEADS, FEED_FORWARD, POSITIONS, WINDOW = 3, 4, 2, 36, 64, 16
CONTINUATION = 24
"""Tokens: with the shortest prompts too they reach past the sliding window."""


@dataclass
class Tiny:
    name: str
    architecture: str
    model_type: str
    tokenizer: str
    config: dict
    hidden: int = 32
    head_dim: int | None = None
    dtype: torch.dtype = torch.bfloat16
    biases: tuple[str, ...] = ()
    query_key_norm: bool = False
    gemma: bool = False
    tied: bool = False
    vocabulary: int = field(default=0)


ROPE_1 = {"rope_theta": 10000.0, "rope_scaling": None}
MODELS = [
    Tiny("mistral", "MistralForCausalLM", "mistral", "mistral",
         {**ROPE_1, "hidden_act": "silu", "sliding_window": WINDOW, "bos_token_id": 1, "eos_token_id": 2}),
    Tiny("qwen2", "Qwen2ForCausalLM", "qwen2", "qwen",
         {"rope_theta": 1000000.0, "hidden_act": "silu", "use_sliding_window": False, "sliding_window": 32768,
          "max_window_layers": 2, "use_mrope": False},
         dtype=torch.float32, biases=("q_proj", "k_proj", "v_proj"), tied=True),
    Tiny("qwen3", "Qwen3ForCausalLM", "qwen3", "qwen",
         {"rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}, "hidden_act": "silu",
          "attention_bias": False, "use_sliding_window": True, "sliding_window": WINDOW - 4, "max_window_layers": 1},
         hidden=40, head_dim=12, query_key_norm=True),
    Tiny("gemma2", "Gemma2ForCausalLM", "gemma2", "gemma",
         {"rope_theta": 10000.0, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh",
          "attention_bias": False, "query_pre_attn_scalar": 10, "sliding_window": WINDOW,
          "attn_logit_softcapping": 4.0, "final_logit_softcapping": 12.0, "cache_implementation": "hybrid",
          "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1},
         hidden=24, head_dim=12, gemma=True, tied=True),
    Tiny("llama-biases", "LlamaForCausalLM", "llama", "qwen",
         {"rope_theta": 10000.0, "hidden_act": "silu", "attention_bias": True, "mlp_bias": True},
         dtype=torch.float16,
         biases=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")),
    Tiny("llama-dynamic", "LlamaForCausalLM", "llama", "qwen",
         {"rope_theta": 10000.0, "hidden_act": "silu", "rope_scaling": {"type": "dynamic", "factor": 2.0}}),
    Tiny("qwen2-yarn", "Qwen2ForCausalLM", "qwen2", "qwen",
         {"rope_theta": 1000000.0, "hidden_act": "silu", "use_sliding_window": False,
          "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}},
         biases=("q_proj", "k_proj", "v_proj"), tied=True),
    Tiny("llama-yarn", "LlamaForCausalLM", "llama", "qwen",
         {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 2.0, "beta_fast": 8.0,
                              "beta_slow": 0.5, "mscale": 1.5, "mscale_all_dim": 0.5, "truncate": False,
                              "original_max_position_embeddings": 32},
          "hidden_act": "silu"}),
]

PROMPTS = [
    "The capital of this country is", "Every morning the baker", "Tell me which of these", "They're sure that we'll",
    "In 1997 the town had", "The bridge over the river", "橋は国で", "Мост через", "if (count > limit)", "Which is the",
    "Le fleuve est très", "two  spaces\n\nand lines", "x", "It isn't here; you'd", "👩🏽\u200d🚀 e\u0301 ﬁ",
]
SHORT = PROMPTS + [f"{first} {second}" for first in PROMPTS[:4] for second in PROMPTS[4:9]]
LONG = [" ".join(line.split()) for line in family_tokenizers.CORPUS.splitlines() if len(line) > 60]
CASES = [
    "", " ", "  a   b ", "\n", "\n\n\n", " \n ", "\t\r\n", "word.\n\nNext", "They're I'VE can't", "12,076 % 3.5", "日本 🦊",
    "👩🏽\u200d🚀", "e\u0301 \u00e9 ﬁ Å \u212b", "<s>", "</s> a", "<bos>x<eos>", "<|im_start|>user\nHi<|im_end|>\n", "<table>▁▁ x",
    "<start_of_turn>user\nHi<end_of_turn>\n", "▁", "▁▁▁▁", "   " * 9, "\n" * 11, "<0x41>", "العربية", "\x00\x7f", "x" * 40,
]


def random_weights(tiny: Tiny, seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * scale

    def norm(width: int) -> torch.Tensor:
        return normal(width, scale=0.1) + (0 if tiny.gemma else 1)

    hidden, head_dim = tiny.hidden, tiny.head_dim or tiny.hidden // HEADS
    # Gemma's embedding is scaled by the root of the width, and a norm follows each half of a block.
    weights = {"model.embed_tokens.weight": normal(tiny.vocabulary, hidden, scale=0.5 if tiny.gemma else 1.0)}
    for block in range(BLOCKS):
        at = f"model.layers.{block}."

        def linear(group: str, name: str, outputs: int, inputs: int) -> None:
            weights[f"{at}{group}.{name}.weight"] = normal(outputs, inputs, scale=0.4)
            if name in tiny.biases:
                weights[f"{at}{group}.{name}.bias"] = normal(outputs, scale=0.5)

        weights[at + "input_layernorm.weight"] = norm(hidden)
        for name, width in (("q_proj", HEADS * head_dim), ("k_proj", KV_HEADS * head_dim),
                            ("v_proj", KV_HEADS * head_dim)):
            linear("self_attn", name, width, hidden)
        linear("self_attn", "o_proj", hidden, HEADS * head_dim)
        if tiny.query_key_norm:
            weights[at + "self_attn.q_norm.weight"] = norm(head_dim)
            weights[at + "self_attn.k_norm.weight"] = norm(head_dim)
        weights[at + "post_attention_layernorm.weight"] = norm(hidden)
        if tiny.gemma:
            weights[at + "pre_feedforward_layernorm.weight"] = norm(hidden)
            weights[at + "post_feedforward_layernorm.weight"] = norm(hidden)
        linear("mlp", "gate_proj", FEED_FORWARD, hidden)
        linear("mlp", "up_proj", FEED_FORWARD, hidden)
        linear("mlp", "down_proj", hidden, FEED_FORWARD)
    weights["model.norm.weight"] = norm(hidden)
    if not tiny.tied:
        weights["lm_head.weight"] = normal(tiny.vocabulary, hidden, scale=1.0)
    return {name: tensor.to(tiny.dtype).contiguous() for name, tensor in weights.items()}


def make(tiny: Tiny, folder: Path, tokenizer: dict, shared: str | None, seed: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if shared:
        (folder / "tokenizer.json").symlink_to(f"../{shared}/tokenizer.json")
    else:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=0) + "\n")
    entries = max([*tokenizer["model"]["vocab"].values(), *(t["id"] for t in tokenizer["added_tokens"])]) + 1
    tiny.vocabulary = (entries + 7) // 8 * 8  # as the published ones, more than the tokenizer has
    config = {
        "architectures": [tiny.architecture], "attention_dropout": 0.0, "hidden_size": tiny.hidden,
        "initializer_range": 0.02, "intermediate_size": FEED_FORWARD, "max_position_embeddings": POSITIONS,
        "model_type": tiny.model_type, "num_attention_heads": HEADS, "num_hidden_layers": BLOCKS,
        "num_key_value_heads": KV_HEADS, "rms_norm_eps": 1e-6, "tie_word_embeddings": tiny.tied,
        "torch_dtype": str(tiny.dtype).removeprefix("torch."), "use_cache": True, "vocab_size": tiny.vocabulary,
        **({"head_dim": tiny.head_dim} if tiny.head_dim else {}), **tiny.config,
    }
    (folder / "config.json").write_text(json.dumps(dict(sorted(config.items())), indent=2) + "\n")
    save_file(random_weights(tiny, seed), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def load(folder: Path):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


@torch.no_grad()
def run(model, ids: list[int], count: int, write: tuple[int, torch.Tensor] | None = None) -> dict:
    """Streams, logits and the greedy continuation; `write` puts a vector in after so many blocks at the prompt's
    last token."""
    streams: dict[int, torch.Tensor] = {}
    handles = []
    for number, layer in enumerate(model.model.layers, start=1):
        def keep(_module, _inputs, output, number=number):
            if number in streams:
                return None
            streams[number] = output[0, -1].clone()
            if write and write[0] == number:
                output = output.clone()
                output[0, -1] = write[1]
                return output
            return None
        handles.append(layer.register_forward_hook(keep))
    output = model(input_ids=torch.tensor([ids]), use_cache=True)
    for handle in handles:
        handle.remove()
    first = logits = output.logits[0, -1]
    chosen, margins = [], []
    for _ in range(count):
        token, margin = argmax_with_margin(logits)
        chosen.append(token)
        margins.append(margin)
        output = model(input_ids=torch.tensor([[token]]), past_key_values=output.past_key_values, use_cache=True)
        logits = output.logits[0, -1]
    return {"streams": streams, "logits": first, "ids": chosen, "margin": min(margins)}


@torch.no_grad()
def prompt_reference(model, tokenizer: Tokenizer, prompt: str, count: int) -> dict:
    encoding = tokenizer.encode(prompt)
    made = run(model, encoding.ids, count)
    embedded = model.model.embed_tokens(torch.tensor([encoding.ids]))[0, -1]
    return {
        "prompt": prompt, "ids": encoding.ids, "tokens": encoding.tokens, "decoded": tokenizer.decode(encoding.ids),
        "continuation_ids": made["ids"], "continuation_text": tokenizer.decode(made["ids"]),
        "min_top2_margin": made["margin"],
        "last_logits": {"argmax": int(made["logits"].argmax()), "max": float(f"{made['logits'].max().item():.7g}"),
                        "first16": floats(made["logits"][:16])},
        "residual_after_block": [floats(made["streams"][number]) for number in range(1, BLOCKS + 1)],
        "embedding_last": floats(embedded),
        "final_norm_last": floats(model.model.norm(made["streams"][BLOCKS])),
        "logits_full": floats(made["logits"]),
    }


def whole_context(tokenizer: Tokenizer) -> str:
    """A text of exactly as many tokens as the model has positions."""
    text = " ".join(LONG)
    for end in range(len(text), 0, -1):
        if len(tokenizer.encode(text[:end]).ids) == POSITIONS:
            return text[:end]
    raise SystemExit("no text fills the context")


def model_reference(folder: Path) -> dict:
    model, tokenizer = load(folder)
    front = len(tokenizer.encode("").ids)
    one = [""] if front else [word for word in ("x", "the", "The", "?", "a", "in", "7") if
                              len(tokenizer.encode(word).ids) == 1]
    long = []
    for text in LONG:
        while len(tokenizer.encode(text).ids) > 44:
            text = text[:-1]
        long.append(text)
    groups = [(one, 1, CONTINUATION), (SHORT, 4, CONTINUATION), (long, 2, 20), ([whole_context(tokenizer)], 1, 1)]
    prompts = []
    for candidates, some, count in groups:
        made = [prompt_reference(model, tokenizer, prompt, min(count, POSITIONS + 1 - len(tokenizer.encode(prompt).ids)))
                for prompt in candidates]
        prompts += widest(made, some, lambda reference: reference["min_top2_margin"])
    print(f"{folder.name}: margins {min(p['min_top2_margin'] for p in prompts):.3g}, largest logit "
          f"{max(p['last_logits']['max'] for p in prompts):.3g}, prompts of {[len(p['ids']) for p in prompts]} tokens")
    for number, prompt in enumerate(prompts):
        if number not in (0, 3, len(prompts) - 1):
            del prompt["logits_full"]
    cases = []
    for text in CASES:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids),
                      "decoded_with_special": tokenizer.decode(ids, skip_special_tokens=False)})
    return {**header(model=folder.name), "prompts": prompts, "tokenizer_cases": cases}


ACROSS = (((3, 1), (1, 2)), [("gemma2", "qwen2"), ("qwen3", "gemma2"), ("mistral", "qwen3"),
                             ("llama-yarn", "qwen2-yarn"), ("qwen2", "mistral")])
WITHIN = (((2, 2), (3, 3), (1, 3)), [("gemma2", "gemma2"), ("qwen3", "qwen3"), ("mistral", "mistral"),
                                     ("qwen2", "qwen2-yarn"), ("llama-biases", "llama-dynamic")])
"""Pairs of models, and the (k, j) at which A is read and B is written."""


def injection_reference(folder_a: Path, folder_b: Path, sites: tuple[tuple[int, int], ...]) -> dict:
    """The last coordinates combined, without a projection."""
    a_model, a_tokenizer = load(folder_a)
    b_model, b_tokenizer = load(folder_b)
    made = []
    for number, prompt_a in enumerate(SHORT[:12]):
        prompt_b = SHORT[(number * 5 + 3) % len(SHORT)]
        ids_a, ids_b = a_tokenizer.encode(prompt_a).ids, b_tokenizer.encode(prompt_b).ids
        base, cases, margin = run(b_model, ids_b, 12), [], 1e9
        for k, j in sites:
            a, b = run(a_model, ids_a, 1)["streams"][k], base["streams"][j]
            count = min(len(a), len(b))
            for operation in ("replace", "sum", "mean"):
                combined = {"replace": a[-count:], "sum": b[-count:] + a[-count:],
                            "mean": (b[-count:] + a[-count:]) / 2}[operation]
                injected = torch.cat([b[:len(b) - count], combined])
                after = run(b_model, ids_b, 12, (j, injected))
                margin = min(margin, after["margin"])
                cases.append({"k": k, "j": j, "op": operation, "a": floats(a), "Wa": floats(a), "b": floats(b),
                              "injected": floats(injected), "continuation_ids": after["ids"],
                              "last_logits": {"full": floats(after["logits"])}})
        made.append({"prompt_a": prompt_a, "ids_a": ids_a, "prompt_b": prompt_b, "ids_b": ids_b,
                     "baseline": {"continuation_ids": base["ids"]}, "min_top2_margin": margin, "cases": cases})
    pairs = widest(made, 1, lambda pair: pair["min_top2_margin"])
    print(f"{folder_a.name} to {folder_b.name}: margin {pairs[0]['min_top2_margin']:.3g}")
    return {**header(model_a=folder_a.name, model_b=folder_b.name), "pairs": pairs}


def main() -> None:
    root = Path(sys.argv[1])
    torch.set_num_threads(1)
    made = {kind: getattr(family_tokenizers, kind)(340) for kind in ("mistral", "qwen", "gemma")}
    owner: dict[str, str] = {}
    for seed, tiny in enumerate(MODELS, start=11):
        make(tiny, root / tiny.name, made[tiny.tokenizer], owner.get(tiny.tokenizer), seed)
        owner.setdefault(tiny.tokenizer, tiny.name)
        write_json(root / tiny.name / "reference.json", model_reference(root / tiny.name))
    for sites, pairs in (ACROSS, WITHIN):
        for a, b in pairs:
            write_json(root / f"injection-{a}-{b}.json", injection_reference(root / a, root / b, sites))


if __name__ == "__main__":
    main()
