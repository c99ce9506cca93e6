"""Writes Tests/Fixtures/Projection/adam.json: a small projection trained by PyTorch.

    python -m venv /tmp/references && /tmp/references/bin/pip install torch==2.13.0 numpy
    /tmp/references/bin/python scripts/make-references/projection.py

The file gives the rows, the first W and each epoch's order of rows, and what PyTorch makes of them in float32:
the loss of every step and W after every epoch.
"""

import json
import pathlib

import numpy as np
import torch

D_A, D_B, ROWS, BATCH, SHARD, EPOCHS, LR = 12, 10, 40, 8, 4, 3, 1e-2


def nested(array):
    return [[float(np.float32(value)) for value in row] for row in array]


def main():
    torch.manual_seed(20)
    torch.set_num_threads(1)
    generator = np.random.default_rng(20)
    x = generator.standard_normal((ROWS, D_A)).astype(np.float32)
    truth = generator.standard_normal((D_B, D_A)) / np.sqrt(D_A)
    y = (x @ truth.T + 0.1 * generator.standard_normal((ROWS, D_B))).astype(np.float32)
    orders = [generator.permutation(ROWS).tolist() for _ in range(EPOCHS)]

    layer = torch.nn.Linear(D_A, D_B, bias=False)
    torch.nn.init.xavier_uniform_(layer.weight)
    first = layer.weight.detach().numpy().copy()
    optimizer = torch.optim.Adam(layer.parameters(), lr=LR, foreach=False)
    losses, weights = [], []
    for order in orders:
        for start in range(0, ROWS, BATCH):
            rows = order[start : start + BATCH]
            loss = torch.nn.functional.mse_loss(layer(torch.from_numpy(x[rows])), torch.from_numpy(y[rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        weights.append(nested(layer.weight.detach().numpy()))

    xs, ys = x.astype(np.float64), y.astype(np.float64)
    similarity = np.linalg.norm(ys.T @ xs) ** 2 / np.linalg.norm(xs) ** 2 / np.linalg.norm(ys) ** 2

    target = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/Projection/adam.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "torch": torch.__version__,
        "batch": BATCH,
        "shardRows": SHARD,
        "learningRate": LR,
        "x": nested(x),
        "y": nested(y),
        "firstW": nested(first),
        "orders": orders,
        "losses": losses,
        "w": weights,
        "similarity": float(similarity),
    }
    target.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
