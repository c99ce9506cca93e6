"""Measures transformers on a model folder: prints {test: tokens a second} as JSON."""

import argparse
import json
import statistics
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("weights", choices=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()

    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    model = AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=getattr(torch, arguments.weights)).eval()
    vocabulary = model.config.vocab_size
    large = model.config.hidden_size > 1024

    def ids(rows, columns):
        return torch.randint(0, vocabulary, (rows, columns))

    def rate(tokens, prepare, work):
        rates = []
        for run in range(arguments.repetitions + 1):
            state = prepare()
            start = time.perf_counter()
            work(state)
            if run:
                rates.append(tokens / (time.perf_counter() - start))
        return statistics.median(rates)

    def prefill(rows, columns):
        return rate(
            rows * columns, lambda: ids(rows, columns),
            lambda prompt: model(prompt, use_cache=True, logits_to_keep=1).logits.argmax(-1))

    def decode(rows, tokens):
        def prepare():
            output = model(ids(rows, 16), use_cache=True, logits_to_keep=1)
            return output.past_key_values, output.logits.argmax(-1)

        def work(state):
            cache, token = state
            for _ in range(tokens):
                output = model(token, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache, token = output.past_key_values, output.logits.argmax(-1)

        return rate(rows * tokens, prepare, work)

    results = {"prefill 512": prefill(1, 512)}
    if large:
        results["prefill 128"] = prefill(1, 128)
        results["prefill 8 × 128"] = prefill(8, 128)
    results["decode"] = decode(1, 24 if large else 128)
    results["decode × 8"] = decode(8, 16 if large else 64)
    print(json.dumps(results))


main()
