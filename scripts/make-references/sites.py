"""What B gives right answers where messages are scaled, or read and written elsewhere than at the last token or at
several blocks, for Tests/Fixtures/Evaluation/sites.json.

    python sites.py ../..

Items, prompts and other items are those of Tests/Fixtures/Evaluation/shipped-pair.json; everything else is computed
anew, by forward hooks. Python, torch and transformers are those of scripts/make-demo/requirements.txt. Three minutes on
one core.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from evaluation import Model, matched, noise
from injection import combine
from references import header

BOS, EOT = "<|begin_of_text|>", "<|eot_id|>"
HEADS = "<|start_header_id|>{}<|end_header_id|>\n\n"
TEMPLATES = {
    BOS + HEADS.format("user") + "{{ messages[0].content | trim }}" + EOT + HEADS.format("assistant"):
        EOT + HEADS.format("assistant"),
    "<|im_start|>user\n{{ messages[0].content }}<|im_end|>\n<|im_start|>assistant\n":
        "<|im_end|>\n<|im_start|>assistant\n",
    BOS + "[INST] {{ messages[0].content }} [/INST]": " [/INST]",
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:": "\nassistant:",
}
"""Chat templates, and what stands behind a message in each; Jinja drops a newline at a template's end."""
MESSAGES = ["Who is it?", "  white space around it \n", "assistant", "Ünïcödé: 日本語 🙂", "1 [/INST] 2", "a",
            "It ends with a newline\n"]
CONDITIONS = ["injected", "other", "other_2", "self", "random", "matched", "zero"]


@dataclass(frozen=True)
class Setting:
    k: int
    j: int
    operation: str
    projected: bool = True
    strength: float = 1.0
    match_norm: bool = False
    read: int | None = -1
    """The token of A's prompt, from the end; None for all."""
    write: int | None = -1
    further: tuple[tuple[int, int], ...] = ()
    """Other blocks of A and of B: the message is written at all of them."""

    def links(self) -> list[tuple[int, int]]:
        return [(self.k, self.j), *self.further]

    def position(self) -> str:
        names = ["all" if token is None else str(token) for token in (self.read, self.write)]
        return names[0] if names[0] == names[1] else ":".join(names)

    def named(self) -> dict:
        further = {"further": [list(link) for link in self.further]} if self.further else {}
        channel = {"k": self.k, "j": self.j, "projected": self.projected, **further}
        return {"channel": channel, "operation": self.operation, "strength": self.strength,
                "match_norm": self.match_norm, "position": self.position()}

    def places(self, token: int | None, ids: list[int]) -> list[int]:
        return list(range(len(ids))) if token is None else [len(ids) + token]


SETTINGS = [Setting(4, 4, "replace", match_norm=True), Setting(4, 2, "sum", match_norm=True),
            Setting(2, 3, "mean", strength=-2.0, match_norm=True),
            Setting(4, 4, "sum", projected=False, strength=0.5, match_norm=True),
            Setting(4, 4, "replace", read=-3, write=-3), Setting(4, 2, "replace", read=-2),
            Setting(2, 3, "sum", strength=2.0, match_norm=True, write=-4),
            Setting(4, 2, "sum", read=None, write=None),
            Setting(2, 3, "sum", strength=0.5, match_norm=True, read=None, write=None),
            Setting(4, 4, "sum", projected=False, strength=-1.0, read=None, write=None),
            Setting(4, 2, "replace", further=((2, 4),)),
            Setting(2, 1, "sum", strength=0.5, match_norm=True, further=((2, 2), (4, 3))),
            Setting(4, 2, "mean", projected=False, read=-2, write=-3, further=((1, 4),)),
            Setting(2, 1, "sum", match_norm=True, read=None, write=None, further=((4, 3),))]


@torch.no_grad()
def streams(model: Model, ids: list[int], blocks: int) -> torch.Tensor:
    """The residual stream after `blocks` blocks at all tokens, [tokens, width]."""
    kept = {}
    handle = model.site(blocks).register_forward_hook(lambda _m, _i, output: kept.update(out=output[0].clone()))
    model.model(input_ids=torch.tensor([ids]), use_cache=False)
    handle.remove()
    return kept["out"]


@torch.no_grad()
def likelihood(model: Model, ids: list[int], gold: list[int], written: list[tuple]) -> float:
    """The log-probability of `gold` behind `ids`. What is written: after how many blocks, and of each token what its
    stream becomes."""
    def writing(become: dict):
        def write(_module, _inputs, output):
            output = output.clone()
            for token, stream in become.items():
                output[0, token] = stream(output[0, token].clone())
            return output
        return write
    handles = [model.site(blocks).register_forward_hook(writing(become)) for blocks, become in written]
    logits = model.model(input_ids=torch.tensor([ids + gold]), use_cache=False).logits[0].double()
    for handle in handles:
        handle.remove()
    rows = torch.log_softmax(logits[len(ids) - 1:-1], -1)
    return float(sum(rows[place, token] for place, token in enumerate(gold)))


