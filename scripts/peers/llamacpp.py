"""Measures llama.cpp on a model folder, converted to GGUF beside it: prints {test: tokens a second} as JSON.

The weights are random, so the conversion leaves the order of the heads' coordinates as it is.
"""

import argparse
import ctypes
import json
import os
import random
import statistics
import time


def convert(folder, weights, path):
    import gguf
    import numpy

    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = numpy.memmap(os.path.join(folder, "model.safetensors"), mode="r", offset=8 + length)

    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }

    def renamed(name):
        base = name.removesuffix(".weight")
        if base.startswith("model.layers."):
            _, _, block, rest = base.split(".", 3)
            return f"blk.{block}.{names[rest]}.weight"
        return f"{names[base]}.weight"

    writer = gguf.GGUFWriter(path + ".part", "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[begin:end]
        if len(entry["shape"]) == 1 or weights == "float32":
            values = raw.view(numpy.float32) if weights == "float32" else (
                raw.view(numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32)
            writer.add_tensor(renamed(name), values.reshape(entry["shape"]))
        else:
            rows, columns = entry["shape"]
            writer.add_tensor(
                renamed(name), raw.reshape(rows, 2 * columns), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.rename(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("weights", choices=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()

    import llama_cpp as llama

    path = os.path.join(arguments.folder, "model.gguf")
    if not os.path.exists(path):
        convert(arguments.folder, arguments.weights, path)
    silent = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(silent, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp cannot load {path}")
    with open(os.path.join(arguments.folder, "config.json")) as file:
        config = json.load(file)
    large = config["hidden_size"] > 1024

    def context(sequences):
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = 1024 * sequences
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_seq_max = sequences
        parameters.n_threads = parameters.n_threads_batch = arguments.threads
        return llama.llama_init_from_model(model, parameters)

    def decode(place, position, sequences, count):
        """Reads `count` random tokens of each sequence, the logits of the last one of each."""
        batch = llama.llama_batch_init(sequences * count, 0, sequences)
        batch.n_tokens = sequences * count
        for i in range(sequences * count):
            batch.token[i] = random.randrange(config["vocab_size"])
            batch.pos[i] = position + i % count
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = i // count
            batch.logits[i] = (i + 1) % count == 0
        if llama.llama_decode(place, batch):
            raise SystemExit("llama.cpp failed")
        llama.llama_batch_free(batch)

    def rate(tokens, sequences, prompt, steps):
        rates = []
        place = context(sequences)
        for run in range(arguments.repetitions + 1):
            llama.llama_memory_clear(llama.llama_get_memory(place), True)
            if steps:
                decode(place, 0, sequences, prompt)
            start = time.perf_counter()
            if steps:
                for step in range(steps):
                    decode(place, prompt + step, sequences, 1)
            else:
                decode(place, 0, sequences, prompt)
            if run:
                rates.append(tokens / (time.perf_counter() - start))
        llama.llama_free(place)
        return statistics.median(rates)

    results = {"prefill 512": rate(512, 1, 512, 0)}
    if large:
        results["prefill 128"] = rate(128, 1, 128, 0)
    tokens = 24 if large else 128
    results["decode"] = rate(tokens, 1, 16, tokens)
    tokens = 16 if large else 64
    results["decode × 8"] = rate(8 * tokens, 8, 16, tokens)
    print(json.dumps(results))


main()
