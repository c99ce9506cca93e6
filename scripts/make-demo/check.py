"""Does the pair show the effect? Learns W in the closed form and by Adam and prints every condition's score.

    python check.py ASSETS [--k 4] [--j 4] [--items 256] [--cut word|512|sentence] [--rows 3072] [--seed 0]

This is the makers' own check, apart from the product that the pair ships with.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import random
import re
import string
from pathlib import Path

import torch

import tasks
from evaluation import answers, last_residual, load
from fit import adam, corpus_ids, ridge


def interval(hits: float, count: int) -> str:
    """Percent with Wilson's 95 % interval."""
    share, z = hits / count, 1.96
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{100 * share:5.1f} [{100 * max(0, centre - half):4.1f}, {100 * min(1, centre + half):5.1f}]"


def normalized(text: str) -> list[str]:
    """SQuAD's normalization: lower case, no punctuation, no articles."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def f1(text: str, gold: str) -> float:
    ours, theirs = normalized(text), normalized(gold)
    common = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def question_scores(text: str, gold: str) -> tuple[float, float]:
    """Exact match and F1 of the first line."""
    line = text.split("\n")[0]
    return float(normalized(line) == normalized(gold)), f1(line, gold)


def problem_scores(text: str, gold: str) -> tuple[float, float]:
    """GSM8K's strict reading (the number behind ####) and the flexible one (the last number)."""
    text = text.split("Question:")[0]
    marked = re.search(r"#### (-?[0-9.,]+)", text)
    numbers = re.findall(r"-?[0-9]+", text)
    return float(bool(marked) and marked.group(1).rstrip(".,") == gold), float(bool(numbers) and numbers[-1] == gold)


def prompts_of(assets: Path, count: int):
    """For each task: prompts full, with the question alone, golds, and how an answer is scored."""
    squad = json.loads((assets / "questions.json").read_text())["data"]
    items = [(paragraph["context"], qa["question"], qa["answers"][0]["text"])
             for article in squad for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
    random.Random(42).shuffle(items)
    items = items[:count]
    problems = [json.loads(line) for line in (assets / "word-problems.jsonl").read_text().splitlines()][:count]
    return {
        "questions": ([tasks.question_prompt(context, question) for context, question, _ in items],
                      [tasks.problem_prompt(question) for _, question, _ in items],
                      [gold for _, _, gold in items], question_scores, 16),
        "word problems": ([tasks.problem_prompt(item["question"]) for item in problems],
                          [tasks.problem_prompt(item["question"]) for item in problems],
                          [item["answer"].split("#### ")[1] for item in problems], problem_scores, 48),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--k", type=int, default=4)
    parser.add_argument("--j", type=int, default=4)
    parser.add_argument("--items", type=int, default=256)
    parser.add_argument("--rows", type=int, default=3072)
    parser.add_argument("--cut", choices=["word", "512", "sentence"], default="word")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model-a", type=Path)
    parser.add_argument("--model-b", type=Path)
    parser.add_argument("--samples", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    a, tokenizer = load(arguments.model_a or arguments.assets / "model-a")
    b, _ = load(arguments.model_b or arguments.assets / "model-b")
    k, j = arguments.k, arguments.j

    ids = corpus_ids(arguments.assets / "corpus.json.gz", tokenizer, arguments.rows, arguments.seed, arguments.cut)
    y, z = last_residual(a, ids, k), last_residual(b, ids, j)
    projections = {"ridge": ridge(y, z), "Adam": adam(y, z, arguments.seed)}
    print(f"{len(ids)} rows, cut {arguments.cut}, k = {k}, j = {j}, seed {arguments.seed}; "
          f"mean square of z {z.square().mean():.3f}")
    for name, w in projections.items():
        error = (y @ w.T - z).square().mean()
        explained = 1 - error / z.var(0, unbiased=False).mean()
        print(f"  W by {name}: mean squared error {error:.4f}, explains {explained:.1%} of the variance")

    for task, (full, question_only, golds, scores, limit) in prompts_of(arguments.assets, arguments.items).items():
        print(f"\n{task}: first metric | second metric, % [95 %], n = {len(golds)}")
        nothing = ["Answer:"] * len(full)
        activations = last_residual(a, [encoding.ids for encoding in tokenizer.encode_batch(full)], k)

        def show(name: str, texts: list[str]) -> None:
            pairs = [scores(text, gold) for text, gold in zip(texts, golds)]
            columns = " | ".join(interval(sum(pair[column] for pair in pairs), len(pairs)) for column in (0, 1))
            print(f"  {name:<42} {columns}", flush=True)
            for text, gold in list(zip(texts, golds))[: arguments.samples]:
                print(f"      {gold!r}: {text!r}")

        show("A, full prompt", answers(a, tokenizer, full, limit))
        show("B, full prompt", answers(b, tokenizer, full, limit))
        show("B, question only", answers(b, tokenizer, question_only, limit))
        show("B, no context (\"Answer:\")", answers(b, tokenizer, nothing, limit))
        for name, w in projections.items():
            injected = activations @ w.T
            show(f"injected ({name}), B full", answers(b, tokenizer, full, limit, j, injected))
            show(f"injected ({name}), B question only", answers(b, tokenizer, question_only, limit, j, injected))
            show(f"injected ({name}), B \"Answer:\"", answers(b, tokenizer, nothing, limit, j, injected))
            generator = torch.Generator().manual_seed(arguments.seed)
            noise = torch.randn(injected.shape, generator=generator) * injected.std(1, keepdim=True)
            show(f"random ({name}), B full", answers(b, tokenizer, full, limit, j, noise))
            show(f"shuffled ({name}), B full", answers(b, tokenizer, full, limit, j, injected.roll(1, 0)))


if __name__ == "__main__":
    main()
