"""Which fields of config.json the classes of transformers read, family by family.

    python scripts/make-references/config_fields.py Sources/Shared/ModelFolders/Families/FieldsRead.swift
    swift format -i Sources/Shared/ModelFolders/Families/FieldsRead.swift

What a class does not read cannot change what it computes. Found in two ways, and what either finds counts:

- in the source: the fields of the configuration's class, what is taken out of its keyword arguments, and every attribute
  of a configuration that the family's module and the modules that all models run through ask for by name;
- at work: which attributes are asked for while a tiny model is made from its configuration, loaded and run.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.configuration_utils import PreTrainedConfig

FAMILIES = ["llama", "mistral", "qwen2", "qwen3", "gemma2"]
COMMON = [
    "configuration_utils", "modeling_rope_utils", "modeling_utils", "modeling_layers", "modeling_attn_mask_utils",
    "modeling_flash_attention_utils", "masking_utils", "cache_utils", "initialization", "activations",
    "core_model_loading", "integrations.sdpa_attention", "integrations.eager_paged", "quantizers.auto",
    "generation.utils", "generation.configuration_utils", "generation.continuous_batching.cache",
    "models.auto.auto_factory", "models.auto.modeling_auto",
]
CONFIGURATIONS = {"config", "model_config", "text_config", "decoder_config", "pretrained_config", "hf_config"}
TINY = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
    "intermediate_size": 16, "vocab_size": 40, "max_position_embeddings": 32, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0,
}


def is_configuration(node: ast.expr) -> bool:
    """`config`, `self.config`, `self.model.config`, `config.get_text_config()`."""
    if isinstance(node, ast.Name):
        return node.id in CONFIGURATIONS
    if isinstance(node, ast.Attribute):
        return node.attr in CONFIGURATIONS
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_text_config"


def read_in_source(module: str) -> set[str]:
    path = inspect.getsourcefile(importlib.import_module(f"transformers.{module}"))
    names: set[str] = set()
    in_configuration = "configuration" in module or "rope" in module
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Attribute) and is_configuration(node.value):
            names.add(node.attr)
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first, rest = node.args[0], node.args[1:]
        if isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr") and rest:
            own = in_configuration and isinstance(first, ast.Name) and first.id == "self"
            if (is_configuration(first) or own) and isinstance(rest[0], ast.Constant):
                names.add(rest[0].value)
        # What is taken out of a configuration's keyword arguments or dictionary.
        if in_configuration and isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "get"):
            if isinstance(node.func.value, ast.Name) and node.func.value.id in ("kwargs", "config_dict"):
                if isinstance(first, ast.Constant):
                    names.add(first.value)
    return names


def read_at_work(family: str) -> set[str]:
    """Attributes that are asked for from outside the configuration's own classes."""
    seen: set[str] = set()
    configuration_type = type(AutoConfig.for_model(family))
    plain = PreTrainedConfig.__getattribute__

    def watching(self, name):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if not name.startswith("_") and "configuration" not in caller and caller.startswith("transformers"):
            seen.add(name)
        return plain(self, name)

    with tempfile.TemporaryDirectory() as folder:
        AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **TINY)).save_pretrained(folder)
        # Every family's window is in use, so that what depends on it is asked for.
        config = json.loads(Path(folder, "config.json").read_text())
        config |= {"sliding_window": 8, "use_sliding_window": True, "max_window_layers": 1}
        config.pop("layer_types", None)
        Path(folder, "config.json").write_text(json.dumps(config if family != "llama" else {**config, "sliding_window": None}))
        configuration_type.__getattribute__ = watching
        try:
            for attention in ("eager",) if family == "gemma2" else ("eager", "sdpa"):
                model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
                ids = torch.arange(3, 15)[None]
                model(ids, output_hidden_states=True)
                model.generate(ids, max_new_tokens=8, do_sample=False)
        finally:
            del configuration_type.__getattribute__
    return seen


def no_fields(configuration_type: type) -> set[str]:
    """Methods and constants of the class; its properties stand for older names of fields."""
    fields = {field.name for field in dataclasses.fields(configuration_type)}
    return {
        name for name in dir(configuration_type)
        if name not in fields and not isinstance(inspect.getattr_static(configuration_type, name), property)
    }


def main() -> None:
    common = set().union(*(read_in_source(module) for module in COMMON))
    by_family: dict[str, set[str]] = {}
    for family in FAMILIES:
        configuration_type = type(AutoConfig.for_model(family))
        names = common | read_in_source(f"models.{family}.modeling_{family}")
        names |= read_in_source(f"models.{family}.configuration_{family}")
        names |= {field.name for field in dataclasses.fields(configuration_type)}
        names = (names | read_at_work(family)) - no_fields(configuration_type)
        by_family[family] = {name for name in names if not name.startswith("_")}
    shared = set.intersection(*by_family.values())

    def lines(names: set[str], indent: str) -> str:
        text, line = "", indent
        for name in sorted(names):
            item = f'"{name}", '
            if len(line) + len(item) > 121:
                text, line = text + line.rstrip() + "\n", indent
            line += item
        return text + line.rstrip()

    cases = "".join(
        f"        .{family}: [\n{lines(own, ' ' * 12)}\n        ],\n" if (own := by_family[family] - shared)
        else f"        .{family}: [],\n" for family in FAMILIES)
    Path(sys.argv[1]).write_text(f"""\
// Made by scripts/make-references/config_fields.py with transformers {transformers.__version__}; not to be edited.

/// The fields of config.json that transformers' classes ask for: what they do not read cannot change the arithmetic.
enum FieldsRead {{
    /// Those that are read whatever the family.
    static let always: Set<String> = [
{lines(shared, ' ' * 8)}
    ]

    /// Those that one family reads besides.
    static let own: [ModelFamily: Set<String>] = [
{cases}    ]
}}
""")


if __name__ == "__main__":
    main()
