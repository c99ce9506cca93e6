"""Runs the engine's benchmark and the peers' on the same models, one after the other, and prints a table of ratios.

Each of them is a process of its own, so that none finds the caches or threads of another.
"""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = {"PyTorch": "pytorch.py", "llama.cpp": "llamacpp.py"}


def run(command):
    """The command's standard output, or None where it failed (why is on standard error)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", required=True, help="the benchmarks program")
    parser.add_argument("--folder", required=True, help="where the models are kept")
    parser.add_argument("--models", default="S,M")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--repetitions", default="5")
    arguments = parser.parse_args()

    common = ["--threads", arguments.threads, "--repetitions", arguments.repetitions]
    found = {}
    limits = None
    for model in arguments.models.split(","):
        text = run(
            [arguments.benchmarks, "engine", "--models", model, "--folder", arguments.folder, "--format", "json"]
            + ["--history", "-"] + common)
        if text is None:
            sys.exit("bench-peers: the engine's own benchmark failed")
        report = json.loads(text)
        limits = limits or report
        for line in report["lines"]:
            found.setdefault((line["model"], line["weights"], line["test"]), {})["here"] = line
        for weights in ["float32", "bfloat16"] if model == "S" else ["bfloat16"]:
            folder = os.path.join(arguments.folder, f"{model}-{weights}")
            for peer, script in PEERS.items():
                text = run([sys.executable, os.path.join(HERE, script), folder, weights] + common)
                for test, rate in json.loads(text or "{}").items():
                    found.setdefault((model, weights, test), {})[peer] = rate

    print(f"{limits['processor']}, {arguments.threads} threads, load {limits['load']:.1f}, {limits['date']}")
    print("limits: float32 {:.0f} GFLOP/s, bfloat16 {:.0f} GFLOP/s, memory {:.1f} GB/s\n".format(
        limits["limits"]["float32_flops"] / 1e9, limits["limits"]["bfloat16_flops"] / 1e9,
        limits["limits"]["memory_bytes_per_second"] / 1e9))
    print("| model | weights | test | here, tokens/s | of the limit |" + "".join(f" {p} | ratio |" for p in PEERS))
    print("|---|---|---|---:|---:|" + "---:|---:|" * len(PEERS))
    for (model, weights, test), row in found.items():
        if "here" not in row:
            continue
        rate = row["here"]["tokens_per_second"]
        text = f"| {model} | {weights} | {test} | {rate:.4g} | {100 * rate / row['here']['limit']:.0f} % |"
        for peer in PEERS:
            text += f" {row[peer]:.4g} | {rate / row[peer]:.2f} |" if peer in row else " – | – |"
        print(text)


main()
