"""Makes Tests/Fixtures/Tokenizers with the `tokenizers` library (pip install tokenizers==0.23.3).

Small tokenizers of every shape that the Swift package reads, trained on the text below, and what the library
makes of a few hundred awkward strings: ids, and texts decoded from ids. Everything is seeded; running it again
writes the same bytes.

    python scripts/make-references/tokenizer_cases.py Tests/Fixtures/Tokenizers
"""

import copy
import json
import random
import sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CORPUS = """
The lighthouse keeper counted the ships every evening, and every morning he counted them again.
Two rivers meet below the old mill; the water there is cold, quick and full of trout.
Nobody remembers who planted the walnut tree, but everybody has eaten its nuts.
When the train was late, the children drew maps of islands that didn't exist, and named them all.
She said that she'd come back on Tuesday, or perhaps on Wednesday if it's raining; we'll see.
What is the shortest way from the station to the harbour? You can't miss it, they're side by side.
In 1984 there were 12,345 people in the town; today there are fewer than 6,700 of them.
The price rose by 3.5 % to $42.00, which isn't much compared with the year before.
A good carpenter measures twice and cuts once; a good programmer tests twice and commits once.
for index in range(len(rows)):
    if rows[index] != previous:
        total += rows[index] * 2
    return {"total": total, "rows": rows}
func encode(_ text: String) -> [Int32] { return pieces.map { $0.id } }
int main(void) { printf("hello, world\\n"); return 0; }
Die Brücke über den Fluß wurde im Frühjahr gebaut; größere Schiffe müssen warten.
L'été dernier, nous avons mangé des crêpes près de la forêt où l'on entend les oiseaux.
El niño pequeño soñaba con montañas y con un río que nunca dormía.
Река течёт медленно, а над водой летают белые птицы.
東京の空は今日も青い。猫が窓のそばで眠っている。
今天天气很好，我们去公园散步，看看湖水和老树。
오늘은 날씨가 좋아서 공원에 갔습니다.
השמש זורחת מעל ההרים והים שקט מאוד היום.
الكتاب على الطاولة والقلم بجانب النافذة.
""".strip()

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\t", " \n ", "\t\t x", "\u00a0", "\u3000", "\u200b", "\ufeff",
    "a", " a", "a ", "  a", "a  ", "a  b", "a   b", "a\nb", "a\n\nb", "a \n b", "a\r\nb", "a \r\n b", "a\n ", "\n a", "a\t b",
    "The lighthouse", " The lighthouse keeper counted the ships.", "the lighthouse the lighthouse",
    "THE LIGHTHOUSE KEEPER", "tHE lIGHTHOUSE", "TheLighthouseKeeper", "walnut", "walnuts", " walnut tree",
    "It's she'd we'll they're I've I'm can't", "IT'S SHE'D WE'LL", "it’s she’d", "'s", "'S", "x's 's", "''s", "don''t",
    "1", "12", "123", "1234", "12345", "1234567890", "3.14159", "12,345", "$42.00", "3.5 %", "1e-9", "0x1F", "½ ² ٣ Ⅷ ①",
    "Hello, world!", "Hello,world!", "Hello , world !", "¡Hola! ¿Qué tal?", "...", "... ...", "!?!?", "a.b.c", "--", "a--b", "—", "“quoted”",
    "for index in range(10):\n    total += index\n", "if (a != b) {\n\treturn &x[0];\n}\n", "  indented\n    more\n\n\nend", "x = {\"a\": [1, 2, {}]}",
    "printf(\"%d\\n\", x);", "https://example.org/a?b=c&d=%20#e", "<html><body class='x'>&nbsp;</body></html>", "a_b_c __init__ camelCase snake_case",
    "SELECT * FROM t WHERE a='b';", "\\frac{a}{b}", "$x^2 + y^2 = z^2$", "#include <stdio.h>", "// comment", "/* c */", "a\\b", "`code`", "~/.config",
    "東京の空は青い。", "猫", "今天天气很好，我们去公园。", "오늘은 날씨가 좋아서", "日本語とEnglishの混在", "漢字かな交じり文 123 です", "𠮷野家", "㍿ ﬁ ① Å Å",
    "Река течёт", "Größe Fluß ẞ", "L'été où l'on", "niño soñaba", "Ελληνικά και ΣΊΣΥΦΟΣ", "İstanbul ıI", "ǅ Ǆ ǆ",
    "שלום עולם", "השמש זורחת", "الكتاب على الطاولة", "abc שלום def", "\u202eabc\u202c", "हिन्दी में लिखा", "ไทยไม่มีช่องว่าง", "தமிழ்", "မြန်မာ",
    "é", "e\u0301", "é e\u0301", "a\u0300\u0301\u0302\u0303", "\u0301", "ñ n\u0303", "ﬀ", "①②③", "ｆｕｌｌｗｉｄｔｈ", "ｶﾞ が が", "각 각", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "😀", "😀😀", "👨‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "🇩🇪🇫🇷", "☃", "☃️", "a😀b", "❤️‍🔥 ok", "1️⃣", "\u200d", "x\u200dy", "🫠🪿", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "\U0010ffff", "\ue000", "\ufffd",
    "\x00", "\x01\x02\x03", "a\x00b", "\x1b[31mred\x1b[0m", "\x7f", "\x80\x85\x9f", "a\x85b", "\u2028\u2029", "\x0b\x0c", "a\u00adb", "\u2003em\u2003space",
    "▁", "▁▁", "▁a", "a▁", "a▁b", " ▁ ", "▁▁ a ▁▁", "a ▁b", "Ġ", "ĠĠ", "Ġthe", "Ċ", "<0x41>", "<0x0A>", "<0xZZ>", "<unk>", "<s>", "</s>", "<s>a</s>", " <s> a </s> ", "a<s>b", "<s><s>", "<s", "s>", "<<s>>", "<S>",
    "<|begin_of_text|>", "<|begin_of_text|>Hello<|eot_id|>", "a <|eot_id|> b", "<|eot_id|><|eot_id|>", "<|eot_id", "<|eot_id|", "|eot_id|>", "<|start_header_id|>user<|end_header_id|>\n\nHi there<|eot_id|>", "<|reserved_0|><|reserved_1|>",
    "[SINGLE]", "x[SINGLE]y", "x [SINGLE] y", "[SINGLE]y", "x[SINGLE]", "é[SINGLE]", "_[SINGLE]", "[SINGLE]-", "[SINGLE][SINGLE]", "\u0301[SINGLE]", "x\u200d[SINGLE]",
    "[LEFT]", "x [LEFT] y", "x  \n [LEFT]  y", "[LEFT] [LEFT]", " [LEFT]", "x\u3000[LEFT]", "[RIGHT]", "x [RIGHT] y", "x [RIGHT]  \n y", "[RIGHT] [RIGHT] ", "[RIGHT]\u00a0y", "[BOTH]", "x  [BOTH]  y", "[BOTH] [BOTH]", "[RIGHT]  [LEFT]", "[LEFT]  [RIGHT]", " [BOTH] [LEFT] [RIGHT] ",
    "[Normal]", "[normal]", "[NORMAL]", "x [Normal] y", "x[nOrMaL]y", "[Ｎormal]", " [ Normal]", "plain", "PLAIN plain Plain", "explaining plainly", "plain.", "Word", "word WORD Wordy", "two words", "TWO  words two words", "[LONG]", "[LONG][LONGER]", "[LONGER", "[LONGER]", "[LONGEST]", "[SPECIAL]", "x [SPECIAL] y", "[special]",
    "a" * 64, "ab" * 50, "the" * 60, "x" * 130 + " y", " " * 40, "\n" * 40, "a " * 40, ("walnut tree " * 12).strip(), "!" * 80, "é" * 50, "猫" * 45, "😀" * 20, "0123456789" * 12, "\t" * 17 + "x", "=" * 79 + "\n", " \n" * 20, "lighthouse" * 15,
    CORPUS.splitlines()[0], CORPUS.splitlines()[6], CORPUS.splitlines()[14], "\n".join(CORPUS.splitlines()[9:13]), CORPUS.splitlines()[16], CORPUS.splitlines()[19], CORPUS.splitlines()[22],
]


