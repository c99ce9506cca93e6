"""Answers and their scores, for Tests/Fixtures/Evaluation/metrics.json.

    python metrics.py > ../../Tests/Fixtures/Evaluation/metrics.json

The scores are computed here with Python's own `str` and `re`, by which the published metrics are defined, and with
exact decimals. Standard library only; made with CPython 3.11 (Unicode 14). Every text is made up.
"""

from __future__ import annotations

import collections
import json
import random
import re
import string
import sys
from decimal import Decimal, InvalidOperation

WORDS = """a an the A An THE and then than theory ant another answer Denver Broncos broncos' U.S. USA "gold" 24–10
co-operation state-of-the-art it's 1,234 $5 3.14 50 % (NFL) café CAFÉ cafe\u0301 naïve Straße STRASSE İstanbul ISTANBUL
ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ Σ ΑΣ. Москва 東京 the東京 a\u0301 the\u0301 a\u0302n ½ Ⅷ a½ ²the an² x_the_y _a_ the_ №5 — … “the” «an»
the\u200b \u200ban ǅ ŉ ﬀ Ω K Å 10th a1 1a the2 𝐀 𝟘 ٣ a٣ the٫ ʰa aʰ ⓐ ªa o'the the-a a/an/the""".split()
SPACES = [" ", " ", " ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\x1c", "\x1f", "\u2028", "\x85", "\v", "\u200b"]


def normalized(text: str) -> str:
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(answer: str, gold: str) -> float:
    answer_words, gold_words = normalized(answer).split(), normalized(gold).split()
    common = sum((collections.Counter(answer_words) & collections.Counter(gold_words)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(answer_words), common / len(gold_words)
    return 2 * precision * recall / (precision + recall)


def decimal(text: str) -> str | None:
    text = text.replace("$", "").replace(",", "").strip().rstrip(".")
    if not re.fullmatch(r"-?(\d+(\.\d+)?|\.\d+)", text, re.ASCII):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if Decimal(plain) == 0 else plain


def strict(text: str) -> str | None:
    match = re.search(r"#### (\-?[0-9\.\,]+)", text)
    return decimal(match.group(1)) if match else None


def flexible(text: str) -> str | None:
    numbers = [decimal(match.group(0)) for match in re.finditer(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", text)]
    return next((number for number in reversed(numbers) if number is not None), None)


def edit_distance(a: str, b: str) -> int:
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
    return table[-1][-1]


def phrase(rng: random.Random, longest: int) -> str:
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(0, longest)))


def changed(rng: random.Random, text: str) -> str:
    """The phrase with some words dropped, doubled, moved or changed in case."""
    words = text.split(" ")
    for _ in range(rng.randint(0, 3)):
        index = rng.randrange(len(words))
        kind = rng.randrange(5)
        if kind == 0 and len(words) > 1:
            del words[index]
        elif kind == 1:
            words.insert(rng.randrange(len(words)), words[index])
        elif kind == 2:
            words[index] = words[index].swapcase()
        elif kind == 3:
            words[index] += rng.choice(",.;!?'\"–")
        else:
            words.insert(index, rng.choice(["a", "an", "The", "—"]))
    return " ".join(words)


def numbers(rng: random.Random) -> str:
    parts = ["18", "18.0", "-3", "$1,234", "1,234.50", "#### ", "####", "#### 7", "#### -12", "#### $5", "so", "...", ".5", "-.5",
             "007", "-0", "0.0", "5-3", "1.2.3", "2,", "3.", "$", ",.", "x4y", "٣", "%", "=", "9" * 25, "\n", "€20", "--8", "1/2", "- 6"]
    return "".join(rng.choice(parts) + rng.choice(["", " ", " ", "."]) for _ in range(rng.randint(0, 7)))


def main() -> None:
    rng = random.Random(20140)
    squad = []
    for _ in range(220):
        gold = phrase(rng, 6)
        golds = [gold] + [phrase(rng, 4) for _ in range(rng.randrange(3))]
        answer = changed(rng, gold) if rng.random() < 0.8 else phrase(rng, 6)
        squad.append(
            {
                "answer": answer,
                "golds": golds,
                "words": normalized(answer).split(),
                "exact_match": max(float(normalized(answer) == normalized(gold)) for gold in golds),
                "f1": max(f1(answer, gold) for gold in golds),
            }
        )
    gsm8k = [{"answer": text, "strict": strict(text), "flexible": flexible(text)} for text in (numbers(rng) for _ in range(220))]
    edits = []
    for _ in range(40):
        a = phrase(rng, 4)
        b = changed(rng, a) if rng.random() < 0.7 else phrase(rng, 4)
        edits.append({"a": a, "b": b, "distance": edit_distance(a, b), "longer": max(len(a), len(b))})
    json.dump({"squad": squad, "gsm8k": gsm8k, "edits": edits}, sys.stdout, ensure_ascii=True, indent=0)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
