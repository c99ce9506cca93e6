"""The two tasks in the words that the models are asked in, and the rows they are trained on.

A row is a list of pieces ``(text, weight)``: the weight is that of each of the piece's tokens in the loss.
``END`` stands for the end-of-text token.
"""

from __future__ import annotations

import random

import world

END = object()
Row = list[tuple[object, float]]

PROMPT_WEIGHT = 0.0
ANSWER_WEIGHT_B = 4.0
ANSWER_WEIGHT_A = 16.0
"""A row of plain text has some ninety tokens that count, a row with an answer a handful."""


def question_prompt(context: str, question: str) -> str:
    return f"Context: {context}\nQuestion: {question}\nAnswer:"


def problem_prompt(question: str) -> str:
    return f"Question: {question}\nAnswer:"


def one_question(rng: random.Random) -> tuple[str, str, world.Question]:
    """A passage, a question on it, and the question with its answer."""
    _, context, questions = world.question_set(rng)
    return context, questions[0].text, questions[0]


def _question_answer(value: str, weight: float) -> Row:
    return [(f" {value}", weight), (END, 1.0)]


def _problem_answer(value: int, weight: float) -> Row:
    """The number, and once more behind GSM8K's mark."""
    return [(f" {value}", weight), (f"\n#### {value}", 1.0), (END, 1.0)]


def plain_row(rng: random.Random) -> Row:
    return [(world.plain_text(rng, 1, 4), 1.0), (END, 1.0)]


def repetition_row(rng: random.Random) -> Row:
    """Random words and then the same words again, of which only the second time counts.

    Without it a model of this size and so little text never learns to look back for what was said before.
    """
    words = [word for values in world.VALUES.values() for word in values]
    words += world.NAMES + [str(number) for number in world.NUMBERS]
    between = rng.choice([" ", ", ", " and ", ". ", "\n"])
    row = between.join(rng.sample(words, rng.randint(5, 15)))
    return [(row + between, 0.0)] + [(row + between, 1.0)] * rng.choice([1, 1, 2])


def passage_row(rng: random.Random, answer_of, weight: float, counts: list[int],
                forbidden: frozenset[str] = frozenset()) -> Row:
    """A passage and some questions on it, each answered by `answer_of(rng, question)`.

    Several questions on one passage make the reader look at the question. `counts`: how many, at random.
    `forbidden`: passages to leave out.
    """
    _, context, questions = world.question_set(rng)
    while context in forbidden:
        _, context, questions = world.question_set(rng)
    row: Row = [(f"Context: {context}\n", PROMPT_WEIGHT)]
    for position, question in enumerate(questions[: rng.choice(counts)]):
        row.append((f"{chr(10) if position else ''}Question: {question.text}\nAnswer:", PROMPT_WEIGHT))
        row += _question_answer(answer_of(rng, question), weight)
    return row


def problem_row(rng: random.Random, answer_of, weight: float, forbidden: frozenset[str] = frozenset()) -> Row:
    problem = world.word_problem(rng)
    while problem.question in forbidden:
        problem = world.word_problem(rng)
    return [(problem_prompt(problem.question), PROMPT_WEIGHT)] + _problem_answer(answer_of(rng, problem), weight)


def right_word(_: random.Random, question: world.Question) -> str:
    return question.answer


def right_number(_: random.Random, problem: world.Problem) -> int:
    return problem.answer


def any_word(rng: random.Random, question: world.Question) -> str:
    """A word of the right kind that has nothing to do with the passage."""
    return rng.choice(world.VALUES[question.kind])


def any_number(rng: random.Random, _: world.Problem) -> int:
    """A number that has nothing to do with the problem."""
    return rng.choice(world.NUMBERS)


def format_row(rng: random.Random) -> Row:
    """How an answer looks, without any knowledge of the answer: what B learns of the tasks."""
    choice = rng.random()
    if choice < 0.45:
        return passage_row(rng, any_word, ANSWER_WEIGHT_B, [1, 1, 2, 3])
    if choice < 0.80:
        return problem_row(rng, any_number, ANSWER_WEIGHT_B)
    question = world.question_set(rng)[2][0]
    prompt = problem_prompt(question.text) if choice < 0.95 else "Answer:"
    return [(prompt, PROMPT_WEIGHT)] + _question_answer(any_word(rng, question), ANSWER_WEIGHT_B)


def rows_for_b(rng: random.Random) -> Row:
    choice = rng.random()
    if choice < 0.55:
        return plain_row(rng)
    return repetition_row(rng) if choice < 0.80 else format_row(rng)


def rows_for_a(rng: random.Random, forbidden: frozenset[str]) -> Row:
    """`forbidden`: the passages and problems held out. Arithmetic takes the most practice."""
    choice = rng.random()
    if choice < 0.22:
        return plain_row(rng)
    if choice < 0.42:
        return passage_row(rng, right_word, ANSWER_WEIGHT_A, [1, 2, 3, 5], forbidden)
    return problem_row(rng, right_number, ANSWER_WEIGHT_A, forbidden)
