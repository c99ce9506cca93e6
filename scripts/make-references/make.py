"""Writes the reference figures of the shipped pair and of two tiny models with random weights.

    python make.py ASSETS REFERENCES MODELS

ASSETS holds model-a and model-b, questions.json and word-problems.jsonl; REFERENCES receives model-a.json,
model-b.json, injection.json and W.safetensors; MODELS one folder for each tiny model, its reference.json inside.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "make-demo"))

import tasks  # noqa: E402
import tiny_models  # noqa: E402
from fit import corpus_ids, ridge  # noqa: E402
from evaluation import last_residual  # noqa: E402
from injection import injection_reference  # noqa: E402
from references import load, model_reference, write_json  # noqa: E402

SENTENCES = [
    "The capital of France is", "Everyone knows that", "To solve this problem, we need to", "In the year 2050,",
    "The future of artificial intelligence is", "The main difference between cats and dogs is",
    "Clara plays the harp. Everyone knows that Clara plays the",
    "Ben has 14 shells. When asked, Ben said that there were 14",
    "Nora likes bread, plums and honey. Will likes bread, plums and",
]
REPETITIONS = [
    "Anna reads aloud: harp, tea, Oslo, 14, red, donkey, Sunday. Ben repeats: harp,",
    "In the memory game Zoe says: pasta and 9 and ferry and Kenya and chess and green. Tom repeats: pasta and",
    "Rosa reads aloud: nurse, then 31, then Lima, then cider, then banjo. Hugo has to say it too: nurse, then",
]
STRANGE = ["The café had a piñata… “Hola!” said Zoë — and then it cost 5 €. 日本 🦊", "", "  two spaces,\ttab\r\nCRLF ",
           "x" * 40, "2050 2051 2052"]


def task_prompts(assets: Path, count: int) -> tuple[list[str], list[str]]:
    """Some of the questions and of the word problems that ship with the pair."""
    paragraphs = [paragraph for article in json.loads((assets / "questions.json").read_text())["data"]
                  for paragraph in article["paragraphs"]]
    questions = [tasks.question_prompt(paragraph["context"], paragraph["qas"][0]["question"])
                 for paragraph in paragraphs[::9]]
    problems = [tasks.problem_prompt(json.loads(line)["question"])
                for line in (assets / "word-problems.jsonl").read_text().splitlines()]
    return questions[:count], problems[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("assets", "references", "models"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder_a, folder_b = arguments.assets / "model-a", arguments.assets / "model-b"

    questions, problems = task_prompts(arguments.assets, 12)
    groups = [(questions, 2), (SENTENCES, 2), (problems, 2), (REPETITIONS, 1), (STRANGE, 1)]
    for folder in (folder_a, folder_b):
        write_json(arguments.references / f"{folder.name}.json", model_reference(folder, groups, full=3, count=16))

    # W as the closed form gives it from the first 1,024 texts, cut at a random word, at k = j = 4.
    a, tokenizer = load(folder_a)
    b, _ = load(folder_b)
    ids = corpus_ids(arguments.assets / "corpus.json.gz", tokenizer, 1024, seed=0)
    projection = ridge(last_residual(a, ids, 4), last_residual(b, ids, 4))
    candidates = [(prompt, prompt) for prompt in questions + problems] + list(zip(questions, problems))
    write_json(arguments.references / "injection.json", injection_reference(
        folder_a, folder_b, arguments.references / "W.safetensors", projection,
        "ridge regression on 1,024 corpus texts, each cut at a random word, at k = j = 4", candidates, pairs=2, count=12))

    tokenizer = tiny_models.tiny_tokenizer()
    for make, name in ((tiny_models.llama3_rope_sharded, "llama3-rope-sharded"),
                       (tiny_models.linear_rope_tied, "linear-rope-tied")):
        folder = arguments.models / name
        make(folder, tokenizer, seed=1)
        cases = ["<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>", "a<tool>b <tool> c", "<|eot_id|>"]
        long = [" ".join([sentence] * 12) for sentence in SENTENCES[6:]]
        write_json(folder / "reference.json", model_reference(
            folder, [(questions, 1), (SENTENCES, 2), (problems, 1), (long, 1), (STRANGE, 1)], full=3, count=12,
            extra_cases=cases))


if __name__ == "__main__":
    main()
