"""Writes Tests/Fixtures/Projection/fit.json: what there is to predict of B's activations, and how well a W does, by numpy.

    python -m venv /tmp/references && /tmp/references/bin/pip install numpy
    /tmp/references/bin/python scripts/make-references/fit.py

Activations of texts that W learned from (x, y) and of others (held_out), a W, and in float64 of them: the mean and the
variance of each of B's coordinates, one of which is constant; the losses of predicting the mean and of W; each in units
of the coordinates' variances; R² of all elements together, and the mean of each coordinate's.
"""

import json
import pathlib

import numpy as np

D_A, D_B, ROWS, OTHERS = 6, 5, 24, 9


def nested(array):
    return [[float(value) for value in row] for row in array]


def main():
    generator = np.random.default_rng(7)
    scale = np.array([1, 100, 0.01, 3, 0])
    truth = generator.standard_normal((D_B, D_A)) * scale[:, None]
    w = (truth + 0.1 * generator.standard_normal((D_B, D_A)) * scale[:, None]).astype(np.float32)

    def draw(rows):
        x = generator.standard_normal((rows, D_A)).astype(np.float32)
        y = x @ truth.T + 5 * scale + 0.3 * generator.standard_normal((rows, D_B)) * scale
        y[:, 4] = 2.5
        return x, y.astype(np.float32)

    x, y = draw(ROWS)
    x_others, y_others = draw(OTHERS)
    xs, ys, ws = x.astype(np.float64), y.astype(np.float64), w.astype(np.float64)
    means, variances = ys.mean(axis=0), ys.var(axis=0)
    squares = (xs @ ws.T - ys) ** 2
    varying = variances > 0
    errors = (x_others.astype(np.float64) @ ws.T - y_others.astype(np.float64)) ** 2
    spreads = (y_others.astype(np.float64) - means) ** 2
    document = {
        "numpy": np.__version__,
        "x": nested(x),
        "y": nested(y),
        "w": nested(w),
        "heldOutX": nested(x_others),
        "heldOutY": nested(y_others),
        "means": means.tolist(),
        "variances": variances.tolist(),
        "meanLoss": float(variances.mean()),
        "loss": float(squares.mean()),
        "standardisedLoss": float((squares[:, varying] / variances[varying]).sum() / squares.size),
        "heldOutLoss": float(errors.mean()),
        "heldOutMeanLoss": float(spreads.mean()),
        "r2": float(1 - errors.sum() / spreads.sum()),
        "coordinateR2": float((1 - errors.sum(axis=0)[varying] / spreads.sum(axis=0)[varying]).mean()),
    }
    target = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/Projection/fit.json"
    target.write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
