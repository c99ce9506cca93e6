"""Injections of A's residual stream into B, computed with forward hooks."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from references import END, argmax_with_margin, floats, header, load, widest

DEPTHS = [(4, 4), (4, 2), (2, 3)]
"""(k, j): A is read after k blocks, B is written after j."""
OPERATIONS = ["replace", "sum", "mean"]


def combine(operation: str, b: torch.Tensor, projected: torch.Tensor) -> torch.Tensor:
    return {"replace": projected, "sum": b + projected, "mean": (b + projected) / 2}[operation]


@torch.no_grad()
def residual(model, ids: list[int], block: int) -> torch.Tensor:
    kept = {}
    handle = model.model.layers[block - 1].register_forward_hook(
        lambda _module, _inputs, output: kept.update(out=output[0, -1].clone()))
    model(input_ids=torch.tensor([ids]), use_cache=False)
    handle.remove()
    return kept["out"]


@torch.no_grad()
def decode(model, ids: list[int], count: int, end: int, block: int | None = None, vector: torch.Tensor | None = None):
    """Greedy tokens, `count` or up to and with `end`; while the prompt is read, its last token's residual stream
    after `block` is `vector`."""
    handle = None
    if block is not None:
        def replace(_module, _inputs, output):
            output = output.clone()
            output[0, -1] = vector
            return output
        handle = model.model.layers[block - 1].register_forward_hook(replace)
    output = model(input_ids=torch.tensor([ids]), use_cache=True)
    if handle:
        handle.remove()
    first = logits = output.logits[0, -1]
    chosen, margins = [], []
    for _ in range(count):
        token, margin = argmax_with_margin(logits)
        chosen.append(token)
        margins.append(margin)
        if token == end:
            break
        output = model(input_ids=torch.tensor([[token]]), past_key_values=output.past_key_values, use_cache=True)
        logits = output.logits[0, -1]
    return chosen, min(margins), first


def injection_reference(folder_a: Path, folder_b: Path, weights: Path, projection: torch.Tensor, made_by: str,
                        candidates: list[tuple[str, str]], pairs: int, count: int) -> dict:
    """The `pairs` candidates (A's prompt, B's prompt) whose smallest margin over all cases is widest."""
    a_model, a_tokenizer = load(folder_a)
    b_model, b_tokenizer = load(folder_b)
    end = b_tokenizer.token_to_id(END)
    save_file({"proj.weight": projection.contiguous()}, weights)
    weights.chmod(0o644)
    made = []
    for prompt_a, prompt_b in candidates:
        ids_a, ids_b = a_tokenizer.encode(prompt_a).ids, b_tokenizer.encode(prompt_b).ids
        base_ids, base_margin, base_logits = decode(b_model, ids_b, count, end)
        cases = []
        for k, j in DEPTHS:
            a, b = residual(a_model, ids_a, k), residual(b_model, ids_b, j)
            projected = projection @ a
            for operation in OPERATIONS:
                injected = combine(operation, b, projected)
                chosen, margin, logits = decode(b_model, ids_b, count, end, j, injected)
                cases.append({
                    "k": k, "j": j, "op": operation, "a": floats(a), "Wa": floats(projected), "b": floats(b),
                    "injected": floats(injected), "continuation_ids": chosen,
                    "continuation_text": b_tokenizer.decode(chosen),
                    "continuation_text_with_special": b_tokenizer.decode(chosen, skip_special_tokens=False),
                    "min_top2_margin": margin, "differs_from_baseline": chosen != base_ids,
                    "last_logits": {"argmax": int(logits.argmax()), "first16": floats(logits[:16]),
                                    "full": floats(logits)},
                })
        made.append({
            "prompt_a": prompt_a, "ids_a": ids_a, "prompt_b": prompt_b, "ids_b": ids_b,
            "baseline": {"continuation_ids": base_ids, "continuation_text": b_tokenizer.decode(base_ids),
                         "min_top2_margin": base_margin,
                         "last_logits": {"argmax": int(base_logits.argmax()), "first16": floats(base_logits[:16])}},
            "cases": cases,
        })

    def narrowest(pair: dict) -> float:
        return min([pair["baseline"]["min_top2_margin"]] + [case["min_top2_margin"] for case in pair["cases"]])

    return {
        **header(model_a=folder_a.name, model_b=folder_b.name),
        "projection": {"file": weights.name, "tensor": "proj.weight", "shape": list(projection.shape),
                       "dtype": "float32", "made_by": made_by},
        "semantics": [
            "k, j count blocks from 1: a is A's residual stream after k blocks at the last token of ids_a; b is B's "
            "after j blocks at the last token of ids_b",
            "replace: W a; sum: b + W a; mean: (b + W a) / 2; it takes the place of b for blocks j+1.. and the final "
            "norm",
            "only during B's prefill and only at its last prompt token: the KV entries of that token in blocks 1..j "
            "stay as they were, those of blocks j+1.. come from the injected state",
            f"then {count} greedy tokens with the KV cache, fewer where {END} came (it is the last one then); "
            "last_logits are those of the prefill's last position",
        ],
        "pairs": widest(made, pairs, narrowest),
    }
