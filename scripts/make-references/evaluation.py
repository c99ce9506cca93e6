"""What the experiments answer, for Tests/Fixtures/Evaluation/shipped-pair.json and stories-pair.json.

    python evaluation.py ../.. [FOLDER]

FOLDER holds stories260K, babyllama105 and W.safetensors; without it the shipped pair alone is made. Python, torch and
transformers are those of scripts/make-demo/requirements.txt. Six minutes on one core.

Everything is computed anew here, by forward hooks and Python's own `str` and `re`: prompts, tokens, messages, noise,
other items, greedy answers, scores. Items and prompts are chosen so that every answer has a margin between the best and the
second-best logit that a difference in the last bits does not close, and that what B is told makes as much of a
difference to its answers as it can.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

import metrics
from injection import OPERATIONS, combine
from named_generator import NamedGenerator
from references import floats, header, load

SEED = 42
CUE = "Answer:"
B_PROMPTS = ["full", "question", "none"]
ALONE = {"b_full": ("b", "full"), "a_full": ("a", "full"), "silent": ("b", None), "no_context": ("b", "none")}
"""Who answers, and which prompt; None is B's own."""
TOLD = ["injected", "random", "other", "other_2", "self", "matched", "zero"]
WRITTEN = ["written", "written_other"]
MESSAGE_TOKENS = 8
STRENGTHS = [("replace", 1.0), ("sum", 1.0), ("sum", 0.5), ("mean", -2.0), ("replace", 0.25)]
LIMITS = {"standard": {"squad": (32, ["\n"]), "gsm8k": (256, ["Question:", "</s>", "<|im_end|>"])},
          "reference": {"squad": (5, []), "gsm8k": (10, [])}}
METRICS = {"squad": ["exact_match", "f1"], "gsm8k": ["strict_match", "flexible_match"]}
SENTENCES = ["The capital of France is", "To solve this problem, we need to", "The future of artificial intelligence is",
             "In the year 2050,", "The main difference between cats and dogs is", "Once upon a time, there was a",
             "Clara plays the harp. Everyone knows that Clara plays the", "Nora likes bread, plums and honey. Will likes"]
TEXTS = ["Clara plays the harp. Everyone knows that Clara plays the", "One day, Tim found a", "So",
         "Will goes to work by ferry. " * 12, "Anna has 14 shells and a small red boat."]
TEXT_TOKENS = 24
SIMILARITY_TOKENS = 12
MARGIN = 2e-3
"""What answers to partners' messages should have: some hundred times what two correct implementations differ by. What
comes out is each line's `margin`; an item or two may lie below it, where no other choice is better."""


@dataclass(frozen=True)
class Channel:
    """From A after `k` blocks to B after `j`, through W or, where the run has none, as it is."""
    k: int
    j: int
    projected: bool = True

    def named(self) -> dict:
        return {"k": self.k, "j": self.j, "projected": self.projected}


@dataclass
class Answer:
    tokens: list[int]
    text: str
    margin: float