def random_texts(count, seed):
    """Strings put together from everything that has made a tokenizer stumble."""
    source = random.Random(seed)
    parts = [text for text in TEXTS if 0 < len(text) < 12] + CORPUS.replace("\n", " ").split(" ")
    return ["".join(source.choice(["", " ", "", " ", "\n"]) + source.choice(parts) for _ in range(source.randint(2, 7))) for _ in range(count)]


def train(model, pre_tokenizer, size, specials, normalizer=None, alphabet=(), lines=None):
    tokenizer = Tokenizer(model)
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, initial_alphabet=sorted(alphabet), show_progress=False)
    tokenizer.train_from_iterator(lines or CORPUS.splitlines() * 3, trainer)
    return json.loads(tokenizer.to_str())


def added(content, id, special=True, **flags):
    return {"id": id, "content": content, **{k: flags.get(k, False) for k in ("single_word", "lstrip", "rstrip", "normalized")}, "special": special}


def template(prefix, suffix=()):
    text = {"Sequence": {"id": "A", "type_id": 0}}
    special = lambda token: {"SpecialToken": {"id": token[0], "type_id": 0}}
    single = [special(t) for t in prefix] + [text] + [special(t) for t in suffix]
    return {
        "type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {t[0]: {"id": t[0], "ids": [t[1]], "tokens": [t[0]]} for t in list(prefix) + list(suffix)},
    }


