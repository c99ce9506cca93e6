"""What Hugging Face transformers and tokenizers compute for a model folder, as JSON to compare with."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Callable

import numpy
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

END = "<|end_of_text|>"

TOKENIZER_CASES = [
    "", " ", "  ", "   a", "a ", "a  b   c", "\n", "\n\n", " \n ", "\t", "\r\n", "a\nb", "a \n b", "word.\nNext",
    "word.\r\n\r\nNext", "Clara", " Clara", "claraclara", "ooooooooo", "THE the The tHe", "can't won’t I'LL she'd",
    "'s 'S ' s", "1234567890", "3.14 and 1,234", " 7 12 2050", "$5%&*+/", "~~||[]<>", "`x`", "\\n", "####", "\n#### 14",
    "Answer: 14\n#### 14", "Question: How many?\nAnswer:", "<|begin_of_text|>", "<|end_of_text|>",
    "a<|begin_of_text|>b", "<|begin_of_text|> Once", "Once <|end_of_text|> upon", "<|end_of_text", "日本", "日 本", "🦊",
    "👩🏽\u200d🚀", "🇫🇷", "e\u0301", "\u00e9", "\ufeffa", "\u200b", "\u00a0", "\u200a", "\u3000", "\u2028", "\x00",
    "\x01\x7f", "ﬁ", "Ａ", "ß ẞ", "ñÑ", "\U0010ffff", "𝔘𝔫𝔦", "العربية", "한국어 조선말", "नमस्ते", "x\u0301", " \u0301",
    "\u212a", "\u037e", "\r\n\r\n", "\r", "½ ² Ⅷ ٣", "The café had a piñata… “Hola!” said Zoë — and then it cost 5 €.",
]


def versions() -> dict:
    return {"transformers": transformers.__version__, "torch": torch.__version__, "tokenizers": tokenizers.__version__,
            "numpy": numpy.__version__, "python": platform.python_version()}


def header(**names: str) -> dict:
    return {**names, "made_by": "scripts/make-references", "versions": versions(), "device": "cpu",
            "compute_dtype": "float32", "attn_implementation": "eager"}


def floats(tensor: torch.Tensor) -> list[float]:
    """Seven significant digits: within half a unit of float32's last place or so."""
    return [float(f"{value:.7g}") for value in tensor.tolist()]


def load(folder: Path) -> tuple[LlamaForCausalLM, Tokenizer]:
    """The stored weights, whatever their type, in float32 arithmetic."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


def argmax_with_margin(logits: torch.Tensor) -> tuple[int, float]:
    best = torch.topk(logits, 2).values
    return int(logits.argmax()), float(f"{(best[0] - best[1]).item():.4g}")


class Residuals:
    """Catches the residual stream after every block, before the final norm, at the last position read first.

    transformers' own last `hidden_states` has the final norm applied, so hooks are needed.
    """

    def __init__(self, model: LlamaForCausalLM) -> None:
        self.after_block: dict[int, torch.Tensor] = {}
        self.handles = [layer.register_forward_hook(self._hook(number))
                        for number, layer in enumerate(model.model.layers, start=1)]

    def _hook(self, number: int):
        def keep(_module, _inputs, output):
            self.after_block.setdefault(number, output[0, -1].clone())
        return keep

    def close(self) -> None:
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def continue_greedily(model: LlamaForCausalLM, ids: list[int], count: int,
                      end: int) -> tuple[list[int], list[float], torch.Tensor]:
    """Greedy tokens, `count` of them or up to and with the token `end`, the margin of each, and the logits at the
    prompt's last token."""
    output = model(input_ids=torch.tensor([ids]), use_cache=True)
    first = output.logits[0, -1]
    chosen, margins, logits = [], [], first
    for _ in range(count):
        token, margin = argmax_with_margin(logits)
        chosen.append(token)
        margins.append(margin)
        if token == end:
            break
        output = model(input_ids=torch.tensor([[token]]), past_key_values=output.past_key_values, use_cache=True)
        logits = output.logits[0, -1]
    return chosen, margins, first


