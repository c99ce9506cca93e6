"""Rotary frequencies as transformers computes them, for every type and its parameters.

    python scripts/make-references/rotary.py Tests/Fixtures/Families/rotary.json
"""

from __future__ import annotations

import sys
from pathlib import Path

from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from references import floats, header, write_json

YARN = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32768}
CASES = [
    {"rope_type": "default", "rope_theta": 10000.0}, {"rope_type": "default", "rope_theta": 500000.0},
    {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0},
    {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 1.1},
    {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
     "original_max_position_embeddings": 8192},
    YARN, {**YARN, "truncate": False}, {**YARN, "attention_factor": 1.25}, {**YARN, "beta_fast": 16.0, "beta_slow": 2.0},
    {**YARN, "mscale": 0.707, "mscale_all_dim": 1.0}, {**YARN, "mscale": 0.707}, {**YARN, "factor": 0.5},
    {**YARN, "original_max_position_embeddings": 16, "rope_theta": 10000.0},
    {**YARN, "factor": None}, {key: value for key, value in YARN.items() if key != "original_max_position_embeddings"},
]


def main() -> None:
    made = []
    for parameters in CASES:
        for head_dim in (16, 128):
            config = LlamaConfig(hidden_size=2 * head_dim, num_attention_heads=2, max_position_embeddings=131072,
                                 rope_parameters=dict(parameters))
            rotary = LlamaRotaryEmbedding(config)
            made.append({"parameters": parameters, "head_dim": head_dim, "max_position_embeddings": 131072,
                         "attention_factor": rotary.attention_scaling, "frequencies": floats(rotary.inv_freq)})
    write_json(Path(sys.argv[1]), {**header(), "cases": made})


if __name__ == "__main__":
    main()
