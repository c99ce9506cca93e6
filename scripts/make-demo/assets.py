"""The corpus and the held-out items, and their files.

    python assets.py ASSETS [--seed 7]
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import hashlib
import io
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

import tasks
import world

RECORDS = 4_608
QUESTIONS = 320
PROBLEMS = 320
QUESTIONS_PER_PASSAGE = 2


@dataclass(frozen=True)
class Passage:
    title: str
    context: str
    questions: tuple[world.Question, ...]


@dataclass(frozen=True)
class HeldOut:
    passages: tuple[Passage, ...]
    problems: tuple[world.Problem, ...]

    def prompts(self) -> frozenset[str]:
        """Passages and problems, to be left out of training."""
        passages, problems = (passage.context for passage in self.passages), (item.question for item in self.problems)
        return frozenset([*passages, *problems])

    def question_items(self) -> list[tuple[str, str]]:
        """Prompt and answer."""
        return [(tasks.question_prompt(passage.context, question.text), question.answer)
                for passage in self.passages for question in passage.questions]

    def problem_items(self) -> list[tuple[str, str]]:
        return [(tasks.problem_prompt(problem.question), str(problem.answer)) for problem in self.problems]


def held_out(seed: int) -> HeldOut:
    """Passages and problems that A is never trained on: their random stream is their own, and should training's
    stream come upon one of them, it is passed over."""
    rng = random.Random(f"held out {seed}")
    passages: dict[str, Passage] = {}
    while len(passages) < QUESTIONS // QUESTIONS_PER_PASSAGE:
        title, context, questions = world.question_set(rng)
        answers = [question.answer for question in questions]
        once = all(len(re.findall(rf"\b{re.escape(answer)}\b", context)) == 1 for answer in answers)
        if once:
            passages.setdefault(context, Passage(title, context, tuple(questions[:QUESTIONS_PER_PASSAGE])))
    problems: dict[str, world.Problem] = {}
    while len(problems) < PROBLEMS:
        problem = world.word_problem(rng)
        problems.setdefault(problem.question, problem)
    return HeldOut(tuple(passages.values()), tuple(problems.values()))


def corpus(seed: int) -> list[str]:
    """Different plain texts, each well over 50 characters long, from a random stream of their own."""
    rng = random.Random(f"corpus {seed}")
    texts: dict[str, None] = {}
    while len(texts) < RECORDS:
        text = world.plain_text(rng, 2, 5).strip()
        if len(text) > 80:
            texts.setdefault(text)
    return list(texts)


def unread_by_b(problems: tuple[world.Problem, ...], seed: int) -> tuple[world.Problem, ...]:
    """Without those that B came across: its rows take any problem, with a random number for an answer.

    B's rows are drawn here once more, some more of them than it reads.
    """
    rng = random.Random(f"b {seed}")
    read = {text for _ in range(100_000) for text, _ in tasks.rows_for_b(rng) if isinstance(text, str)}
    return tuple(problem for problem in problems if tasks.problem_prompt(problem.question) not in read)


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def write_corpus(path: Path, texts: list[str], seed: int) -> None:
    """JSON lines in gzip, C4's fields in C4's order; the gzip header carries no time."""
    rng = random.Random(f"timestamps {seed}")
    start = datetime.datetime(2019, 4, 18, tzinfo=datetime.timezone.utc)
    lines = []
    for number, text in enumerate(texts):
        stamp = start + datetime.timedelta(seconds=rng.randrange(9 * 86_400))
        lines.append(json.dumps({"text": text, "timestamp": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                 "url": f"https://example.org/small-world/{number:05d}.html"},
                                ensure_ascii=False, separators=(",", ":")))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())
    _write(path, buffer.getvalue())


def write_questions(path: Path, passages: tuple[Passage, ...]) -> None:
    """SQuAD v1.1's layout."""
    titles: dict[str, list] = {}
    for passage in passages:
        qas = []
        for question in passage.questions:
            start = re.search(rf"\b{re.escape(question.answer)}\b", passage.context).start()
            identity = hashlib.sha256(f"{passage.context}\n{question.text}".encode()).hexdigest()[:24]
            qas.append({"answers": [{"answer_start": start, "text": question.answer}],
                        "question": question.text, "id": identity})
        titles.setdefault(passage.title, []).append({"context": passage.context, "qas": qas})
    data = [{"title": title.replace(" ", "_"), "paragraphs": titles[title]}
            for title in world.SCENES if title in titles]
    _write(path, (json.dumps({"data": data, "version": "1.1"}, ensure_ascii=False, indent=1) + "\n").encode())


def write_problems(path: Path, problems: tuple[world.Problem, ...]) -> None:
    """GSM8K's layout."""
    lines = [json.dumps({"question": problem.question, "answer": f"{problem.working}\n#### {problem.answer}"},
                        ensure_ascii=False) for problem in problems]
    _write(path, ("\n".join(lines) + "\n").encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    arguments.assets.mkdir(parents=True, exist_ok=True)
    items = held_out(arguments.seed)
    write_corpus(arguments.assets / "corpus.json.gz", corpus(arguments.seed), arguments.seed)
    write_questions(arguments.assets / "questions.json", items.passages)
    write_problems(arguments.assets / "word-problems.jsonl", unread_by_b(items.problems, arguments.seed))


if __name__ == "__main__":
    main()
