"""Figures of SmolLM2-135M-Instruct, by Hugging Face transformers from the GGUF file itself.

    real_model.py FILE.gguf FOLDER

FILE is what `scripts/real-model` fetches, FOLDER what it writes. The weights are read and widened by transformers and
gguf, rounded to bfloat16 as torch does it and widened again: nothing of `scripts/gguf` has a part in them. Of FOLDER
the tokenizer is taken.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from references import Residuals, TOKENIZER_CASES, continue_greedily, floats, header, widest, write_json

CANDIDATES = [
    "The capital of France is", "Question: What do bees make?\nAnswer:", "The opposite of hot is",
    "Water boils at 100 degrees", "Two plus two is", "1, 2, 3, 4,", "Once upon a time", "def add(a, b):\n    return",
    "<|im_start|>user\nWhich country is Oslo in?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n",
]
EXTRA = ["<|im_start|>user\nHi<|im_end|>\n", "a<|endoftext|>b", "In 2050, 1234 ×5.6", "3rd of May 1999", "x=10**9"]
PLACE = Path(__file__).resolve().parents[2] / "Tests/Fixtures/References/smollm2-135m-instruct.json"


@torch.no_grad()
def prompt_reference(model: LlamaForCausalLM, tokenizer: Tokenizer, prompt: str, count: int) -> dict:
    ids = tokenizer.encode(prompt).ids
    residuals = Residuals(model)
    chosen, margins, logits = continue_greedily(model, ids, count, end=-1)
    residuals.close()
    blocks = range(1, len(model.model.layers) + 1)
    return {
        "prompt": prompt, "ids": ids, "decoded": tokenizer.decode(ids), "continuation_ids": chosen,
        "continuation_text": tokenizer.decode(chosen), "min_top2_margin": min(margins),
        "last_logits": {"argmax": int(logits.argmax()), "first16": floats(logits[:16])},
        "residual_after_block": [floats(residuals.after_block[number]) for number in blocks],
        "final_norm_last": floats(model.model.norm(residuals.after_block[blocks[-1]])),
    }


def main(file: Path, folder: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32,
                                             attn_implementation="eager").eval()
    # Weights only: rotary frequencies stay as they are.
    for weight in model.parameters():
        weight.data = weight.data.to(torch.bfloat16).to(torch.float32)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    prompts = widest([prompt_reference(model, tokenizer, prompt, 16) for prompt in CANDIDATES], 6,
                     lambda reference: reference["min_top2_margin"])
    for reference in prompts[1:]:
        del reference["residual_after_block"], reference["final_norm_last"]
    cases = []
    for text in TOKENIZER_CASES + EXTRA:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids),
                      "decoded_with_special": tokenizer.decode(ids, skip_special_tokens=False)})
    write_json(PLACE, {
        **header(model="SmolLM2-135M-Instruct"),
        "notes": ["weights: read from the GGUF file by transformers, rounded to bfloat16, widened to float32",
                  "continuation: 16 greedy tokens, past an end-of-text token too"],
        "prompts": prompts, "tokenizer_cases": cases,
    })


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
