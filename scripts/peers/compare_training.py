"""Trains W by a coordinator and worker processes, and with PyTorch in one process, in turn: prints a table of ratios."""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    """What the command prints as JSON, or nothing where it failed (why is on standard error)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", required=True, help="the benchmarks program")
    parser.add_argument("--epochs", default="4")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", default="2")
    arguments = parser.parse_args()

    here = {}
    peers = {}
    for _ in range(arguments.rounds):
        report = run([arguments.benchmarks, "training", "--epochs", arguments.epochs, "--format", "json", "--history", "-"])
        if not report:
            sys.exit("bench-peers: the benchmark of the training failed")
        for line in report["lines"]:
            here.setdefault(line["workers"], []).append(line["seconds_per_epoch"])
        script = os.path.join(HERE, "pytorch_training.py")
        for optimizer, seconds in run([sys.executable, script, "--threads", arguments.threads]).items():
            peers.setdefault(optimizer, []).append(seconds)

    print(f"W {report['dimension_a']} → {report['dimension_b']}, {report['rows']} rows, 32 a step: seconds an epoch, "
          f"medians of {arguments.rounds} rounds (lowest – highest); a ratio above 1: faster here\n")
    names = [f"torch.optim.{optimizer}" for optimizer in peers]
    print("| workers | here |" + "".join(f" {name} | ratio |" for name in names))
    print("|---:|---:|" + "---:|---:|" * len(names))
    for workers, seconds in here.items():
        text = f"| {workers} | {spread(seconds)} |"
        for values in peers.values():
            text += f" {spread(values)} | {statistics.median(values) / statistics.median(seconds):.2f} |"
        print(text)


def spread(values):
    text = f"{statistics.median(values):.2f}"
    return f"{text} ({min(values):.2f} – {max(values):.2f})" if len(values) > 1 else text


main()
