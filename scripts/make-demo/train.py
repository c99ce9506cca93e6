"""Trains B, then A, and writes both as Hugging Face folders in bfloat16.

    python train.py WORK ASSETS [--seed 7] [--tokens-b 6e6] [--tokens-a 4.2e6] [--only a|b]

WORK keeps the tokenizer, so that A can be trained again from the B in ASSETS (`--only a`), and A as it was at the
last report.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

import assets
import pair
import tasks
from evaluation import alone, load, repetition
from tokens import BOS, EOS, demo_tokenizer, save_tokenizer, tokenizer_config
from training import train

VOCABULARY = 1408


def save_model(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """A folder as `save_pretrained` would leave it, in bfloat16; put in place as a whole."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    half = LlamaForCausalLM(model.config)
    half.load_state_dict(model.state_dict())
    half.to(torch.bfloat16)
    half.generation_config.eos_token_id = model.config.eos_token_id
    half.generation_config.bos_token_id = model.config.bos_token_id
    half.generation_config.do_sample = False
    half.save_pretrained(partial)
    # transformers writes sampling defaults of no use here: keep what is meant.
    (partial / "generation_config.json").write_text(json.dumps(
        {"bos_token_id": model.config.bos_token_id, "do_sample": False, "eos_token_id": model.config.eos_token_id},
        indent=2) + "\n")
    save_tokenizer(tokenizer, partial)
    (partial / "tokenizer_config.json").write_text(
        json.dumps(tokenizer_config(pair.POSITIONS), indent=2, ensure_ascii=False) + "\n")
    for file in partial.iterdir():
        file.chmod(0o644)
    folder.mkdir(parents=True, exist_ok=True)
    for file in partial.iterdir():
        file.replace(folder / file.name)
    partial.rmdir()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--tokens-b", type=float, default=6e6)
    parser.add_argument("--tokens-a", type=float, default=4.2e6)
    parser.add_argument("--peak-b", type=float, default=2.5e-3)
    parser.add_argument("--peak-a", type=float, default=2.0e-3)
    parser.add_argument("--only", choices=["a", "b"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # sums in one order
    arguments.work.mkdir(parents=True, exist_ok=True)
    seed = arguments.seed

    if arguments.only != "a":
        tokenizer = demo_tokenizer(seed, VOCABULARY)
        save_tokenizer(tokenizer, arguments.work)
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
    bos, eos = tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS)
    held_out = assets.held_out(seed)

    def scores(model: LlamaForCausalLM) -> str:
        parts = alone(model, tokenizer, held_out, 128) | {"repetition": repetition(model, tokenizer, seed)}
        return "  ".join(f"{name} {score:.1%}" for name, score in parts.items())

    if arguments.only != "a":
        torch.manual_seed(seed)
        b = LlamaForCausalLM(pair.configuration_b(VOCABULARY, bos, eos))
        train(b, tokenizer, tasks.rows_for_b, seed=f"b {seed}", tokens=int(arguments.tokens_b),
              peak=arguments.peak_b, report=scores)
        if repetition(b, tokenizer, seed) < 0.9:
            raise SystemExit("B has not learned to look back: give it more tokens or another seed")
        save_model(b, tokenizer, arguments.assets / "model-b")

    if arguments.only != "b":
        b, _ = load(arguments.assets / "model-b")
        a = pair.grow(b, pair.configuration_a(VOCABULARY, bos, eos), seed)
        pair.freeze_vocabulary(a)
        print("A as grown:", scores(a), flush=True)
        forbidden = held_out.prompts()

        def report(model: LlamaForCausalLM) -> str:
            save_model(model, tokenizer, arguments.work / "model-a-so-far")
            return scores(model)

        train(a, tokenizer, lambda rng: tasks.rows_for_a(rng, forbidden), seed=f"a {seed}",
              tokens=int(arguments.tokens_a), peak=arguments.peak_a, report=report)
        save_model(a, tokenizer, arguments.assets / "model-a")
        print("A:", scores(a), flush=True)


if __name__ == "__main__":
    main()
