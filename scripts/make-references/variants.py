"""Folders in the manner of published ones, and what transformers reads in them.

    python scripts/make-references/variants.py Tests/Fixtures/Families Tests/Fixtures/Families/variants.json

A variant is one of the small models of families.py with some of its files changed: fields that publishers and tools
leave in config.json, older and newer forms, tensors under other names, heads of their own, and the files that name
special tokens. Of each is recorded what AutoModelForCausalLM computes and what AutoTokenizer makes of some texts. Beside
the 33 of the model there are those of the tokenizer's class and files.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from references import floats, header, write_json

IDS = [5, 9, 2, 31, 17, 8, 44, 3, 29, 12, 60, 7]
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def config(name: str, base: str, **fields) -> dict:
    return {"name": name, "base": base, "config": fields}


LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA = "llama-biases", "mistral", "qwen2", "qwen3", "gemma2"
DYNAMIC, YARN, QWEN_YARN = "llama-dynamic", "llama-yarn", "qwen2-yarn"
SAVED = {"temperature": 0.6, "top_p": 0.9, "top_k": 20, "do_sample": True, "max_length": 4096, "repetition_penalty": 1.05}

MODELS = [
    # What tools leave in config.json, and transformers does not read.
    config("a converter's note", LLAMA, is_llama_config=True, unk_token_id=0, rope_interleaved=False),
    config("for the browser", QWEN2, **{"transformers.js_config": {"use_external_data_format": {"model.onnx": 1}}}),
    config("tuned with noise", MISTRAL, neftune_noise_alpha=5, model_max_length=32768, tokenizer_model_max_length=4096),
    config("other lengths", LLAMA, max_sequence_length=4096, seq_length=8192, n_ctx=2048, tokenizer_padding_side="right"),
    config("unsloth", QWEN3, unsloth_fixed=True, unsloth_version="2025.5.1", unsloth_tokenizer_class="X"),
    config("a chat tool's", GEMMA, mm_projector_lr=None, freeze_mm_mlp_adapter=False, mm_vision_tower=None,
           use_mm_proj=False, image_token_index=99),
    config("multipliers of another family", LLAMA, attention_multiplier=0.5, embedding_multiplier=12.0, logits_scaling=8.0,
           residual_multiplier=0.22),
    config("experts of another family", MISTRAL, num_local_experts=8, num_experts_per_tok=2, router_aux_loss_coef=0.02),
    config("norms of another family", LLAMA, use_qk_norm=True, qk_layernorm=True, clip_qkv=8.0),
    config("a window of another kind", QWEN2, sliding_window_pattern=2, _sliding_window_pattern=6),
    config("names of training", LLAMA, flash_attn=True, use_flash_attention_2=False, training_config={"lr": 1e-5},
           wandb_run="x", architectures_of_adapters=["LoRA"]),
    # Fields that transformers reads and that say nothing about a prompt's logits.
    config("generation settings", LLAMA, **SAVED),
    config("labels", MISTRAL, id2label={"0": "A", "1": "B"}, label2id={"A": 0, "B": 1}, problem_type=None),
    config("saved by version 4", LLAMA, torch_dtype="float16", use_cache=False, pretraining_tp=4, transformers_version="4.31.0"),
    config("saved by version 5", QWEN3, dtype="bfloat16", torch_dtype=None, output_hidden_states=True, chunk_size_feed_forward=0),
    config("remote code is not run", QWEN2, auto_map={"AutoModelForCausalLM": "modeling_x.XForCausalLM"}),
    # Rotary positions in both shapes.
    config("both shapes, alike", DYNAMIC, rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}),
    config("both shapes, each in its way", LLAMA, rope_theta=50000.0, rope_scaling={"type": "linear", "factor": 4},
           rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 50000}),
    config("an empty scaling", LLAMA, rope_scaling={}, rope_theta=20000),
    config("the plain type by name", MISTRAL, rope_scaling={"rope_type": "default"}, rope_theta=1e6),
    config("older and newer type side by side", LLAMA, rope_scaling={"type": "linear", "rope_type": "linear", "factor": 2}),
    config("yarn of version 4", QWEN_YARN, rope_scaling={"type": "yarn", "rope_type": "yarn", "factor": 4.0,
                                                        "original_max_position_embeddings": 16}),
    # What a family's own fields may say.
    config("another activation beside the one that is read", GEMMA, hidden_act="gelu"),
    config("a second window that nobody reads", GEMMA, sliding_window_size=7),
    config("layer types as a list", QWEN3, layer_types=["full_attention", "sliding_attention", "sliding_attention"]),
    config("layer types by their older name", QWEN2, layer_types=["attention"] * 3),
    config("no caps", GEMMA, attn_logit_softcapping=None, final_logit_softcapping=None),
    # Weights.
    {"name": "tied, with a head of its own", "base": QWEN2, "weights": "own-head"},
    {"name": "tied, with a head that is the embedding", "base": GEMMA, "weights": "same-head"},
    {"name": "tied, stored as the head alone", "base": QWEN2, "weights": "head-alone"},
    {"name": "names without the model's part", "base": MISTRAL, "weights": "no-prefix"},
    {"name": "tied, names without the model's part", "base": GEMMA, "weights": "no-prefix"},
    {"name": "the head's name with the model's part", "base": MISTRAL, "weights": "prefixed-head"},
]
assert len(MODELS) == 33


def change_weights(folder: Path, how: str) -> None:
    file = folder / "model.safetensors"
    weights = load_file(file)
    if how == "own-head":
        weights[HEAD] = weights[EMBEDDING].flip(0).contiguous()
    elif how == "same-head":
        weights[HEAD] = weights[EMBEDDING].clone()
    elif how == "head-alone":
        weights[HEAD] = weights.pop(EMBEDDING)
    elif how == "no-prefix":
        weights = {name.removeprefix("model."): tensor for name, tensor in weights.items()}
    elif how == "prefixed-head":
        weights["model." + HEAD] = weights.pop(HEAD)
    file.unlink()
    save_file(weights, file, metadata={"format": "pt"})


def copy(root: Path, variant: dict, folder: Path) -> None:
    base = root / variant["base"]
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        shutil.copy(base / name, folder / name)
    if fields := variant.get("config"):
        given = json.loads((folder / "config.json").read_text()) | fields
        (folder / "config.json").write_text(json.dumps(given))
    for name, content in variant.get("files", {}).items():
        (folder / name).write_text(json.dumps(content))
    if how := variant.get("weights"):
        change_weights(folder, how)


@torch.no_grad()
def model_figures(folder: Path) -> dict:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    logits = model(torch.tensor([IDS])).logits[0, -1]
    return {"argmax": int(logits.argmax()), "max": floats(logits.max()[None])[0], "every_eighth": floats(logits[::8])}


TEXTS = ["Hi <s> there</s>", "<|im_start|>user\nHi<|im_end|>\n", "a <|endoftext|> b", "x <table> y <eos><bos>", "the  [X] and [Y]"]
"""Some of the tokens are in one tokenizer or the other, as entries or as added ones."""


def ends(value) -> list[int]:
    return value if isinstance(value, list) else [] if value is None else [value]


def token_figures(folder: Path) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    generation = None
    if (folder / "generation_config.json").exists():
        generation = transformers.GenerationConfig.from_pretrained(folder)
    configuration = transformers.AutoConfig.from_pretrained(folder)
    ids = [tokenizer(text, add_special_tokens=False).input_ids for text in TEXTS]
    return {
        "named_tokens": tokenizer.special_tokens_map, "ids": ids,
        "texts": [tokenizer.decode(some, skip_special_tokens=True, clean_up_tokenization_spaces=False) for some in ids],
        "bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id,
        "generation_ends": ends(generation.eos_token_id) if generation else None,
        "configuration_ends": ends(configuration.eos_token_id),
    }


CLASSES = [None, "LlamaTokenizer", "LlamaTokenizerFast", "PreTrainedTokenizerFast", "Qwen2Tokenizer", "Qwen2TokenizerFast",
           "GemmaTokenizer", "GPT2Tokenizer", "CodeLlamaTokenizer", "NobodysTokenizer"]


def classes(root: Path) -> list[dict]:
    """Which tokens the class names by itself, whatever the family and the kind of tokenizer.json."""
    made = []
    for base, family, name in itertools.product((MISTRAL, QWEN2), ("llama", "mistral", "qwen2", "qwen3", "gemma2"), CLASSES):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            shutil.copy(root / base / "tokenizer.json", folder)
            (folder / "config.json").write_text(json.dumps({"model_type": family}))
            (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name} if name else {}))
            named = AutoTokenizer.from_pretrained(folder).special_tokens_map
        made.append({"base": base, "model_type": family, "tokenizer_class": name, "named_tokens": named})
    return made


TOKENS = [
    {"name": "a map alone", "base": QWEN2, "files": {"special_tokens_map.json": {"bos_token": "<|im_start|>", "eos_token": {
        "content": "<|im_end|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}}}},
    {"name": "a map that overrules", "base": QWEN3, "files": {
        "tokenizer_config.json": {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
        "special_tokens_map.json": {"eos_token": "<|im_end|>"}}},
    {"name": "a map that does not count", "base": LLAMA, "files": {
        "tokenizer_config.json": {"eos_token": "<|endoftext|>", "added_tokens_decoder": {}},
        "special_tokens_map.json": {"eos_token": "<|im_end|>"}}},
    {"name": "empty and null", "base": QWEN2, "files": {"tokenizer_config.json": {"bos_token": "", "eos_token": None}}},
    {"name": "an entry made special", "base": LLAMA, "files": {"tokenizer_config.json": {"eos_token": "the", "unk_token": "a"}}},
    {"name": "a token that is new", "base": LLAMA, "files": {"tokenizer_config.json": {"pad_token": "[X]", "cls_token": "[Y]"}}},
    {"name": "flags of another file", "base": LLAMA, "files": {"tokenizer_config.json": {"added_tokens_decoder": {"ID": {
        "content": "<|im_end|>", "lstrip": True, "normalized": False, "rstrip": True, "single_word": False, "special": True}}}}},
    {"name": "more special tokens", "base": LLAMA, "files": {"tokenizer_config.json": {"additional_special_tokens": ["the", "[X]"]}}},
    {"name": "an older file of added tokens", "base": LLAMA, "files": {
        "added_tokens.json": {"[Y]": 341, "[X]": 340, "<|im_end|>": 339}, "tokenizer_config.json": {"pad_token": "[X]"}}},
    {"name": "a part of its own", "base": LLAMA, "files": {"tokenizer_config.json": {"image_token": "[X]", "add_bos_token": True}}},
    {"name": "ends of three files", "base": QWEN2, "config": {"eos_token_id": 7}, "files": {
        "generation_config.json": {"eos_token_id": [3, 5]}, "tokenizer_config.json": {"eos_token": "<|im_end|>"}}},
    {"name": "ends of the family", "base": LLAMA, "files": {}},
    {"name": "a generation file without ends", "base": LLAMA, "files": {"generation_config.json": {"do_sample": False}}},
    {"name": "no end at all", "base": LLAMA, "config": {"eos_token_id": None}, "files": {}},
]


def main() -> None:
    root = Path(sys.argv[1])
    torch.set_num_threads(1)
    models, tokens = [], []
    for variant in MODELS:
        with tempfile.TemporaryDirectory() as scratch:
            copy(root, variant, Path(scratch))
            models.append({**variant, **model_figures(Path(scratch))})
    for variant in TOKENS:
        with tempfile.TemporaryDirectory() as scratch:
            # A number of the tokenizer's own, where a file has to name one.
            text = json.dumps(variant).replace('"ID"', f'"{AutoTokenizer.from_pretrained(root / variant["base"]).convert_tokens_to_ids("<|im_end|>")}"')
            variant = json.loads(text)
            copy(root, variant, Path(scratch))
            tokens.append({**variant, **token_figures(Path(scratch))})
    write_json(Path(sys.argv[2]), {
        **header(), "ids": IDS, "texts": TEXTS, "models": models, "tokens": tokens, "classes": classes(root)})


if __name__ == "__main__":
    main()
