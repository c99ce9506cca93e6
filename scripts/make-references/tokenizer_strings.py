"""2,000 strings through every family's tokenizer, by the `tokenizers` library, as one hash for each string.

    python scripts/make-references/tokenizer_strings.py Tests/Fixtures       (after families.py)

The strings are put together from `fragments` by a rule that the test repeats: string i draws from SplitMix64
seeded with i. A hash is 32-bit FNV-1a, of the ids as little-endian 32-bit words, and of the text that the ids
decode to after the first few were dropped, so that characters are cut.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers

import family_tokenizers
from references import write_json

COUNT = 2000
MASK = (1 << 64) - 1
TEKKEN_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FOLDERS = ["Families/mistral", "Families/qwen2", "Families/gemma2", "Families/mistral-bytes", "Tokenizers/llama3"]

FRAGMENTS = [
    # English and code
    *family_tokenizers.CORPUS.replace("\n", " ").split(" "), "The capital of", "don't", "I'LL", "you’re", "'s", "''",
    "x += rows[i] * 2;", "if (a && b) {", "return -1;\n}", "\tself.value", "#include <stdio.h>", "a_b_c", "camelCaseWord",
    "__init__", "</div>", "&nbsp;", "https://a.b/c?d=%20", "\\n", "`", "~", "|", "…", "—", "“quoted”", "3.14159",
    "1,234,567", "0x1F", "$42.00", "½", "²", "٣", "Ⅷ", "①", "100%",
    # CJK, kana, hangul
    "日本語", "東京の空", "猫", "今天天气很好", "。", "、", "한국어", "조선말", "𠮷", "㍿", "ｶﾞ", "が", "각",
    # emoji with joiners, skin tones, flags
    "😀", "👨‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "🇩🇪🇫🇷", "☃️", "1️⃣", "❤️‍🔥", "\u200d", "\ufe0f",
    # combining marks and forms that normalize
    "e\u0301", "é", "a\u0300\u0301\u0302", "\u0301", "n\u0303", "ñ", "ﬁ", "ﬀ", "Å", "\u212b", "\u212a", "\u037e",
    "\u1e9b\u0323", "\uac01", "\u1100\u1161\u11a8", "q\u0307\u0323", "ｆｕｌｌ", "Z͑ͫ̓ͪ̂A̴̵̜", "हिन्दी", "தமிழ்", "ไทย",
    # right to left
    "שלום", "עולם", "العربية", "\u202eabc\u202c", "؟", "\u200f",
    # controls and odd spaces
    "\x00", "\x01\x02", "\x1b[31m", "\x7f", "\x80\x85\x9f", "\x0b\x0c", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2028",
    "\u2003", "\u00ad", "\ufffd", "\ue000", "\U0010ffff", "\r\n", "\r", "\t", "\n\n", "   ", " \n ", "\t\t",
    # long words
    "pneumonoultramicroscopicsilicovolcanoconiosis", "aaaaaaaa", "xyzzy", "=====", "!?!?", "-", ".",
    # special tokens inside text, whole and broken
    "<s>", "</s>", "<unk>", "<s", "s>", "<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>", "<|im_start|>",
    "<|im_end|>", "<|im_end", "<|endoftext|>", "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<table>",
    "</table>", "<h1>", "[@BOS@]", "[INST]", "[/INST]", "▁", "▁▁", "▁▁▁▁▁", "▁a", "Ġ", "Ċ", "<0x41>", "<0x0A>", "<0xZZ>",
]


class SplitMix:
    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self, below: int) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % below


def string(random: SplitMix) -> str:
    text = ""
    for _ in range(1 + random.next(10)):
        text += ["", "", " ", " ", "\n", "  "][random.next(6)]
        fragment = FRAGMENTS[random.next(len(FRAGMENTS))]
        text += fragment * (1 + random.next(60) if random.next(23) == 0 else 1)
    return text


def fnv(data: bytes) -> str:
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value:08x}"


def hashes(tokenizer: Tokenizer) -> dict:
    ids_hash, text_hash = "", ""
    for number in range(COUNT):
        random = SplitMix(number)
        ids = tokenizer.encode(string(random)).ids
        ids_hash += fnv(b"".join(id.to_bytes(4, "little") for id in ids))
        text_hash += fnv(tokenizer.decode(ids[random.next(5):], skip_special_tokens=False).encode())
    return {"ids": ids_hash, "texts": text_hash}


def tekken(size: int) -> dict:
    """Mistral's newer kind: bytes as letters, a pattern that tells upper from lower case, control tokens first."""
    special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    split = pre_tokenizers.Split(tokenizers.Regex(TEKKEN_PATTERN), "isolated")
    data = family_tokenizers.trained(
        models.BPE(ignore_merges=True), size, special,
        pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        None, pre_tokenizers.ByteLevel.alphabet())
    data["added_tokens"] = []
    family_tokenizers.added(data, special, special=True)
    data["decoder"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    family_tokenizers.begins_with(data, "<s>")
    return data


def main() -> None:
    assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
    root = Path(sys.argv[1])
    folder = root / "Families/mistral-bytes"
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tekken(340), ensure_ascii=False, indent=0) + "\n")
    write_json(root / "Families/strings.json", {
        "made_by": "scripts/make-references/tokenizer_strings.py", "tokenizers": tokenizers.__version__,
        "count": COUNT, "fragments": FRAGMENTS,
        "folders": {name: hashes(Tokenizer.from_file(str(root / name / "tokenizer.json"))) for name in FOLDERS},
    })


if __name__ == "__main__":
    main()
