"""What B gives right answers where messages are scaled, for Tests/Fixtures/Evaluation/sites.json.

    python sites.py ../..

Items, prompts and other items are those of Tests/Fixtures/Evaluation/shipped-pair.json; everything else is computed anew,
by forward hooks. Python, torch and transformers are those of scripts/make-demo/requirements.txt. Half a minute on one core.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from evaluation import Model, matched, noise
from injection import combine
from references import header

CONDITIONS = ["injected", "other", "other_2", "self", "random", "matched", "zero"]


@dataclass(frozen=True)
class Setting:
    k: int
    j: int
    operation: str
    projected: bool = True
    strength: float = 1.0
    match_norm: bool = False

    def named(self) -> dict:
        return {"channel": {"k": self.k, "j": self.j, "projected": self.projected}, "operation": self.operation,
                "strength": self.strength, "match_norm": self.match_norm}


SETTINGS = [Setting(4, 4, "replace", match_norm=True), Setting(4, 2, "sum", match_norm=True),
            Setting(2, 3, "mean", strength=-2.0, match_norm=True),
            Setting(4, 4, "sum", projected=False, strength=0.5, match_norm=True)]


@torch.no_grad()
def streams(model: Model, ids: list[int], blocks: int) -> torch.Tensor:
    """The residual stream after `blocks` blocks at all tokens, [tokens, width]."""
    kept = {}
    handle = model.site(blocks).register_forward_hook(lambda _m, _i, output: kept.update(out=output[0].clone()))
    model.model(input_ids=torch.tensor([ids]), use_cache=False)
    handle.remove()
    return kept["out"]


@torch.no_grad()
def likelihood(model: Model, ids: list[int], gold: list[int], blocks: int, put: dict[int, torch.Tensor]) -> float:
    """The log-probability of `gold` behind `ids`, with the streams `put` by token after `blocks` blocks."""
    def write(_module, _inputs, output):
        output = output.clone()
        for token, stream in put.items():
            output[0, token] = stream
        return output
    handle = model.site(blocks).register_forward_hook(write)
    logits = model.model(input_ids=torch.tensor([ids + gold]), use_cache=False).logits[0].double()
    handle.remove()
    rows = torch.log_softmax(logits[len(ids) - 1:-1], -1)
    return float(sum(rows[place, token] for place, token in enumerate(gold)))


class Sites:
    def __init__(self, a: Model, b: Model, w: torch.Tensor, figures: dict) -> None:
        self.a, self.b, self.w, self.figures = a, b, w, figures
        self.ids = {(one["task"], one["item"], one["model"], one["prompt"]): one["ids"] for one in figures["prompts"]}

    def message(self, setting: Setting, ids: list[int]) -> torch.Tensor:
        stream = streams(self.a, ids, setting.k)[-1]
        return self.w @ stream if setting.projected else stream

    def vector(self, setting: Setting, task: dict, item: dict, condition: str) -> torch.Tensor:
        def of_a(name: str) -> torch.Tensor:
            return self.message(setting, self.ids[task["task"], name, "a", "full"])
        match condition:
            case "injected": return of_a(item["id"])
            case "other" | "other_2": return of_a(item["others"][condition == "other_2"])
            case "random": return noise(of_a(item["id"]), task["task"], item)
            case "matched":
                return matched([of_a(one["id"]) for one in task["items"]], task["task"], item)
            case "self": return streams(self.b, self.ids[task["task"], item["id"], "b", "full"], setting.j)[-1]
            case "zero": return torch.zeros(self.b.width)
        raise ValueError(condition)

    def line(self, setting: Setting, task: dict, item: dict, b_prompt: str, condition: str) -> dict:
        ids = self.ids[task["task"], item["id"], "b", b_prompt]
        own = streams(self.b, ids, setting.j)
        vector = self.vector(setting, task, item, condition)
        width = min(len(vector), self.b.width)
        if setting.match_norm:
            # torch's median is the lower one of two in the middle.
            wanted = own[:, -width:].double().norm(dim=-1).median()
            norm = vector[-width:].double().norm()
            vector = (vector.double() * (wanted / norm if norm > 0 else 1.0)).float()
        vector = setting.strength * vector
        put = {len(ids) - 1: own[-1].clone()}
        for token in put:
            put[token][-width:] = combine(setting.operation, put[token][-width:], vector[-width:])
        text = next(one["text"] for one in self.figures["prompts"] if one["ids"] == ids and one["model"] == "b")
        golds = [self.b.tokenizer.encode(text + " " + gold).ids[len(ids):] for gold in item["golds"]]
        return {"task": task["task"], "item": item["id"], "condition": condition, "b_prompt": b_prompt,
                **setting.named(), "norm": float(vector.double().norm()),
                "golds": [likelihood(self.b, ids, gold, setting.j, put) for gold in golds]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    root = parser.parse_args().repository
    assets = root / "Sources/Coordinator/DemoAssets/Assets"
    figures = json.loads((root / "Tests/Fixtures/Evaluation/shipped-pair.json").read_text())
    w = load_file(root / "Tests/Fixtures/References/W.safetensors")["proj.weight"]
    sites = Sites(Model(assets / "model-a"), Model(assets / "model-b"), w, figures)
    omitted = {(one["task"], one["item"]) for one in figures["prompts"] if one["omitted"]}
    made = [sites.line(setting, task, item, b_prompt, condition)
            for setting, task, b_prompt in itertools.product(SETTINGS, figures["tasks"], ["full", "question"])
            for item in task["items"] if (task["task"], item["id"]) not in omitted for condition in CONDITIONS]
    out = root / "Tests/Fixtures/Evaluation/sites.json"
    lines = ",\n".join("  " + json.dumps(line) for line in made)
    head = json.dumps(header(model_a="model-a", model_b="model-b"))
    out.write_text(f'{head[:-1]}, "likelihoods": [\n{lines}\n]}}\n')
    print(f"{out}: {len(made)} lines")


if __name__ == "__main__":
    main()
