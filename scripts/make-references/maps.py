"""Writes Tests/Fixtures/Projection/maps.json: the maps in closed form, by numpy and scipy.

    python -m venv /tmp/references && /tmp/references/bin/pip install numpy scipy
    /tmp/references/bin/python scripts/make-references/maps.py

From B's activations and A's of the same texts, in float64, by other ways than the product's sums and factorisations: ridge
as least squares on rows that are extended, the orthogonal maps by polar decompositions, the whitening by matrix square
roots. λ and the rank are chosen on the last tenth of the texts, the map is then fitted to all of them.
"""

import json
import pathlib

import numpy as np
import scipy
import scipy.linalg

RIDGES = [float(f"{scale}e{power}") for power in range(-8, 2) for scale in (1, 3)] + [100.0]
# Of the smallest held-out error: so much more may a map of smaller rank have.
TOLERANCE = 1.01


def nested(array):
    return [[float(value) for value in row] for row in array]


def affine(x, z, w):
    return w, z.mean(axis=0) - w @ x.mean(axis=0)


def ridge(x, z, relative):
    """W and b that minimise ‖x Wᵀ + b − z‖² + λ ‖W‖², λ in units of a coordinate's mean sum of squares."""
    xs, zs = x - x.mean(axis=0), z - z.mean(axis=0)
    scale = np.sqrt(relative * np.sum(xs**2) / x.shape[1])
    rows = np.vstack([xs, scale * np.eye(x.shape[1])])
    targets = np.vstack([zs, np.zeros((x.shape[1], z.shape[1]))])
    return affine(x, z, np.linalg.lstsq(rows, targets, rcond=None)[0].T)


def directions(x, w):
    """Those of the fitted values' covariance, the strongest first."""
    fitted = (x - x.mean(axis=0)) @ w.T
    return np.linalg.svd(fitted, full_matrices=False)[2]


def error(x, z, w, b):
    return float(np.mean((x @ w.T + b - z) ** 2))


def maps(x, z):
    tenth = -(-len(x) // 10)
    learned, held = slice(0, len(x) - tenth), slice(len(x) - tenth, None)
    xl, zl, xh, zh = x[learned], z[learned], x[held], z[held]
    relative = min(RIDGES, key=lambda relative: error(xh, zh, *ridge(xl, zl, relative)))
    wl, _ = ridge(xl, zl, relative)
    strongest = directions(xl, wl)
    errors = []
    for rank in range(1, len(strongest) + 1):
        kept = strongest[:rank]
        errors.append(error(xh, zh, *affine(xl, zl, kept.T @ kept @ wl)))
    rank = 1 + next(place for place, value in enumerate(errors) if value <= TOLERANCE * min(errors))

    w, b = ridge(x, z, relative)
    kept = directions(x, w)[:rank]
    xs, zs = x - x.mean(axis=0), z - z.mean(axis=0)
    orthogonal = scipy.linalg.polar(zs.T @ xs)[0]
    scale = np.sum(scipy.linalg.svdvals(zs.T @ xs)) / np.sum(xs**2)
    root_x, root_z = scipy.linalg.sqrtm(xs.T @ xs), scipy.linalg.sqrtm(zs.T @ zs)
    rotation = scipy.linalg.polar(np.linalg.inv(root_z) @ zs.T @ xs @ np.linalg.inv(root_x))[0]
    found = {
        "ridge": (w, b),
        "procrustes": affine(x, z, scale * orthogonal),
        "reduced-rank": affine(x, z, kept.T @ kept @ w),
        "whitened": affine(x, z, root_z @ rotation @ np.linalg.inv(root_x)),
    }
    return {
        "ridge": relative,
        "rank": rank,
        "maps": {name: {"w": nested(w), "b": [float(value) for value in b]} for name, (w, b) in found.items()},
    }


def case(seed, width_a, width_b, rows, noise, rank):
    generator = np.random.default_rng(seed)
    # As models' activations are: a few coordinates far from 0, and of very different spreads.
    scale_a, scale_b = 10.0 ** generator.uniform(-1, 1.5, width_a), 10.0 ** generator.uniform(-1, 1.5, width_b)
    x = generator.standard_normal((rows, width_a)) * scale_a
    x[:, 1] += 300
    truth = generator.standard_normal((width_b, rank)) @ generator.standard_normal((rank, width_a))
    z = (x / scale_a) @ truth.T * scale_b + noise * generator.standard_normal((rows, width_b)) * scale_b + 7
    x, z = x.astype(np.float32), z.astype(np.float32)
    return {"x": nested(x), "z": nested(z), **maps(x.astype(np.float64), z.astype(np.float64))}


def main():
    document = {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "cases": [
            case(11, 6, 5, 60, noise=0.5, rank=2),
            case(12, 5, 8, 73, noise=4, rank=5),
            # Fewer texts than the widths together, and hardly more than one of them.
            case(13, 12, 9, 20, noise=3, rank=9),
        ],
    }
    target = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/Projection/maps.json"
    target.write_text(json.dumps(document) + "\n")
    for found in document["cases"]:
        print("lambda", found["ridge"], "rank", found["rank"])


if __name__ == "__main__":
    main()
