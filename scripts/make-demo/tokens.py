"""The tokenizer that both models share: byte-level BPE in the shape of Llama 3's tokenizer.json."""

from __future__ import annotations

import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import tasks
import world

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
DEMO_PATTERN = LLAMA3_PATTERN.replace(r"|\p{N}{1,3}|", r"| ?\p{N}{1,3}|")
"""As in Llama 3, but a number keeps the space before it, so that every number is one token like every word."""


def train_tokenizer(texts: list[str], vocabulary: int, pattern: str, special: list[str]) -> Tokenizer:
    """BPE of `vocabulary` entries, the special tokens being the last of them, as in Llama 3."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(special), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(special)
    bos = tokenizer.token_to_id(BOS)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{BOS} $A", pair=f"{BOS} $A {BOS}:1 $B:1", special_tokens=[(BOS, bos)]),
    ])
    if tokenizer.get_vocab_size() != vocabulary:
        raise SystemExit(f"the tokenizer has {tokenizer.get_vocab_size()} entries instead of {vocabulary}")
    return tokenizer


def demo_tokenizer(seed: int, vocabulary: int) -> Tokenizer:
    rng = random.Random(f"tokenizer {seed}")
    texts = [world.plain_text(rng) for _ in range(12_000)]
    for _ in range(4_000):
        texts.append(tasks.question_prompt(*tasks.one_question(rng)[:2]))
        texts.append(tasks.problem_prompt(world.word_problem(rng).question) + " 7\n#### 7")
    texts += [f"Answer: {word}" for word in world.all_words()] * 20
    tokenizer = train_tokenizer(texts, vocabulary, DEMO_PATTERN, [BOS, EOS])
    split = [word for word in world.all_words() if len(tokenizer.encode(" " + word, add_special_tokens=False)) != 1]
    if split:
        raise SystemExit(f"not one token each: {split}; raise the vocabulary")
    return tokenizer


def tokenizer_config(positions: int) -> dict:
    return {
        "bos_token": BOS,
        "clean_up_tokenization_spaces": False,
        "eos_token": EOS,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": positions,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    tokenizer.save(str(folder / "tokenizer.json"), pretty=True)