def llama3():
    split = pre_tokenizers.Split(tokenizers.Regex(LLAMA3), "isolated")
    data = train(models.BPE(ignore_merges=True), pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)]), 620, [], alphabet=pre_tokenizers.ByteLevel.alphabet())
    vocab = data["model"]["vocab"]
    # Words that no merge leads to: only ignore_merges finds them.
    for word in ["Ġreservoir", "Ġlighthouses", "Hello", "ĠWORLD", "walnut", "çĮ«"]:
        vocab.setdefault(word, len(vocab))
    specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|reserved_0|>"]
    data["added_tokens"] = [added(s, len(vocab) + i) for i, s in enumerate(specials)]
    data["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        template([("<|begin_of_text|>", len(vocab))]),
    ]}
    data["decoder"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return data


def gpt2():
    data = train(models.BPE(), pre_tokenizers.ByteLevel(True, use_regex=True), 420, [], alphabet=pre_tokenizers.ByteLevel.alphabet())
    data["model"].update(continuing_subword_prefix="", end_of_word_suffix="")
    data["model"]["merges"] = ["#version: 0.2"] + [" ".join(pair) for pair in data["model"]["merges"]]
    data["added_tokens"] = [added("<|endoftext|>", len(data["model"]["vocab"]), normalized=True)]
    data["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}
    data["decoder"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}
    return data


def qwen():
    split = pre_tokenizers.Split(tokenizers.Regex(QWEN), "isolated")
    data = train(models.BPE(), pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)]), 400, [], normalizer=normalizers.NFC(), alphabet=pre_tokenizers.ByteLevel.alphabet())
    size = len(data["model"]["vocab"])
    data["added_tokens"] = [added("<|eot_id|>", size), added("[LONG]", size + 1, special=False), added("[LONGER]", size + 2, special=False)]
    data["decoder"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return data


BYTES = [f"<0x{b:02X}>" for b in range(256)]


def sentencepiece(size, specials, byte_pieces=(), **model):
    """Llama 2's kind: trained on words, used without a pre-tokenizer."""
    data = train(models.BPE(unk_token="<unk>", **model), pre_tokenizers.Metaspace(), size, specials + list(byte_pieces))
    data["pre_tokenizer"] = None
    data["added_tokens"] = [added(s, i) for i, s in enumerate(specials)]
    return data


SPM_DECODER = {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0},
]}
SPM_NORMALIZER = {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
]}


