"""One training loop for both models: weighted next-token loss on rows of text, a fixed number of tokens."""

from __future__ import annotations

import math
import random
import time
from typing import Callable, Iterator

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from tasks import END, Row
from tokens import BOS, EOS

POOL = 512
"""Rows that are sorted by length together, so that a batch holds little padding."""


def encode(tokenizer: Tokenizer, row: Row) -> tuple[list[int], list[float]]:
    """The row's token ids behind begin-of-text, and of each token its weight in the loss.

    The text between two ends is tokenized as one, as a prompt with its answer is; a token takes the weight of
    the piece that it begins in.
    """
    ids, weights = [tokenizer.token_to_id(BOS)], [0.0]
    run: list[tuple[str, float]] = []

    def flush() -> None:
        encoding = tokenizer.encode("".join(text for text, _ in run), add_special_tokens=False)
        bounds, position = [], 0
        for text, weight in run:
            position += len(text)
            bounds.append((position, weight))
        piece = 0
        for token, (start, _) in zip(encoding.ids, encoding.offsets):
            while start >= bounds[piece][0]:
                piece += 1
            ids.append(token)
            weights.append(bounds[piece][1])
        run.clear()

    for text, weight in row:
        if text is END:
            flush()
            ids.append(tokenizer.token_to_id(EOS))
            weights.append(weight)
        else:
            run.append((text, weight))
    flush()
    return ids, weights


def batches(tokenizer: Tokenizer, make_row: Callable[[random.Random], Row], rng: random.Random, size: int) -> Iterator:
    """Endless batches of about `size` tokens: ids and weights, [rows, longest], padded at the end with weight 0."""
    while True:
        rows = sorted((encode(tokenizer, make_row(rng)) for _ in range(POOL)), key=lambda row: len(row[0]))
        pool, batch = [], []
        for row in rows:
            if batch and (len(batch) + 1) * len(row[0]) > size:
                pool.append(batch)
                batch = []
            batch.append(row)
        pool.append(batch)
        rng.shuffle(pool)
        for batch in pool:
            longest = max(len(ids) for ids, _ in batch)
            yield (torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch]),
                   torch.tensor([weights + [0.0] * (longest - len(weights)) for _, weights in batch]))


def rate(step: int, steps: int, peak: float, warm_up: int = 100, flat: float = 0.5) -> float:
    """Linear warm-up, flat for the first half, then linear down to 2 %."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = step / steps
    return peak if progress < flat else peak * (1 - 0.98 * (progress - flat) / (1 - flat))


def train(model: LlamaForCausalLM, tokenizer: Tokenizer, make_row: Callable[[random.Random], Row], *, seed: str,
          tokens: int, peak: float, batch: int = 1280,
          report: Callable[[LlamaForCausalLM], str] | None = None) -> None:
    """AdamW on `tokens` tokens (padding counted)."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained if p.ndim > 1], "weight_decay": 0.05},
         {"params": [p for p in trained if p.ndim == 1], "weight_decay": 0.0}],
        lr=peak, betas=(0.9, 0.98), eps=1e-8, fused=True)
    model.train()
    rng, seen, step, began, recent = random.Random(seed), 0, 0, time.monotonic(), []
    mean_batch = batch * 0.93
    steps = math.ceil(tokens / mean_batch)
    for ids, weights in batches(tokenizer, make_row, rng, batch):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, peak)
        hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
        counted = weights[:, 1:] > 0  # the others need no logits
        logits = model.lm_head(hidden[counted])
        losses = torch.nn.functional.cross_entropy(logits, ids[:, 1:][counted], reduction="none")
        weight = weights[:, 1:][counted]
        loss = (losses * weight).sum() / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        recent.append(loss.item())
        seen += ids.numel()
        step += 1
        if step % 250 == 0 or step == steps:
            line = (f"step {step}/{steps}  {seen / 1e6:.2f} M tokens  loss {sum(recent) / len(recent):.4f}  "
                    f"{time.monotonic() - began:.0f} s")
            recent.clear()
            if report is not None and step % 1000 == 0:
                line += "  " + report(model)
                model.train()
            print(line, flush=True)
        if step == steps:
            break