class Sites:
    def __init__(self, a: Model, b: Model, w: torch.Tensor, figures: dict) -> None:
        self.a, self.b, self.w, self.figures = a, b, w, figures
        self.ids = {(one["task"], one["item"], one["model"], one["prompt"]): one["ids"] for one in figures["prompts"]}

    def message(self, setting: Setting, link: int, ids: list[int]) -> torch.Tensor:
        """Of the tokens that are read, [tokens, width]. Each link has a W of its own: the first's with its outputs
        moved on by as many places."""
        read = streams(self.a, ids, setting.links()[link][0])[setting.places(setting.read, ids)]
        return read @ self.w.roll(link, 0).T if setting.projected else read

    def vectors(self, setting: Setting, link: int, task: dict, item: dict, condition: str,
                count: int) -> torch.Tensor:
        """What `count` tokens of B are told by a link, the last ones where there are fewer."""
        def of_a(name: str) -> torch.Tensor:
            return self.message(setting, link, self.ids[task["task"], name, "a", "full"])

        def place(distance: int) -> dict:
            return {"id": item["id"] + (f"/{distance}" if distance else "") + (f"+{link}" if link else "")}
        match condition:
            case "injected": return of_a(item["id"])
            case "other" | "other_2": return of_a(item["others"][condition == "other_2"])
            case "random":
                said = of_a(item["id"])[-count:]
                return torch.stack([noise(vector, task["task"], place(len(said) - 1 - number))
                                    for number, vector in enumerate(said)])
            case "matched":
                said = [vector for one in task["items"] for vector in of_a(one["id"])]
                return torch.stack([matched(said, task["task"], place(distance))
                                    for distance in reversed(range(count))])
            case "self":
                ids = self.ids[task["task"], item["id"], "b", "full"]
                return streams(self.b, ids, setting.links()[link][1])[setting.places(setting.write, ids)]
            case "zero": return torch.zeros(count, self.b.width)
        raise ValueError(condition)

    def line(self, setting: Setting, task: dict, item: dict, b_prompt: str, condition: str) -> dict:
        ids = self.ids[task["task"], item["id"], "b", b_prompt]
        told, written = [], []
        for link, (_, j) in enumerate(setting.links()):
            own = streams(self.b, ids, j)
            places = setting.places(setting.write, ids)
            vectors = self.vectors(setting, link, task, item, condition, len(places))
            count = min(len(places), len(vectors))
            places, vectors = places[-count:], vectors[-count:]
            width = min(vectors.shape[1], self.b.width)
            if setting.match_norm:
                # torch's median is the lower one of two in the middle.
                wanted = own[:, -width:].double().norm(dim=-1).median()
                norms = vectors[:, -width:].double().norm(dim=-1, keepdim=True)
                vectors = (vectors.double() * torch.where(norms > 0, wanted / norms, 1.0)).float()
            vectors = setting.strength * vectors
            told.append(vectors.double().flatten())

            become = {}
            for token, vector in zip(places, vectors):
                def stream(found: torch.Tensor, vector: torch.Tensor = vector, width: int = width) -> torch.Tensor:
                    found[-width:] = combine(setting.operation, found[-width:], vector[-width:])
                    return found
                # The first link meets the stream that nothing was written into; what the others meet, it has changed.
                become[token] = stream if link else lambda _, put=stream(own[token].clone()): put
            written.append((j, become))
        text = next(one["text"] for one in self.figures["prompts"] if one["ids"] == ids and one["model"] == "b")
        golds = [self.b.tokenizer.encode(text + " " + gold).ids[len(ids):] for gold in item["golds"]]
        return {"task": task["task"], "item": item["id"], "condition": condition, "b_prompt": b_prompt,
                **setting.named(), "norm": float(torch.cat(told).norm()),
                "golds": [likelihood(self.b, ids, gold, written) for gold in golds]}


def contents(folder: Path) -> list[dict]:
    """Messages in chat templates, with the place of each one's last token: by the tokenizer's offsets the last that
    holds a character of the message. Those are left out where it holds one of what follows as well."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    made = []
    for (template, closing), text in itertools.product(TEMPLATES.items(), MESSAGES):
        whole = tokenizer.apply_chat_template([{"role": "user", "content": text}], chat_template=template,
                                              tokenize=False)
        assert whole.endswith(closing.removesuffix("\n"))
        end = len(whole) - len(closing.removesuffix("\n"))
        found = tokenizer.backend_tokenizer.encode(whole, add_special_tokens=False)
        place = max(number for number, (begin, _) in enumerate(found.offsets) if begin < end)
        if found.offsets[place][1] > end:
            continue
        made.append({"template": template, "text": text, "ids": found.ids, "place": place})
    return made


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
    chats = ",\n".join("  " + json.dumps(line) for line in contents(assets / "model-b"))
    out.write_text(f'{head[:-1]}, "likelihoods": [\n{lines}\n], "contents": [\n{chats}\n]}}\n')
    print(f"{out}: {len(made)} lines")


if __name__ == "__main__":
    main()