class Model:
    def __init__(self, folder: Path) -> None:
        self.model, self.tokenizer = load(folder)
        ends = self.model.generation_config.eos_token_id
        self.ends = ends if isinstance(ends, list) else [ends]
        self.begin = self.model.config.bos_token_id
        self.positions = self.model.config.max_position_embeddings
        self.width = self.model.config.hidden_size

    def prompt(self, text: str, new_tokens: int) -> tuple[list[int], int]:
        """As the models read it, and how many tokens were left out: cut on the left, the beginning-of-text token
        kept, to leave room for the answer, but never to less than half of the positions."""
        ids = self.tokenizer.encode(text).ids
        room = max(self.positions - new_tokens, (self.positions + 1) // 2)
        if len(ids) <= room:
            return ids, 0
        first = [ids[0]] if ids[0] == self.begin else []
        return first + ids[len(ids) - room + len(first):], len(ids) - room

    def site(self, blocks: int) -> torch.nn.Module:
        """What puts out the residual stream after so many blocks."""
        return self.model.model.layers[blocks - 1] if blocks else self.model.model.embed_tokens

    @torch.no_grad()
    def residual(self, ids: list[int], blocks: int) -> torch.Tensor:
        """The residual stream after `blocks` blocks at the last token, [width]."""
        kept = {}
        handle = self.site(blocks).register_forward_hook(lambda _m, _i, output: kept.update(out=output[0, -1].clone()))
        self.model(input_ids=torch.tensor([ids]), use_cache=False)
        handle.remove()
        return kept["out"]

    @torch.no_grad()
    def answers(self, ids: list[int], limits: tuple[int, list[str]], blocks: int = 0,
                streams: list[torch.Tensor] | None = None) -> list[Answer]:
        """Greedy answers to one prompt, one for each of `streams`, which take the place of the residual stream after
        `blocks` blocks at the prompt's last token while it is read; without streams, the one plain answer."""
        count = len(streams) if streams else 1
        handle = None
        if streams:
            def put(_module, _inputs, output):
                output = output.clone()
                output[:, -1] = torch.stack(streams)
                return output
            handle = self.site(blocks).register_forward_hook(put)
        output = self.model(input_ids=torch.tensor([ids] * count), use_cache=True)
        if handle:
            handle.remove()
        most, stops = limits
        tokens: list[list[int]] = [[] for _ in range(count)]
        margins, ended = [math.inf] * count, [False] * count
        for step in range(most):
            best = torch.topk(output.logits[:, -1], 2)
            for row in (row for row in range(count) if not ended[row]):
                token = int(best.indices[row, 0])
                margins[row] = min(margins[row], float(best.values[row, 0] - best.values[row, 1]))
                if token in self.ends:
                    ended[row] = True
                    continue
                tokens[row].append(token)
                ended[row] = any(stop in self.tokenizer.decode(tokens[row]) for stop in stops)
            if all(ended) or step == most - 1:
                break
            output = self.model(input_ids=best.indices[:, :1], past_key_values=output.past_key_values, use_cache=True)
        texts = [self.tokenizer.decode(row) for row in tokens]
        texts = [text[:min([text.find(stop) for stop in stops if stop in text], default=len(text))] for text in texts]
        return [Answer(*parts) for parts in zip(tokens, texts, margins)]


    @torch.no_grad()
    def likelihoods(self, ids: list[int], continuations: list[list[int]], blocks: int,
                    stream: torch.Tensor | None) -> tuple[torch.Tensor, list[float]]:
        """The first token's probabilities, and each continuation's log-probability, with `stream` in the place of the
        residual stream after `blocks` blocks at the prompt's last token."""
        sums, first = [], None
        for continuation in continuations:
            def put(_module, _inputs, output):
                output = output.clone()
                output[0, len(ids) - 1] = stream
                return output
            handle = self.site(blocks).register_forward_hook(put) if stream is not None else None
            logits = self.model(input_ids=torch.tensor([ids + continuation]), use_cache=False).logits[0].double()
            if handle:
                handle.remove()
            rows = torch.log_softmax(logits[len(ids) - 1:-1], -1)
            sums.append(float(sum(rows[place, token] for place, token in enumerate(continuation))))
            first = rows[0].exp()
        return first, sums


def divergence(p: torch.Tensor, q: torch.Tensor) -> float:
    """Jensen and Shannon's, in nats."""
    mean = (p + q) / 2
    return float((torch.xlogy(p, p / mean).sum() + torch.xlogy(q, q / mean).sum()) / 2)


@dataclass
class Pair:
    a: Model
    b: Model
    w: torch.Tensor
    preset: str
    channels: list[Channel]

    def message(self, ids: list[int], channel: Channel) -> torch.Tensor:
        a = self.a.residual(ids, channel.k)
        return self.w @ a if channel.projected else a

    def told(self, own: list[int], channel: Channel, message: torch.Tensor, operation: str) -> torch.Tensor:
        """B's stream with the message in it; where widths differ, the last coordinates meet."""
        stream = self.b.residual(own, channel.j).clone()
        width = min(len(stream), len(message))
        stream[-width:] = combine(operation, stream[-width:], message[-width:])
        return stream


def noise(message: torch.Tensor, task: str, item: dict) -> torch.Tensor:
    """Gaussian noise of the standard deviation of the message's elements, and of mean 0."""
    values = message.double().tolist()
    deviation = statistics.pstdev(values)
    generator = NamedGenerator(SEED, "noise", f"{task}/{item['id']}")
    return torch.tensor([generator.normal() * deviation for _ in values], dtype=torch.float32)


def matched(messages: list[torch.Tensor], task: str, item: dict) -> torch.Tensor:
    """Gaussian noise that has the mean and the standard deviation of the messages, coordinate by coordinate."""
    generator = NamedGenerator(SEED, "matched noise", f"{task}/{item['id']}")
    columns = zip(*(message.double().tolist() for message in messages))
    return torch.tensor([statistics.fmean(column) + generator.normal() * statistics.pstdev(column)
                         for column in columns], dtype=torch.float32)


def others(items: list[dict], place: int) -> list[int]:
    """The places of two other items, those nearest in prompt length, with another context and other answers; fewer
    where there are not so many."""
    def length(item: dict) -> int:
        return len(prompt_text(item, "full"))
    item = items[place]
    able = [other for other, one in enumerate(items)
            if other != place and (one["context"] is None or one["context"] != item["context"])
            and not set(one["golds"]) & set(item["golds"])]
    return sorted(able, key=lambda other: (abs(length(items[other]) - length(item)), other))[:2]


def prompt_text(item: dict, which: str) -> str:
    if which == "none":
        return CUE
    context = f"Context: {item['context']}\n" if which == "full" and item["context"] is not None else ""
    return f"{context}Question: {item['question']}\n{CUE}"


def score(task: str, preset: str, text: str, golds: list[str]) -> tuple[str, list[float]]:
    """The part that is scored, and its values."""
    part = (text.split(CUE)[-1] if preset == "reference" else text).strip()
    if task == "squad":
        exact = max(float(metrics.normalized(part) == metrics.normalized(gold)) for gold in golds)
        return part, [exact, max(metrics.f1(part, gold) for gold in golds)]
    return part, [max(float(read(part) == metrics.decimal(gold)) for gold in golds)
                  for read in (metrics.strict, metrics.flexible)]


class Evaluation:
    """One task on one pair: everything that is answered about each candidate, worked out once."""

    def __init__(self, pair: Pair, task: str, items: list[dict]) -> None:
        self.pair, self.task, self.items = pair, task, items
        self.limits = LIMITS[pair.preset][task]
        self.cache: dict[tuple, object] = {}

    def prompt(self, place: int, who: str, which: str) -> tuple[list[int], int]:
        model = self.pair.a if who == "a" else self.pair.b
        return model.prompt(prompt_text(self.items[place], which), self.limits[0])

    def message(self, place: int, channel: Channel) -> torch.Tensor:
        key = ("message", place, channel)
        if key not in self.cache:
            self.cache[key] = self.pair.message(self.prompt(place, "a", "full")[0], channel)
        return self.cache[key]

    def alone(self, place: int, condition: str, b_prompt: str) -> Answer:
        who, which = ALONE[condition]
        ids, _ = self.prompt(place, who, which or b_prompt)
        key = ("alone", who, tuple(ids))
        if key not in self.cache:
            self.cache[key] = (self.pair.a if who == "a" else self.pair.b).answers(ids, self.limits)[0]
        return self.cache[key]

    def vector(self, place: int, channel: Channel, what: str | int, among: list[int]) -> torch.Tensor:
        """What B is told: see `told`."""
        if isinstance(what, int):
            return self.message(what, channel)
        message = self.message(place, channel)
        match what:
            case "injected": return message
            case "random": return noise(message, self.task, self.items[place])
            case "self": return self.pair.b.residual(self.prompt(place, "b", "full")[0], channel.j)
            case "zero": return torch.zeros(self.pair.b.width)
            case "matched":
                return matched([self.message(one, channel) for one in among], self.task, self.items[place])
        raise ValueError(what)

    def told(self, place: int, b_prompt: str, channel: Channel, what: str | int,
             among: list[int] = []) -> dict[str, Answer]:
        """By operation. `what`: a condition, or the place of the item whose message B is told. `among`: the task's
        items, which matched noise depends on."""
        ids, _ = self.prompt(place, "b", b_prompt)
        key = ("told", place, tuple(ids), channel, what, tuple(among))
        if key not in self.cache:
            message = self.vector(place, channel, what, among)
            streams = [self.pair.told(ids, channel, message, operation) for operation in OPERATIONS]
            answers = self.pair.b.answers(ids, self.limits, channel.j, streams)
            self.cache[key] = dict(zip(OPERATIONS, answers))
        return self.cache[key]

    def written(self, place: int, writer: int, b_prompt: str) -> tuple[Answer, int]:
        """B's answer behind a line that A writes on an item, and how many tokens were left out."""
        ids, omitted = self.pair.a.prompt(prompt_text(self.items[writer], "full"), MESSAGE_TOKENS)
        key = ("writes", tuple(ids))
        if key not in self.cache:
            self.cache[key] = self.pair.a.answers(ids, (MESSAGE_TOKENS, self.limits[1]))[0]
        line = self.cache[key]
        own, cut = self.pair.b.prompt(line.text + "\n" + prompt_text(self.items[place], b_prompt), self.limits[0])
        key = ("alone", "b", tuple(own))
        if key not in self.cache:
            self.cache[key] = self.pair.b.answers(own, self.limits)[0]
        answer = self.cache[key]
        return Answer(answer.tokens, answer.text, min(answer.margin, line.margin)), omitted + cut

    def cases(self, place: int, what: str | int) -> list[Answer]:
        """B's answers to one item under all that surrounds a message."""
        return [answer for b_prompt in B_PROMPTS for channel in self.pair.channels
                for answer in self.told(place, b_prompt, channel, what).values()]

    def margin(self, place: int) -> float:
        """The narrowest of the item's answers: alone, told its own message, told what is none."""
        alone = [self.alone(place, condition, b_prompt) for condition in ALONE for b_prompt in B_PROMPTS]
        told = [answer for what in ["injected", "random", "self", "zero"] for answer in self.cases(place, what)]
        return min(answer.margin for answer in alone + told)

    def chosen(self, count: int, among: int) -> list[int]:
        """Of the `among` candidates with the widest margins the `count` whose answers differ most from those with the
        messages of the others that they have among themselves."""
        best = sorted(range(len(self.items)), key=lambda place: -self.margin(place))[:among]
        worth = {}
        for place, other in itertools.permutations(best, 2):
            own, told = self.cases(place, "injected"), self.cases(place, other)
            differing = sum(a.tokens != b.tokens for a, b in zip(own, told))
            worth[place, other] = (min(answer.margin for answer in told) >= MARGIN, differing)

        def rank(places: tuple[int, ...]) -> tuple[bool, bool, int]:
            items = [self.items[place] for place in places]
            found = [others(items, index) for index in range(len(places))]
            pairs = [worth[place, places[other]] for place, these in zip(places, found) for other in these]
            return (all(len(these) == 2 for these in found), all(wide for wide, _ in pairs),
                    sum(differing for _, differing in pairs))

        return list(max(itertools.combinations(sorted(best), count), key=rank))

    def answer(self, place: int, answer: Answer, omitted: int) -> dict:
        part, values = score(self.task, self.pair.preset, answer.text, self.items[place]["golds"])
        return {"tokens": answer.tokens, "text": answer.text, "omitted": omitted, "scored": part, "values": values}

    def line(self, names: dict, places: list[int], answers: list[Answer], omitted: list[int]) -> dict:
        """One condition's answers to all items, with the mean and the standard error of each metric."""
        made = [self.answer(*parts) for parts in zip(places, answers, omitted)]
        columns = list(zip(*(answer["values"] for answer in made)))
        return {"task": self.task, **names, "margin": float(f"{min(answer.margin for answer in answers):.3g}"),
                "means": [statistics.fmean(column) for column in columns],
                "standard_errors": [statistics.stdev(column) / math.sqrt(len(column)) for column in columns],
                "answers": made}

    def others(self, places: list[int]) -> list[list[int]]:
        items = [self.items[place] for place in places]
        return [[places[other] for other in others(items, index)] for index in range(len(places))]

    def lines(self, places: list[int]) -> list[dict]:
        lines = []
        partners = self.others(places)
        for condition, b_prompt in itertools.product(ALONE, B_PROMPTS):
            who, which = ALONE[condition]
            lines.append(self.line({"condition": condition, "b_prompts": [b_prompt]}, places,
                                   [self.alone(place, condition, b_prompt) for place in places],
                                   [self.prompt(place, who, which or b_prompt)[1] for place in places]))
        for condition, b_prompt in itertools.product(WRITTEN, B_PROMPTS):
            writers = places if condition == "written" else [these[0] for these in partners]
            answers = [self.written(place, writer, b_prompt) for place, writer in zip(places, writers)]
            lines.append(self.line({"condition": condition, "b_prompts": [b_prompt]}, places,
                                   [answer for answer, _ in answers], [omitted for _, omitted in answers]))
        for channel, b_prompt, condition, operation in itertools.product(
                self.pair.channels, B_PROMPTS, TOLD, OPERATIONS):
            number = {"other": 0, "other_2": 1}.get(condition)
            speakers = places if number is None else [these[number] for these in partners]
            whats = [condition] * len(places) if number is None else speakers
            reader = {"self": "b", "zero": None, "matched": None}.get(condition, "a")
            lines.append(self.line(
                {"condition": condition, "b_prompts": [b_prompt], "channel": channel.named(), "operation": operation},
                places,
                [self.told(place, b_prompt, channel, what, places)[operation] for place, what in zip(places, whats)],
                [self.prompt(place, "b", b_prompt)[1] + (self.prompt(speaker, reader, "full")[1] if reader else 0)
                 for place, speaker in zip(places, speakers)]))
        return merged(lines)

    def likelihoods(self, places: list[int]) -> list[dict]:
        """What B gives the right answers, and how far its first token is from what it says without a message and, on
        average, with the two other items': for each strength."""
        made = []
        for channel, b_prompt, (operation, strength), (place, these) in itertools.product(
                self.pair.channels[:2], ["full", "question"], STRENGTHS, zip(places, self.others(places))):
            ids, omitted = self.prompt(place, "b", b_prompt)
            if omitted:
                continue
            golds = [self.pair.b.tokenizer.encode(prompt_text(self.items[place], b_prompt) + " " + gold).ids[len(ids):]
                     for gold in self.items[place]["golds"]]
            def told(what: str | int) -> torch.Tensor:
                return self.pair.told(ids, channel, strength * self.vector(place, channel, what, places), operation)
            streams = {"silent": None, "injected": told("injected"), "other": told(these[0]),
                       "other_2": told(these[1]), "self": told("self"), "zero": told("zero")}
            found = {name: self.pair.b.likelihoods(ids, golds, channel.j, stream) for name, stream in streams.items()}
            first = {name: one[0] for name, one in found.items()}
            for name, (_, sums) in found.items():
                line = {"task": self.task, "item": self.items[place]["id"], "condition": name, "b_prompt": b_prompt,
                        "channel": channel.named(), "operation": operation, "strength": strength,
                        "golds": [{"whole": value, "tokens": len(gold)} for value, gold in zip(sums, golds)]}
                if name != "silent":
                    line["divergences"] = [divergence(first[name], first["silent"]), statistics.fmean(
                        divergence(first[name], first[other]) for other in ["other", "other_2"])]
                made.append(line)
        return made

    def task_figures(self, places: list[int]) -> dict:
        return {"task": self.task, "metrics": METRICS[self.task], "new_tokens": self.limits[0],
                "stop_strings": self.limits[1],
                "items": [self.items[place] | {"others": [self.items[other]["id"] for other in these]}
                          for place, these in zip(places, self.others(places))]}

    def prompts(self, places: list[int]) -> list[dict]:
        made = []
        for place, (who, which) in itertools.product(
                places, [("a", "full"), ("b", "full"), ("b", "question"), ("b", "none")]):
            ids, omitted = self.prompt(place, who, which)
            made.append({"task": self.task, "item": self.items[place]["id"], "model": who, "prompt": which,
                         "text": prompt_text(self.items[place], which), "ids": ids, "omitted": omitted})
        return made

    def messages(self, places: list[int]) -> list[dict]:
        """What A has to say, which does not depend on where B is told it, and the noise in its place."""
        read = {(channel.k, channel.projected): channel for channel in reversed(self.pair.channels)}
        made = []
        for ((k, projected), channel), place in itertools.product(read.items(), places):
            message = self.message(place, channel)
            made.append({"task": self.task, "item": self.items[place]["id"], "k": k, "projected": projected,
                         "message": floats(message), "noise": floats(noise(message, self.task, self.items[place]))})
        return made


def merged(lines: list[dict]) -> list[dict]:
    """Lines that differ in B's own prompt alone, once: a task without contexts asks the same in full."""
    kept: list[dict] = []
    for line in lines:
        same = next((one for one in kept if one | {"b_prompts": 0} == line | {"b_prompts": 0}), None)
        if same:
            same["b_prompts"] += line["b_prompts"]
        else:
            kept.append(line)
    return kept


def similarity(pair: Pair, layers: list[int], count: int) -> list[dict]:
    """B's continuation of a prompt without and with A's activation for it, read and written after as many blocks."""
    def figures_of(sentence: str) -> tuple[tuple[bool, int], list[dict]]:
        limits = (SIMILARITY_TOKENS, [])
        ids_a, ids_b = (model.prompt(sentence, limits[0])[0] for model in (pair.a, pair.b))
        plain = pair.b.answers(ids_b, limits)[0]
        lines, margin = [], plain.margin
        for layer, projected in itertools.product(layers, [True, False]):
            channel = Channel(layer, layer, projected)
            message = pair.message(ids_a, channel)
            streams = [pair.told(ids_b, channel, message, operation) for operation in OPERATIONS]
            for operation, told in zip(OPERATIONS, pair.b.answers(ids_b, limits, layer, streams)):
                margin = min(margin, told.margin)
                longer = max(len(plain.text), len(told.text))
                distance = metrics.edit_distance(plain.text, told.text)
                same = [a == b for a, b in zip(plain.tokens, told.tokens)] + [False]
                lines.append({"prompt": sentence, "layer": layer, "projected": projected, "operation": operation,
                              "plain": {"tokens": plain.tokens, "text": plain.text},
                              "injected": {"tokens": told.tokens, "text": told.text},
                              "common_prefix_tokens": same.index(False),
                              "edit_similarity": 1 - distance / longer if longer else 1.0})
        return (margin >= MARGIN, len({line["injected"]["text"] for line in lines})), lines

    made = sorted((figures_of(sentence) for sentence in SENTENCES), key=lambda one: one[0], reverse=True)
    return [line for _, lines in made[:count] for line in lines]


def extraction(pair: Pair, channel: Channel) -> dict:
    """The residual streams at each text's own last token, the texts cut on the right."""
    def streams(model: Model, blocks: int) -> list[list[float]]:
        ids = [model.tokenizer.encode(text).ids[:TEXT_TOKENS] for text in TEXTS]
        return [floats(model.residual(row, blocks)) for row in ids]
    return {"k": channel.k, "j": channel.j, "texts": TEXTS, "maximum_tokens": TEXT_TOKENS,
            "a": streams(pair.a, channel.k), "b": streams(pair.b, channel.j)}


def figures(pair: Pair, candidates: dict[str, list[dict]], count: int, among: int, layers: list[int]) -> dict:
    result: dict = {"seed": SEED, "preset": pair.preset, "tasks": [], "prompts": [], "messages": [], "answers": [],
                    "message_tokens": MESSAGE_TOKENS, "likelihoods": []}
    for task, items in candidates.items():
        evaluation = Evaluation(pair, task, items)
        places = evaluation.chosen(count, among)
        result["tasks"].append(evaluation.task_figures(places))
        result["prompts"] += evaluation.prompts(places)
        result["messages"] += evaluation.messages(places)
        result["answers"] += evaluation.lines(places)
        result["likelihoods"] += evaluation.likelihoods(places)
    result["channels"] = [channel.named() for channel in pair.channels]
    result["similarity"] = similarity(pair, layers, 2)
    result["extraction"] = [extraction(pair, channel) for channel in pair.channels if channel.k != channel.j][:1]
    return result


def compact(value: dict) -> dict:
    """Answers that are equal, once: the lines name them by their places in `distinct_answers`."""
    distinct: dict[str, int] = {}
    lines = [line | {"answers": [distinct.setdefault(json.dumps(answer), len(distinct)) for answer in line["answers"]]}
             for line in value["answers"]]
    return value | {"distinct_answers": [json.loads(answer) for answer in distinct], "answers": lines}


def write_lines(path: Path, value: dict) -> None:
    """JSON with a line for each element of each list; put in place as a whole."""
    def render(part: object) -> str:
        if isinstance(part, list) and any(isinstance(element, dict) for element in part):
            return "[\n" + ",\n".join(map(line, part)) + "\n]"
        return line(part)

    def line(part: object) -> str:
        return json.dumps(part, ensure_ascii=False, separators=(",", ":"))

    text = "{\n" + ",\n".join(f"{json.dumps(key)}: {render(part)}" for key, part in value.items()) + "\n}\n"
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def questions(assets: Path) -> list[dict]:
    return [{"id": question["id"], "context": paragraph["context"], "question": question["question"],
             "golds": sorted({answer["text"] for answer in question["answers"]})}
            for article in json.loads((assets / "questions.json").read_text())["data"]
            for paragraph in article["paragraphs"] for question in paragraph["qas"]]


def problems(assets: Path) -> list[dict]:
    lines = [json.loads(line) for line in (assets / "word-problems.jsonl").read_text().splitlines()]
    return [{"id": str(number), "context": None, "question": line["question"],
             "golds": [line["answer"].split("#### ")[-1]]} for number, line in enumerate(lines)]


def shipped_pair(assets: Path, fixtures: Path) -> None:
    pair = Pair(Model(assets / "model-a"), Model(assets / "model-b"),
                load_file(fixtures / "References/W.safetensors")["proj.weight"], "standard",
                [Channel(4, 4), Channel(4, 2), Channel(2, 3), Channel(4, 4, projected=False)])
    items = {"squad": questions(assets)[::16], "gsm8k": problems(assets)[::16]}
    write_lines(fixtures / "Evaluation/shipped-pair.json", {
        **header(model_a="model-a", model_b="model-b", projection="References/W.safetensors"),
        **compact(figures(pair, items, count=4, among=7, layers=[1, 3]))})


def stories_pair(assets: Path, fixtures: Path, folder: Path) -> None:
    pair = Pair(Model(folder / "stories260K"), Model(folder / "babyllama105"),
                load_file(folder / "W.safetensors")["proj.weight"], "reference",
                [Channel(3, 4), Channel(5, 0), Channel(3, 4, projected=False)])
    # B reads characters and has 256 positions: some of the long ones are cut.
    long = [item for item in questions(assets) if len(prompt_text(item, "full")) > 235]
    items = {"squad": long[::4], "gsm8k": problems(assets)[::16]}
    write_lines(fixtures / "Evaluation/stories-pair.json", {
        **header(model_a="stories260K", model_b="babyllama105", projection="W.safetensors"),
        **compact(figures(pair, items, count=3, among=9, layers=[2, 4]))})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    assets = arguments.repository / "Sources/Coordinator/DemoAssets/Assets"
    fixtures = arguments.repository / "Tests/Fixtures"
    shipped_pair(assets, fixtures)
    if arguments.folder:
        stories_pair(assets, fixtures, arguments.folder)


if __name__ == "__main__":
    main()
