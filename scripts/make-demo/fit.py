"""W learned from the corpus, as the product learns it."""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer


def read_corpus(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def cut_at_word(text: str, rng: random.Random) -> str:
    """The text up to the end of a random word, so that what comes next is as a rule not the end of a sentence."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return text[: rng.choice(ends[:-1] or ends)]


def corpus_ids(path: Path, tokenizer: Tokenizer, rows: int, seed: int, cut: str = "word") -> list[list[int]]:
    """Token ids of `rows` texts drawn without repetition: stripped, more than 50 characters, cut as `cut` says."""
    rng = random.Random(seed)
    texts = [text.strip() for text in read_corpus(path)]
    texts = [text for text in texts if len(text) > 50]
    rng.shuffle(texts)
    texts = [text[:512] for text in texts[:rows]]
    if cut == "word":
        texts = [cut_at_word(text, rng) for text in texts]
    elif cut == "sentence":
        texts = [text[: text.rfind(".") + 1] or text for text in texts]
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def ridge(y: torch.Tensor, z: torch.Tensor, strength: float = 1e-3) -> torch.Tensor:
    """argmin ‖W·y − z‖² + λ‖W‖², λ = `strength` × the mean square of y × rows: [d_B, d_A]."""
    y, z = y.double(), z.double()
    gram = y.T @ y
    gram += strength * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return torch.linalg.solve(gram, y.T @ z).T.float().contiguous()


def adam(y: torch.Tensor, z: torch.Tensor, seed: int, *, epochs: int = 10, batch: int = 32,
         rate: float = 1e-3) -> torch.Tensor:
    """The paper's way: Xavier-uniform, Adam, mean squared error over all elements, shuffled each epoch."""
    generator = torch.Generator().manual_seed(seed)
    bound = math.sqrt(6 / (y.shape[1] + z.shape[1]))
    weight = ((torch.rand(z.shape[1], y.shape[1], generator=generator) * 2 - 1) * bound).requires_grad_(True)
    optimizer = torch.optim.Adam([weight], lr=rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=generator).split(batch):
            loss = torch.nn.functional.mse_loss(y[rows] @ weight.T, z[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return weight.detach()
