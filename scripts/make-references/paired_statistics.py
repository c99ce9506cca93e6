"""Prints the figures that Tests/EvaluationTests/PairedStatisticsTests.swift compares with.

    python -m venv /tmp/statistics && /tmp/statistics/bin/pip install scipy==1.17.1 statsmodels==0.15.0 numpy
    /tmp/statistics/bin/python scripts/make-references/paired_statistics.py

McNemar, Holm and clustered errors are statsmodels', sign flips and Wilson's interval scipy's. Newcombe's paired interval
is in neither: it is written down here from the paper (1998, Statistics in Medicine 17:2635, method 10), on scipy's
Wilson intervals.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

PAIRS = [(0, 0), (5, 0), (6, 0), (9, 0), (25, 16), (7, 7), (1, 12), (40, 22), (300, 251), (1200, 1500)]
TABLES = [(20, 12, 2, 16), (36, 12, 2, 0), (0, 0, 0, 30), (30, 0, 0, 0), (53, 0, 0, 1), (0, 54, 0, 0), (2, 97, 0, 1),
          (43, 0, 0, 53), (97, 2, 1, 0), (250, 5, 0, 1), (3, 20, 25, 2)]
FAMILIES = [[0.01, 0.04, 0.03, 0.005, 0.2, 0.04], [0.6, 0.9, 0.0001], [0.02]]
FEW = [0, 0.25, 0.5, 1, 1, 0.8, 1 / 3, 2 / 3, 0, 0.9]
FEW_CLUSTERS = [0, 0, 1, 1, 1, 2, 3, 3, 4, 4]
MANY = [(place % 7) / 6 for place in range(300)]
DIFFERENCES = [0.5, -0.25, 1, 0, 0.3, 0.7, -0.1, 0.2, 0, 0.9, 0.4]
DIFFERENCE_CLUSTERS = [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6]


def mcnemar_line(first: int, second: int) -> str:
    few, draws = min(first, second), first + second
    if draws == 0:
        return f"({first}, {second}, 1.0, 1.0),"
    exact = float(mcnemar([[0, first], [second, 0]], exact=True).pvalue)
    # By its definition: twice the one-sided mid-p.
    mid = min(1.0, 2 * float(stats.binom.cdf(few, draws, 0.5) - 0.5 * stats.binom.pmf(few, draws, 0.5)))
    return f"({first}, {second}, {exact!r}, {mid!r}),"


def newcombe(both: int, first: int, second: int, neither: int) -> tuple[float, float]:
    count = both + first + second + neither
    def wilson(successes: int):
        return stats.binomtest(successes, count).proportion_ci(method="wilson")
    p1, p2 = (both + first) / count, (both + second) / count
    one, two = wilson(both + first), wilson(both + second)
    product = both * neither - first * second
    corrected = max(product - count / 2, 0) if product > 0 else product
    scale = (both + first) * (second + neither) * (both + second) * (first + neither)
    phi = corrected / math.sqrt(scale) if scale else 0.0
    def distance(a: float, b: float) -> float:
        return math.sqrt(a * a - 2 * phi * a * b + b * b)
    return p1 - p2 - distance(p1 - one.low, two.high - p2), p1 - p2 + distance(p2 - two.low, one.high - p1)


def clustered(values: list[float], clusters: list[int]) -> float:
    fit = sm.OLS(np.array(values), np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": np.array(clusters)})
    return float(fit.bse[0])


def sign_flips(sums: list[float]) -> float:
    return float(stats.permutation_test((np.array(sums),), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue)


def main() -> None:
    print("scipy", scipy.__version__, "statsmodels", statsmodels.__version__, "numpy", np.__version__)
    print("McNemar: first, second, exact, mid-p")
    print(*map(lambda pair: mcnemar_line(*pair), PAIRS), sep="\n")
    print("Newcombe: both, first, second, neither, low, high")
    for table in TABLES:
        low, high = newcombe(*table)
        print(f"({', '.join(map(str, table))}, {low!r}, {high!r}),")
    print("Holm", *[multipletests(family, method="holm")[1].tolist() for family in FAMILIES])
    print("clustered", clustered(FEW, FEW_CLUSTERS), clustered(MANY, [place // 5 for place in range(300)]))
    print("sign flips", sign_flips(DIFFERENCES))
    sums = [sum(value for value, cluster in zip(DIFFERENCES, DIFFERENCE_CLUSTERS) if cluster == place)
            for place in range(max(DIFFERENCE_CLUSTERS) + 1)]
    print("sign flips of clusters", sign_flips(sums))
    many = np.array([(place * 37 % 101) / 100 - 0.42 for place in range(80)])
    drawn = stats.permutation_test((many,), np.mean, permutation_type="samples", n_resamples=999_999,
                                   rng=np.random.default_rng(1))
    print("sign flips, drawn", float(drawn.pvalue))
    values = np.array([((place // 5) % 7) / 6 for place in range(300)])
    sums, rng = values.reshape(60, 5).sum(1), np.random.default_rng(2)
    means = sums[rng.integers(0, 60, (200_000, 60))].sum(1) / 300
    print("bootstrap of clusters", np.percentile(means, [2.5, 97.5]).tolist())
    print("detectable difference, standard errors", float(stats.norm.ppf(0.975) + stats.norm.ppf(0.8)))


if __name__ == "__main__":
    main()
