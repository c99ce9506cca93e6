"""lm-evaluation-harness and this program on the same model and items: see scripts/compare-lm-eval."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import lm_eval
from lm_eval.tasks import TaskManager

TASKS = Path(lm_eval.__file__).parent / "tasks"


def gsm8k(source: Path, folder: Path, limit: int, arguments: argparse.Namespace) -> dict[str, str]:
    """The first problems, for both; the harness's own task file, of these files."""
    with (source / "test.jsonl").open(encoding="utf-8") as lines:
        (folder / "test.jsonl").write_text("".join(islice(lines, limit)), encoding="utf-8")
    (folder / "train.jsonl").symlink_to((source / "train.jsonl").resolve())
    files = {split: str(folder / f"{split}.jsonl") for split in ("train", "test")}
    return {"gsm8k_files": task(TASKS / "gsm8k/gsm8k.yaml", "gsm8k_files", files)}


def mmlu(source: Path, folder: Path, limit: int, arguments: argparse.Namespace) -> dict[str, str]:
    """The first questions of each subject, as tables for this program and as records for the harness."""
    tasks = {}
    for split in ("test", "dev"):
        (folder / split).mkdir()
    for subject in arguments.groups:
        files = {}
        for split in ("test", "dev"):
            with (source / split / f"{subject}_{split}.csv").open(newline="", encoding="utf-8") as table:
                rows = [row for row in csv.reader(table) if row[-1] != "answer"]
            rows = rows[:limit] if split == "test" else rows
            with (folder / split / f"{subject}_{split}.csv").open("w", newline="", encoding="utf-8") as table:
                csv.writer(table).writerows(rows)
            records = [{"question": row[0], "subject": subject, "choices": row[1:5], "answer": "ABCD".index(row[5])}
                       for row in rows]
            path = folder / f"{subject}_{split}.jsonl"
            path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
            files[split] = str(path)
        own = next((TASKS / "mmlu/default").glob(f"mmlu_{subject}.yaml"))
        tasks[f"mmlu_{subject}_files"] = task(own, f"mmlu_{subject}_files", files)
    return tasks


def task(base: Path, name: str, files: dict[str, str]) -> str:
    """A task file that takes all from the harness's own but the data."""
    return (f"include: {base}\ntask: {name}\ndataset_path: json\ndataset_name: null\n"
            f"dataset_kwargs:\n  data_files: {json.dumps(files)}\n")


def theirs(model: Path, tasks: dict[str, str], shots: int) -> dict:
    with tempfile.TemporaryDirectory() as place:
        for name, text in tasks.items():
            (Path(place) / f"{name}.yaml").write_text(text, encoding="utf-8")
        return lm_eval.simple_evaluate(
            model="hf", model_args={"pretrained": str(model), "dtype": "float32"}, tasks=list(tasks), num_fewshot=shots,
            batch_size=1, device="cpu", task_manager=TaskManager(include_path=place, include_defaults=False),
            bootstrap_iters=0, log_samples=True)


def ours(model: Path, kind: str, data: Path, output: Path, shots: int, programs: Path) -> None:
    subprocess.run(
        [programs / "coordinator", "run", "--model-a", model, "--model-b", model, "--layer-k", "0", "--layer-j", "0",
         "--no-projection", "--experiments", kind, f"--{kind}", data, "--shots", str(shots), "--conditions", "silent",
         "--endpoints", "answers", "--compute-type", "float32", "--lm-eval", "--workers", "auto",
         "--status", "tcp://127.0.0.1:*", "--output", output],
        check=True, stdout=sys.stderr)


def samples(output: Path, kind: str) -> dict[tuple[str, str], dict]:
    """Ours by prompt and filter."""
    file = next((output / "lm_eval/silent").glob(f"samples_{kind}_*.jsonl"))
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {(line["prompt_hash"], line["filter"]): line for line in lines}


def compare(evaluated: dict, output: Path, kind: str) -> None:
    found = samples(output, kind)
    metrics: dict[str, list[tuple[float, float]]] = {}
    apart = {"score": 0, "text": 0, "prompt": 0}
    total = 0
    largest = 0.0
    for name in evaluated["samples"]:
        for sample in evaluated["samples"][name]:
            total += 1
            place = f"{name} {sample['doc_id']}, {sample['filter']}"
            own = found.get((sample["prompt_hash"], sample["filter"]))
            if own is None:
                apart["prompt"] += 1
                print(f"{place}: no item of ours has this prompt (sha256 {sample['prompt_hash'][:12]})")
                continue
            for metric in sample["metrics"]:
                if metric not in own:
                    continue
                metrics.setdefault(f"{metric},{sample['filter']}", []).append((sample[metric], own[metric]))
                if sample[metric] != own[metric]:
                    apart["score"] += 1
                    print(f"{place}: {metric} {sample[metric]} there, {own[metric]} here")
            if kind == "gsm8k":
                there, here = sample["resps"][0][0], own["resps"][0][0]
                if there.strip() != here.strip():
                    apart["text"] += 1
                    start = next((n for n, (a, b) in enumerate(zip(there, here)) if a != b), min(len(there), len(here)))
                    print(f"{place}: texts part after {start} characters: {there[start:start + 60]!r} there, "
                          f"{here[start:start + 60]!r} here")
            else:
                there = [float(choice[0][0]) for choice in sample["resps"]]
                here = [float(choice[0]) for choice in own["filtered_resps"]]
                largest = max(largest, *(abs(a - b) for a, b in zip(there, here, strict=True)))
    print(f"\nlm_eval {version('lm_eval')}, transformers {version('transformers')}, torch {version('torch')}: "
          f"{total} samples (items × filters); apart in prompt {apart['prompt']}, text {apart['text']}, "
          f"score {apart['score']}")
    cut = json.loads((output / "results.json").read_text(encoding="utf-8"))["results"][kind]["silent"]["n_prompts_cut"]
    if cut:
        print(f"{cut} prompts have more tokens than the model has positions, and are cut on the left: here the token that "
              "begins a text stays, there it does not")
    if kind != "gsm8k":
        print(f"largest difference of a choice's log-likelihood: {largest:.3g}")
    for metric, values in metrics.items():
        there, here = (sum(column) / len(values) for column in zip(*values))
        print(f"{metric}: {there:.6f} lm_eval, {here:.6f} ours, n = {len(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/compare-lm-eval")
    parser.add_argument("task", choices=["gsm8k", "mmlu"])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--groups", nargs="+", default=[])
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--shots", type=int)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--programs", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.task == "mmlu" and not arguments.groups:
        parser.error("mmlu needs --groups SUBJECT …")
    shots = arguments.shots if arguments.shots is not None else 5 if arguments.task == "gsm8k" else 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        output = arguments.output or folder / "run"
        make = gsm8k if arguments.task == "gsm8k" else mmlu
        data = folder / "data"
        data.mkdir()
        tasks = make(arguments.data, data, arguments.limit, arguments)
        ours(arguments.model.resolve(), arguments.task, data, output, shots, arguments.programs)
        compare(theirs(arguments.model.resolve(), tasks, shots), output, arguments.task)


if __name__ == "__main__":
    main()
