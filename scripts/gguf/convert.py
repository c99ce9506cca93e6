"""Makes of a GGUF file a folder in Hugging Face's layout: weights in bfloat16, configuration, tokenizer, chat template.

    convert.py FILE.gguf FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from container import Container
from llama import configuration, weights, write_safetensors
from tokens import settings, tokenizer


def main(file: Path, folder: Path) -> None:
    container = Container(file)
    if container.values["general.architecture"] != "llama":
        raise SystemExit(f"error: {file}: of architecture {container.values['general.architecture']}, expected llama")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    made = configuration(container)
    ends = {name: made[name] for name in ("bos_token_id", "eos_token_id")}
    for name, content in [("config", made), ("generation_config", ends), ("tokenizer", tokenizer(container)),
                          ("tokenizer_config", settings(container))]:
        text = json.dumps(content, ensure_ascii=False, indent=2)
        (partial / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    write_safetensors(partial / "model.safetensors", weights(container))
    # In place as a whole, or not at all.
    partial.rename(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