def llama2():
    data = sentencepiece(620, ["<unk>", "<s>", "</s>"], BYTES, byte_fallback=True, fuse_unk=True)
    vocab, merges = data["model"]["vocab"], data["model"]["merges"]
    # Runs of spaces, as Llama 2 has them; and characters taken away, so that bytes stand in.
    for n in (2, 4, 8):
        vocab["▁" * n] = len(vocab)
        merges.append(["▁" * (n // 2)] * 2)
    data["normalizer"] = SPM_NORMALIZER
    data["post_processor"] = template([("<s>", 1)])
    data["decoder"] = SPM_DECODER
    return data


def crossing():
    """As llama2, with a merge across a space: a text may not be worked word by word."""
    data = llama2()
    for left, right in [("e", "▁"), ("e▁", "t"), ("d", "▁t"), ("a", "▁"), ("a▁", "a▁")]:
        data["model"]["vocab"].setdefault(left + right, len(data["model"]["vocab"]))
        data["model"]["merges"].insert(0, [left, right])
    return data


def some_bytes(fuse):
    """Bytes for some characters only: the others are unknown."""
    data = sentencepiece(260, ["<unk>", "<s>", "</s>"], BYTES[:0x30] + BYTES[0xC0:0xE0] + BYTES[0x80:0xB0], byte_fallback=True, fuse_unk=fuse)
    data["normalizer"] = SPM_NORMALIZER
    data["post_processor"] = template([("<s>", 1)], [("</s>", 2)])
    data["decoder"] = SPM_DECODER
    return data


def metaspace(scheme, split=True):
    data = sentencepiece(230, ["<unk>", "<s>", "</s>"], fuse_unk=False)
    data["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
    data["decoder"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
    return data


def no_unknown():
    data = sentencepiece(200, [])
    data["model"]["unk_token"] = None
    data["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}
    return data


FLAGGED = [
    ("[SINGLE]", dict(single_word=True)), ("[LEFT]", dict(lstrip=True)), ("[RIGHT]", dict(rstrip=True)), ("[BOTH]", dict(lstrip=True, rstrip=True)),
    ("[Normal]", dict(normalized=True, special=False)), ("plain", dict(special=False, single_word=True)), ("Word", dict(special=False, normalized=True, single_word=True)),
    ("two words", dict(special=False, normalized=True)), ("[LONG]", dict(special=False)), ("[LONGEST]", dict(special=False, normalized=True, lstrip=True)), ("[LONGER]", dict(special=False, rstrip=True)), ("[SPECIAL]", dict(normalized=True)),
]


def flags(normalizer):
    data = sentencepiece(230, ["<unk>", "<s>", "</s>"])
    data["normalizer"] = normalizer
    data["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    data["decoder"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    size = len(data["model"]["vocab"])
    data["added_tokens"] += [added(c, size + i, **f) for i, (c, f) in enumerate(FLAGGED)]
    data["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1], "trim_offsets": True, "add_prefix_space": False}
    return data


def cases(tokenizer, texts, seed):
    """Per text: ids; decoded without special tokens (null: as the text) and with (null: as without). Then random ids."""
    encoded = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        without, having = (tokenizer.decode(ids, skip_special_tokens=skip) for skip in (True, False))
        encoded.append([ids, None if without == text else without, None if having == without else having])
    source = random.Random(seed)
    size = tokenizer.get_vocab_size()
    decoded = []
    for _ in range(40):
        ids = [source.randrange(size + 2) for _ in range(source.randint(0, 9))]
        decoded.append([ids] + [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (True, False)])
    return {"encoded": encoded, "decoded": decoded}


COMPONENTS = {
    "normalizer": [
        {"type": "NFC"}, {"type": "NFD"}, {"type": "NFKC"}, {"type": "NFKD"}, {"type": "Lowercase"}, {"type": "StripAccents"},
        {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": "_"}, {"type": "Replace", "pattern": {"Regex": "b*"}, "content": "-"},
    ],
    "pre_tokenizer": [
        *({"type": "Split", "pattern": {"Regex": r"\s+|[.,]"}, "behavior": b, "invert": i} for b in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous") for i in (False, True)),
        {"type": "Split", "pattern": {"String": "the"}, "behavior": "Isolated", "invert": False}, {"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "Isolated", "invert": False},
        {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}, {"type": "Punctuation", "behavior": "Contiguous"},
        {"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False}, {"type": "CharDelimiterSplit", "delimiter": "e"},
        {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}]},
    ],
}


def components(model):
    """What single normalizers and pre-tokenizers make of texts."""
    result = []
    texts = [text for text in TEXTS if len(text) < 40][::3]
    for kind, parts in COMPONENTS.items():
        for part in parts:
            data = copy.deepcopy(model)
            data.update({"normalizer": None, "pre_tokenizer": None, kind: part})
            tokenizer = Tokenizer.from_str(json.dumps(data))
            if kind == "normalizer":
                outputs = [tokenizer.normalizer.normalize_str(text) for text in texts]
            else:
                outputs = [[piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)] for text in texts]
            result.append({"kind": kind, "component": part, "outputs": outputs})
    return {"texts": texts, "components": result}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def main():
    assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
    folder = Path(sys.argv[1])
    made = {
        "llama3": llama3(), "gpt2": gpt2(), "qwen": qwen(), "llama2": llama2(), "crossing": crossing(),
        "some-bytes-fused": some_bytes(True), "some-bytes": some_bytes(False), "no-unknown": no_unknown(),
        "metaspace-first": metaspace("first"), "metaspace-always": metaspace("always"), "metaspace-never": metaspace("never", split=False),
        "flags-lowercase": flags({"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}),
        "flags-prepend": flags({"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, SPM_NORMALIZER]}),
    }
    texts = TEXTS + random_texts(60, 20)
    write(folder / "texts.json", texts)
    for seed, (name, data) in enumerate(made.items()):
        tokenizer = Tokenizer.from_str(json.dumps(data))
        (folder / name).mkdir(parents=True, exist_ok=True)
        write(folder / name / "tokenizer.json", data)
        # All texts for the kinds that models come in, a share of them for the variants.
        stride = 1 if name in ("llama3", "llama2", "flags-lowercase") else 3
        write(folder / name / "cases.json", {"stride": stride, **cases(tokenizer, texts[::stride], seed)})
    write(folder / "components.json", components(made["no-unknown"]))


if __name__ == "__main__":
    main()
