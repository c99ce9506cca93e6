"""Greedy answers of the models, alone and with an activation put in place; used while training and by check.py."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

import world
from tokens import EOS


def load(folder: Path) -> tuple[LlamaForCausalLM, Tokenizer]:
    """A model folder as it ships, its bfloat16 weights in float32 arithmetic."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


class Injection:
    """While open: the residual stream after block `block` (counted from 1) at each row's last prompt token is
    replaced by `vectors` ([rows, width]). It acts on the reading of the prompt alone."""

    def __init__(self, model: LlamaForCausalLM, block: int, vectors: torch.Tensor) -> None:
        self.vectors, self.pending = vectors, True
        self.handle = model.model.layers[block - 1].register_forward_hook(self._replace)

    def _replace(self, _module, _inputs, output):
        if not self.pending:
            return output
        self.pending = False
        output = output.clone()
        output[:, -1] = self.vectors
        return output

    def __enter__(self) -> "Injection":
        return self

    def __exit__(self, *_) -> None:
        self.handle.remove()


@torch.no_grad()
def last_residual(model: LlamaForCausalLM, ids: list[list[int]], block: int) -> torch.Tensor:
    """[texts, width] float32: the residual stream after `block` blocks at each text's last token."""
    model.eval()
    result = torch.empty(len(ids), model.config.hidden_size)
    kept = {}
    handle = model.model.layers[block - 1].register_forward_hook(lambda _m, _i, output: kept.update(out=output))
    for length in sorted({len(row) for row in ids}):
        rows = [index for index, row in enumerate(ids) if len(row) == length]
        for start in range(0, len(rows), 64):
            part = rows[start : start + 64]
            model.model(input_ids=torch.tensor([ids[index] for index in part]), use_cache=False)
            result[part] = kept["out"][:, -1]
    handle.remove()
    return result


@torch.no_grad()
def answers(model: LlamaForCausalLM, tokenizer: Tokenizer, prompts: list[str], limit: int = 12,
            block: int | None = None, vectors: torch.Tensor | None = None) -> list[str]:
    """What each prompt is continued with, greedily, up to end-of-text or `limit` tokens. Prompts of one length
    are read together, so there is no padding anywhere."""
    model.eval()
    eos = tokenizer.token_to_id(EOS)
    encoded = [tokenizer.encode(prompt).ids for prompt in prompts]
    result = [""] * len(prompts)
    for length in sorted({len(row) for row in encoded}):
        rows = [index for index, row in enumerate(encoded) if len(row) == length]
        ids = torch.tensor([encoded[index] for index in rows])
        injection = Injection(model, block, vectors[rows]) if block else None
        output = model(input_ids=ids, use_cache=True)
        generated = [output.logits[:, -1].argmax(-1)]
        for _ in range(limit - 1):
            if bool((torch.stack(generated) == eos).any(0).all()):
                break
            output = model(input_ids=generated[-1][:, None], past_key_values=output.past_key_values, use_cache=True)
            generated.append(output.logits[:, -1].argmax(-1))
        if injection:
            injection.handle.remove()
        for index, row in zip(rows, torch.stack(generated, 1).tolist()):
            result[index] = tokenizer.decode(row[: row.index(eos)] if eos in row else row)
    return result


def exact_question(text: str, answer: str) -> bool:
    return text.split("\n")[0].strip() == answer


def exact_problem(text: str, answer: str) -> bool:
    """GSM8K's strict reading: the number behind the mark."""
    return f"\n#### {answer}" == text[text.find("\n####") :] if "\n####" in text else False


def alone(model: LlamaForCausalLM, tokenizer: Tokenizer, held_out, limit: int) -> dict[str, float]:
    """The share of right answers of a model that is given the full prompt."""
    scores = {}
    for name, items, exact in (("questions", held_out.question_items(), exact_question),
                               ("problems", held_out.problem_items(), exact_problem)):
        items = items[:limit]
        texts = answers(model, tokenizer, [prompt for prompt, _ in items])
        scores[name] = sum(exact(text, answer) for text, (_, answer) in zip(texts, items)) / len(items)
    return scores


def repetition(model: LlamaForCausalLM, tokenizer: Tokenizer, seed: int, count: int = 64) -> float:
    """How often the model says the first of some words again, when one person has read them out and another repeats."""
    rng = random.Random(f"repetition {seed}")
    words = [rng.sample([word for kind in world.VALUES.values() for word in kind], 5) for _ in range(count)]
    prompts = [f"Anna reads aloud: {', '.join(row)}. Ben repeats: {row[0]}, {row[1]}," for row in words]
    texts = answers(model, tokenizer, prompts, 1)
    return sum(text.strip() == row[2] for text, row in zip(texts, words)) / count
