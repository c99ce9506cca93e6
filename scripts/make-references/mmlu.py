"""Log-likelihoods of MMLU's choices by a real model, as lm-evaluation-harness takes them.

    mmlu.py MODEL_FOLDER MMLU_FOLDER

The harness's wording and its `loglikelihood`: prompt and choice are encoded together, the choice's tokens are those
beyond the prompt's own, and their log-softmax values are summed, here in double. Transformers reads the folder that
`scripts/real-model` writes, its weights widened to float32. Written: the first 20 questions of the paper's five subjects
by letters, the first 4 of each by texts, and 2 of each by letters after five worked examples.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from references import header, load, write_json

SUBJECTS = ["college_biology", "formal_logic", "high_school_psychology", "professional_law", "public_relations"]
LETTERS = ["A", "B", "C", "D"]
PLACE = Path(__file__).resolve().parents[2] / "Tests/Fixtures/Evaluation/mmlu.json"


def rows(folder: Path, split: str, subject: str) -> list[list[str]]:
    with (folder / split / f"{subject}_{split}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def listed(row: list[str]) -> str:
    return f"{row[0].strip()}\n" + "".join(f"{letter}. {choice}\n" for letter, choice in zip(LETTERS, row[1:5])) + "Answer:"


@torch.no_grad()
def likelihoods(model: LlamaForCausalLM, tokenizer: Tokenizer, prompt: str, choices: list[str]) -> list[float]:
    before = tokenizer.encode(prompt).ids
    found = []
    for choice in choices:
        ids = tokenizer.encode(f"{prompt} {choice}").ids
        logits = model(input_ids=torch.tensor([ids[:-1]])).logits[0].double()
        values = torch.log_softmax(logits, dim=-1)
        found.append(sum(float(values[place - 1, ids[place]]) for place in range(len(before), len(ids))))
    return [float(f"{value:.9g}") for value in found]


def main(model_folder: Path, mmlu: Path) -> None:
    model, tokenizer = load(model_folder)
    made = {"letters": [], "texts": [], "shots": []}
    for subject in SUBJECTS:
        about = subject.replace("_", " ")
        description = f"The following are multiple choice questions (with answers) about {about}.\n\n"
        shots = "".join(f"{listed(row)} {row[5]}\n\n" for row in rows(mmlu, "dev", subject)[:5])
        for number, row in enumerate(rows(mmlu, "test", subject)[:20]):
            def note(kind: str, prompt: str, choices: list[str]) -> None:
                made[kind].append({"subject": subject, "number": number, "answer": LETTERS.index(row[5]),
                                   "loglikelihoods": likelihoods(model, tokenizer, prompt, choices)})
            note("letters", description + listed(row), LETTERS)
            if number < 4:
                note("texts", f"The following are questions (with answers) about {about}.\n\nQuestion: "
                     f"{row[0].strip()}\nAnswer:", row[1:5])
            if number < 2:
                note("shots", description + shots + listed(row), LETTERS)
    write_json(PLACE, {**header(model=model_folder.name), **made})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
