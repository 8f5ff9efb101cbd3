"""How much seeds differ, from all arms of a study at once: few seeds each, but many together.

The variance s^2 of an arm's k scores has k - 1 degrees of freedom. With 3 seeds that is 2, and of many arms
the one whose s^2 came out far too small looks sure: simulated, of studies of 9 arms that are all equal 13 %
say otherwise of one. Seed luck is about the same in all arms, so their variances are pooled, as Obuchowski
and Rockette (1995) do, and with them the degrees of freedom. An arm that is visibly noisier than the others
keeps its own. The sizes stand in `benchmarks/results/`, by `benchmarks/calibration.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dalmeum.stats.weighted import Array

NOISIER = 0.05
"""p of the F test below which an arm keeps its own variance where it is larger."""

NOISIER_BASELINE = 0.2
"""The same of the baseline, whose luck is in every difference."""

FAR_OUT = 0.001
"""Below it the arm's variance is left out of what the others are judged by."""


@dataclass(frozen=True)
class SeedSpread:
    """Variance of one seed's score in an arm, or of one seed's difference.

    Attributes:
        pooled: it is that of all arms together, and so is the error of estimating it.
    """

    variance: float
    degrees_of_freedom: float
    pooled: bool


def seed_spreads(scores: Sequence[Array]) -> list[SeedSpread]:
    """The spread of each arm, from its scores of shape (k,), k >= 2, the baseline's first.

    A variance is pooled, by degrees of freedom, unless it is clearly above that of the other arms (one-sided
    F test). Arms without a score (NaN) have none and are left out.
    """
    own = [(float(np.var(row, ddof=1)), len(row) - 1.0) for row in scores]
    known = [each for each in own if math.isfinite(each[0])]
    p_values = [_noisier(each, known) for each in own]
    kept = [each for each, p_value in zip(own, p_values, strict=True) if p_value >= FAR_OUT]
    pool = _pooled(kept)
    limits = [NOISIER_BASELINE] + [NOISIER] * (len(own) - 1)
    return [
        _spread(each, pool, p_value < limit)
        for each, p_value, limit in zip(own, p_values, limits, strict=True)
    ]


def paired_spreads(differences: Sequence[Array]) -> list[SeedSpread]:
    """The spread of each arm's differences to the baseline, of shape (k,), all with the same k seeds.

    All hold the baseline's luck, so that together they know less than as many arms would: the degrees of
    freedom of their mean variance are Box's (1954, Annals of Mathematical Statistics 25, 290-302), k - 1
    times (trace)^2 / trace of the square, of the covariance matrix of the differences.
    """
    rows = np.stack(differences)
    freedom = rows.shape[1] - 1.0
    own = [(float(np.var(row, ddof=1)), freedom) for row in rows]
    known = [each for each in own if math.isfinite(each[0])]
    covariance = np.atleast_2d(np.cov(rows[np.isfinite(rows).all(axis=1)])) if known else np.zeros((1, 1))
    squares, trace = float(np.sum(covariance**2)), float(np.trace(covariance))
    together = freedom * trace**2 / squares if squares else freedom
    pool = trace / max(len(known), 1), together
    # Each of the others knows as much less as all do.
    share = together / (freedom * max(len(known), 1))
    return [_spread(each, pool, _noisier(each, known, share) < NOISIER) for each in own]


def _noisier(own: tuple[float, float], known: Sequence[tuple[float, float]], share: float = 1.0) -> float:
    """p of "its variance is not above that of the others", by F; NaN for one without a variance."""
    variance, freedom = own
    others = sum(each[1] for each in known) - freedom
    if math.isnan(variance):
        return math.nan
    squares = sum(each[0] * each[1] for each in known) - variance * freedom
    if others <= 0 or variance == 0:
        return 1.0
    if squares <= 0:
        return 0.0
    from scipy.special import fdtrc  # slow to import

    return float(fdtrc(freedom, others * share, variance / (squares / others)))


def _pooled(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    freedom = sum(part[1] for part in parts)
    return (sum(part[0] * part[1] for part in parts) / freedom if freedom else math.nan), freedom


def _spread(own: tuple[float, float], pool: tuple[float, float], noisier: bool) -> SeedSpread:
    if math.isnan(own[0]):
        return SeedSpread(math.nan, own[1], pooled=False)
    if noisier and own[0] > pool[0]:
        return SeedSpread(*own, pooled=False)
    return SeedSpread(*pool, pooled=True)