@torch.no_grad()
def prompt_reference(model: LlamaForCausalLM, tokenizer: Tokenizer, prompt: str, count: int, full: bool) -> dict:
    encoding = tokenizer.encode(prompt)
    residuals = Residuals(model)
    chosen, margins, logits = continue_greedily(model, encoding.ids, count, tokenizer.token_to_id(END))
    residuals.close()
    reference = {
        "prompt": prompt, "ids": encoding.ids, "tokens": encoding.tokens, "decoded": tokenizer.decode(encoding.ids),
        "continuation_ids": chosen, "continuation_text": tokenizer.decode(chosen),
        "continuation_text_with_special": tokenizer.decode(chosen, skip_special_tokens=False),
        "full_text": tokenizer.decode(encoding.ids + chosen),
        "min_top2_margin": min(margins), "top2_margins": margins,
        "last_logits": {"argmax": int(logits.argmax()), "max": float(f"{logits.max().item():.7g}"),
                        "first16": floats(logits[:16])},
    }
    if full:
        last = residuals.after_block[len(model.model.layers)]
        reference |= {
            "residual_after_block": [floats(residuals.after_block[number])
                                     for number in range(1, len(model.model.layers) + 1)],
            "embedding_last": floats(model.model.embed_tokens.weight[encoding.ids[-1]]),
            "final_norm_last": floats(model.model.norm(last)),
            "logits_full": floats(logits),
        }
    return reference


def widest(made: list[dict], count: int, margin: Callable[[dict], float]) -> list[dict]:
    """The `count` of them with the widest margins, in their order.

    Wide margins, because two correct implementations differ in the last bits, and a near tie would turn on them.
    """
    best = sorted(range(len(made)), key=lambda index: -margin(made[index]))[:count]
    return [made[index] for index in sorted(best)]


def model_reference(folder: Path, groups: list[tuple[list[str], int]], *, full: int, count: int,
                    extra_cases: list[str] = []) -> dict:
    """Of each group (candidates, how many) the prompts with the widest margins. The first `full` prompts of all,
    taken from the groups in turn, carry every figure, the others the short ones."""
    model, tokenizer = load(folder)
    chosen = [widest([prompt_reference(model, tokenizer, prompt, count, True) for prompt in candidates], some,
                     lambda reference: reference["min_top2_margin"]) for candidates, some in groups]
    chosen = [group[place] for place in range(max(map(len, chosen))) for group in chosen if place < len(group)]
    for reference in chosen[full:]:
        for name in ("residual_after_block", "embedding_last", "final_norm_last", "logits_full"):
            del reference[name]
    cases = []
    for text in TOKENIZER_CASES + extra_cases:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids),
                      "decoded_with_special": tokenizer.decode(ids, skip_special_tokens=False)})
    return {
        **header(model=folder.name),
        "notes": [
            "ids hold <|begin_of_text|> in front, as the tokenizer.json post-processor puts it",
            f"continuation: {count} greedy tokens, fewer where {END} came (it is the last one then)",
            "texts: tokenizers decode with special tokens skipped, unless named with_special",
            "last_logits: at the prompt's last token, before the continuation; residual_after_block[n-1] is the "
            "residual stream after n blocks, before the final norm",
            "min_top2_margin: smallest gap between the two best logits along the continuation (top2_margins: each "
            "step)",
            "the stored weights, widened to float32",
        ],
        "prompts": chosen,
        "tokenizer_cases": cases,
    }


def write_json(path: Path, value: dict) -> None:
    """Indented, but a list of numbers or strings on one line; put in place as a whole."""
    def render(item, indent: int) -> str:
        inner, outer = " " * (indent + 1), " " * indent
        if isinstance(item, dict) and item:
            lines = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {render(part, indent + 1)}"
                     for key, part in item.items()]
            return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
        if isinstance(item, list) and any(isinstance(part, (dict, list)) for part in item):
            return "[\n" + ",\n".join(inner + render(part, indent + 1) for part in item) + f"\n{outer}]"
        return json.dumps(item, ensure_ascii=False)

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(render(value, 0) + "\n", encoding="utf-8")
    partial.replace(path)
