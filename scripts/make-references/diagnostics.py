"""Prints the figures that Tests/ProjectionTests/ActivationDiagnosticsTests.swift compares with, by numpy in double.

    python scripts/make-references/diagnostics.py
"""

import numpy as np


def main() -> None:
    x = np.array([[((i * 7 + j * 3) % 11) / 10 - 0.5 for j in range(3)] for i in range(6)])
    y = np.array([[((i * 5 + j * 4) % 13) / 8 + (20 if j == 2 and i % 2 else 0) for j in range(4)] for i in range(6)])
    w = np.array([[((i * 2 + j * 5) % 7) / 4 - 0.75 for j in range(3)] for i in range(4)])
    x, y, w = (array.astype(np.float32).astype(float) for array in (x, y, w))
    mapped = x @ w.T
    errors, variances = ((y - mapped) ** 2).sum(0), ((y - y.mean(0)) ** 2).sum(0)
    def share(amounts, count):
        return np.sort(amounts)[::-1][:count].sum() / amounts.sum()
    def cross(a, b):
        return (np.linalg.norm(a.T @ b) / np.linalg.norm(a) / np.linalg.norm(b)) ** 2
    xc, yc = x - x.mean(0), y - y.mean(0)
    alignment = np.linalg.norm(yc.T @ xc) ** 2 / np.linalg.norm(xc.T @ xc) / np.linalg.norm(yc.T @ yc)
    for name, value in {
        "mapped norm": np.median(np.linalg.norm(mapped, axis=1)), "target norm": np.median(np.linalg.norm(y, axis=1)),
        "variance, 1": share(variances, 1), "variance, 3": share(variances, 3), "error, 1": share(errors, 1),
        "error, 3": share(errors, 3), "standardised loss": (errors / variances).mean(), "loss": errors.sum() / y.size,
        "mean loss": variances.sum() / y.size, "similarity": cross(x, y), "alignment": alignment,
    }.items():
        print(f"{name}: {value!r}")


if __name__ == "__main__":
    main()
