"""Small tokenizers in the shapes of the families' own: what a tokenizer.json holds, trained on a page of text."""

from __future__ import annotations

import json

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CORPUS = """
Every morning the baker opens the shop at six, and every evening she closes it at seven.
The river is wide where it meets the sea, and the bridge over it is the longest in the country.
Tell me which of these two maps is the older one, and how you can tell.
They're sure that we'll find it, but I've looked everywhere and it isn't here; you'd better ask her.
In 1997 the town had 8,431 people; in 2024 there were 12,076 of them, which is 43 % more.
def area(width, height):
    return width * height  # in square metres
if (count > limit) { throw new Error("too many: " + count); }
Der Bäcker öffnet früh; die Straße ist noch leer.
Le fleuve est très large où il rejoint la mer.
Мост через реку самый длинный в стране.
橋は国で一番長い。川は海に出るところで広い。
Which is the capital of this country? The capital of this country is the town by the sea.
""".strip()


def trained(model, size: int, special: list[str], pre=None, normalizer=None, alphabet=(),
            characters: int | None = None) -> dict:
    tokenizer = Tokenizer(model)
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=sorted(alphabet),
                                  show_progress=False,
                                  **({"limit_alphabet": characters} if characters else {}))
    tokenizer.train_from_iterator(CORPUS.splitlines() * 4, trainer)
    return json.loads(tokenizer.to_str())


def added(data: dict, contents: list[str], special: bool) -> None:
    """Appends added tokens to the file; those that the vocabulary has keep their ids."""
    vocab = data["model"]["vocab"]
    taken = {token["content"] for token in data["added_tokens"]}
    highest = max([*vocab.values(), *(token["id"] for token in data["added_tokens"])])
    for content in contents:
        if content in taken:
            continue
        if content not in vocab:
            highest += 1
        data["added_tokens"].append({
            "id": vocab.get(content, highest), "content": content, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": special})
    data["added_tokens"].sort(key=lambda token: token["id"])


def begins_with(data: dict, token: str) -> None:
    id = next(t["id"] for t in data["added_tokens"] if t["content"] == token)
    data["post_processor"] = json.loads(Tokenizer.from_str(json.dumps(data)).to_str())["post_processor"]
    made = processors.TemplateProcessing(single=f"{token}:0 $A:0", pair=f"{token}:0 $A:0 {token}:1 $B:1",
                                         special_tokens=[(token, id)])
    data["post_processor"] = json.loads(made.__getstate__())


def qwen(size: int) -> dict:
    """NFC, the family's splitting pattern, bytes as letters; no token in front."""
    split = pre_tokenizers.Split(tokenizers.Regex(QWEN_PATTERN), "isolated")
    data = trained(
        models.BPE(), size - 3, [],
        pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        normalizers.NFC(), pre_tokenizers.ByteLevel.alphabet())
    data["model"].update(continuing_subword_prefix="", end_of_word_suffix="")
    data["post_processor"] = data["decoder"] = {
        "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    added(data, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], special=True)
    return data


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_fallback(size: int, special: list[str]) -> dict:
    data = trained(
        models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True), size, special + BYTES,
        pre_tokenizers.Metaspace(), characters=45)
    data["pre_tokenizer"] = None
    data["added_tokens"] = []
    added(data, special, special=True)
    return data


def sentence_decoder(strip: bool) -> dict:
    parts = [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
             {"type": "Fuse"}]
    if strip:
        parts.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {"type": "Sequence", "decoders": parts}


def mistral(size: int) -> dict:
    """A space in front, spaces as ▁, characters without an entry as bytes."""
    data = byte_fallback(size, ["<unk>", "<s>", "</s>"])
    data["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    data["decoder"] = sentence_decoder(strip=True)
    begins_with(data, "<s>")
    return data


def gemma(size: int) -> dict:
    """As mistral, but without a space in front, with runs of newlines and spaces, and tags as added tokens."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    runs = ["\n" * count for count in range(2, 8)] + ["▁" * count for count in range(2, 9)]
    tags = ["<table>", "</table>", "<h1>", "[@BOS@]"]
    data = byte_fallback(size - len(runs) - len(tags), special)
    data["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    data["pre_tokenizer"] = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
                             "invert": False}
    vocab, merges = data["model"]["vocab"], data["model"]["merges"]
    for run in runs + tags:
        vocab.setdefault(run, len(vocab))
    for count in range(2, 9):
        merges.append(["▁" * (count - count // 2), "▁" * (count // 2)])
    added(data, runs + tags, special=False)
    data["decoder"] = sentence_decoder(strip=False)
    begins_with(data, "<bos>")
    return data
