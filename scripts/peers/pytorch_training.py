"""Trains W with PyTorch in one process: prints {optimizer: seconds an epoch} as JSON.

The same task as `benchmarks training`: a linear map without bias, mean squared error, Adam, batches of 32 rows in a
new order each epoch. Nothing is saved.
"""

import argparse
import json
import statistics
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3072)
    parser.add_argument("--dimension-a", type=int, default=3072)
    parser.add_argument("--dimension-b", type=int, default=4096)
    parser.add_argument("--epochs", type=int, default=2, help="epochs that are measured, after one that is not")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    import torch

    torch.set_num_threads(arguments.threads)
    generator = torch.Generator().manual_seed(1)
    a = torch.rand(arguments.rows, arguments.dimension_a, generator=generator) - 0.5
    b = torch.rand(arguments.rows, arguments.dimension_b, generator=generator) - 0.5

    def seconds(**options):
        linear = torch.nn.Linear(arguments.dimension_a, arguments.dimension_b, bias=False)
        torch.nn.init.xavier_uniform_(linear.weight)
        optimizer = torch.optim.Adam(linear.parameters(), lr=1e-3, **options)
        times = []
        for epoch in range(arguments.epochs + 1):
            start = time.perf_counter()
            for rows in torch.randperm(arguments.rows, generator=generator).split(32):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(linear(a[rows]), b[rows]).backward()
                optimizer.step()
            if epoch:
                times.append(time.perf_counter() - start)
        return statistics.median(times)

    print(json.dumps({"Adam": seconds(), "Adam, fused": seconds(fused=True)}))


main()
