"""Runs the engine's benchmark and the peers' on the same models in turn, and prints a table of ratios.

Each of them is a process of its own, so that none finds the caches or threads of another. They take turns for some
rounds, and medians over the rounds are compared: how much of a shared machine's memory bandwidth a process gets changes
from process to process, by up to a factor of two.
"""

import argparse
import json
import os
import statistics
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
    parser.add_argument("--repetitions", default="3", help="runs of each test in a process")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each program")
    arguments = parser.parse_args()

    common = ["--threads", arguments.threads, "--repetitions", arguments.repetitions]
    # Of each (model, weights, test): the rates of each program, and the share of the limits that the engine reached.
    rates = {}
    shares = {}
    reports = []
    for model in arguments.models.split(","):
        for _ in range(arguments.rounds):
            text = run(
                [arguments.benchmarks, "engine", "--models", model, "--folder", arguments.folder, "--format", "json"]
                + ["--history", "-"] + common)
            if text is None:
                sys.exit("bench-peers: the engine's own benchmark failed")
            report = json.loads(text)
            reports.append(report)
            for line in report["lines"]:
                test = (model, line["weights"], line["test"])
                rates.setdefault(test, {}).setdefault("here", []).append(line["tokens_per_second"])
                shares.setdefault(test, []).append(line["tokens_per_second"] / line["limit"])
            for weights in ["float32", "bfloat16"] if model == "S" else ["bfloat16"]:
                folder = os.path.join(arguments.folder, f"{model}-{weights}")
                for peer, script in PEERS.items():
                    text = run([sys.executable, os.path.join(HERE, script), folder, weights] + common)
                    for test, rate in json.loads(text or "{}").items():
                        rates.setdefault((model, weights, test), {}).setdefault(peer, []).append(rate)

    def limit(name):
        return statistics.median(report["limits"][name] for report in reports) / 1e9

    print(f"{reports[0]['processor']}, {arguments.threads} threads, load {reports[0]['load']:.1f} at the start, "
          f"{reports[0]['date']}; medians of {arguments.rounds} rounds (lowest – highest)")
    print(f"limits: float32 {limit('float32_flops'):.0f} GFLOP/s, bfloat16 {limit('bfloat16_flops'):.0f} GFLOP/s, "
          f"memory {limit('memory_bytes_per_second'):.1f} GB/s\n")
    print("| model | weights | test | here, tokens/s | of the limit |" + "".join(f" {p} | ratio |" for p in PEERS))
    print("|---|---|---|---:|---:|" + "---:|---:|" * len(PEERS))
    for test, row in rates.items():
        if "here" not in row:
            continue
        here = statistics.median(row["here"])
        text = f"| {' | '.join(test)} | {spread(row['here'])} | {100 * statistics.median(shares[test]):.0f} % |"
        for peer in PEERS:
            text += f" {spread(row[peer])} | {here / statistics.median(row[peer]):.2f} |" if peer in row else " – | – |"
        print(text)


def spread(values):
    """The median, and the range where there are several."""
    text = f"{statistics.median(values):.4g}"
    return f"{text} ({min(values):.4g} – {max(values):.4g})" if len(values) > 1 else text


main()
