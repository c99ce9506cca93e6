"""What lm-evaluation-harness itself makes of GSM8K: prompts with its draws of worked examples, filters, scores, and the
lines of its sample files, for Tests/Fixtures/Evaluation/harness.json.

    harness.py [GSM8K_FOLDER]

The harness (0.4.13) runs whole, by its own task file, with a model in the place of a language model that answers what
is written here. Once over made-up problems, which the fixture holds, and once over the first 20 of test.jsonl with
train.jsonl of the folder, of which the fixture holds digests. By hand, with the environment that scripts/compare-lm-eval
makes; half a minute.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import lm_eval
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

PLACE = Path(__file__).resolve().parents[2] / "Tests/Fixtures/Evaluation/harness.json"
SAMPLES = [(5, 3), (5, 5), (21, 5), (22, 5), (40, 5), (85, 6), (86, 6), (277, 30), (278, 30), (7473, 5), (7473, 8)]
# Of the problem's number n.
ANSWERS = [
    " It is n.\n#### n", " #### n.00", " #### 1,00n", " The answer is $n.", " so n apples, and n.", "", " #### n.", " none",
    "\n#### -n and 5 ...", " #### 3 #### n", "#### .", " $n,", " n\u00a0% of \u0663", " ####  n", " #### $n", " -n", " n. ...",
    " 12-n", " n-", " #### n,.", "\u2028#### n\u2028", " --n",
]


class Canned(LM):
    """Answers by the number of the request."""

    def __init__(self, answers: list[str]) -> None:
        super().__init__()
        self.answers = answers

    def generate_until(self, requests, disable_tqdm: bool = False) -> list[str]:
        return [self.answers[place % len(self.answers)] for place, _ in enumerate(requests)]

    def loglikelihood(self, requests, disable_tqdm: bool = False):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm: bool = False):
        raise NotImplementedError


def evaluate(folder: Path, shots: int, limit: int | None, answers: list[str]) -> dict:
    """The harness's own gsm8k, of the problems of a folder."""
    with tempfile.TemporaryDirectory() as tasks:
        base = Path(lm_eval.__file__).parent / "tasks/gsm8k/gsm8k.yaml"
        files = {split: str(folder / f"{split}.jsonl") for split in ("train", "test")}
        (Path(tasks) / "gsm8k_files.yaml").write_text(
            f"include: {base}\ntask: gsm8k_files\ndataset_path: json\ndataset_name: null\n"
            f"dataset_kwargs:\n  data_files: {json.dumps(files)}\n")
        return lm_eval.simple_evaluate(
            model=Canned(answers), tasks=["gsm8k_files"], num_fewshot=shots, limit=limit,
            task_manager=TaskManager(include_path=tasks, include_defaults=False), bootstrap_iters=0, log_samples=True)


def figures(evaluated: dict) -> dict:
    samples = evaluated["samples"]["gsm8k_files"]
    strict = [sample for sample in samples if sample["filter"] == "strict-match"]
    flexible = [sample for sample in samples if sample["filter"] == "flexible-extract"]
    results = evaluated["results"]["gsm8k_files"]
    return {
        "scores": {key: value for key, value in results.items() if key.startswith("exact_match,")},
        "generation": strict[0]["arguments"][0][1],
        "items": [
            {
                "prompt": one["arguments"][0][0], "doc": one["doc"], "response": one["resps"][0][0],
                "strict": one["filtered_resps"][0], "flexible": other["filtered_resps"][0],
                "strict_match": one["exact_match"], "flexible_match": other["exact_match"],
                "doc_hash": one["doc_hash"], "prompt_hash": one["prompt_hash"], "target_hash": one["target_hash"],
            }
            for one, other in zip(strict, flexible, strict=True)
        ],
    }


def made_up(folder: Path) -> dict[str, list[dict]]:
    def problem(number: int, kind: str) -> dict:
        note = ' "é"\n' if number % 3 == 0 else ""
        return {"question": f"{kind} problem {number}:{note} how many?", "answer": f"It is {number}.\n#### {number}"}
    splits = {
        "train": [problem(number, "Worked") for number in range(40)],
        "test": [problem(number, "Test") for number in range(len(ANSWERS))],
    }
    for name, problems in splits.items():
        lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in problems]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    return splits


def main(arguments: list[str]) -> None:
    made: dict = {
        "made_by": "scripts/make-references/harness.py",
        "versions": {"lm_eval": version("lm_eval"), "python": sys.version.split()[0]},
    }
    made["samples"] = []
    for population, count in SAMPLES:
        generator = random.Random(1234)
        drawn = [generator.sample(range(population), count) for _ in range(3)]
        made["samples"].append({"population": population, "count": count, "drawn": drawn})
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made |= made_up(folder)
        answers = [answer.replace("n", str(number)) if "none" not in answer else answer
                   for number, answer in enumerate(ANSWERS)]
        made["made_up"] = [{"shots": shots, **figures(evaluate(folder, shots, None, answers))} for shots in (0, 5, 8)]
    for block in made["made_up"]:
        for item in block["items"]:
            if block["shots"] == 8:
                item["prompt"] = hashlib.sha256(item["prompt"].encode()).hexdigest()
            del item["doc"]
    if arguments:
        made["published"] = []
        for shots in (0, 5):
            found = figures(evaluate(Path(arguments[0]), shots, 20, ["#### 1"]))
            made["published"].append(
                {"shots": shots, "items": [{"prompt_hash": one["prompt_hash"], "doc_hash": one["doc_hash"],
                                            "target_hash": one["target_hash"]} for one in found["items"]]})
    PLACE.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
