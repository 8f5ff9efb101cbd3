"""Confidence intervals of a statistic over pairs: BCa bootstrap, and Fisher's z for Pearson."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from dalmeum.stats import resampling
from dalmeum.stats.resampling import RESAMPLES as RESAMPLES
from dalmeum.stats.resampling import SEED as SEED
from dalmeum.stats.weighted import Array, Statistic, Weighted

CONFIDENCE = 0.95

FEWEST_PAIRS = 3
"""Below this no interval is tried: two pairs have a correlation of 1, -1 or none."""

FEWEST_EXISTING = 0.9
"""Share of resamples in which the statistic must exist for an interval to mean anything."""


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval; NaN stands for what does not exist."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, float | None]:
        """`{value, low, high}` as JSON has it: null for NaN."""
        columns = {"value": self.value, "low": self.low, "high": self.high}
        return {name: number if math.isfinite(number) else None for name, number in columns.items()}


def bca(
    statistic: Statistic,
    *columns: Array,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Estimate:
    """Bias-corrected and accelerated (BCa) bootstrap over pairs (Efron 1987, JASA 82, 171-185).

    `statistic` is one of `dalmeum.stats.weighted` or the like, the columns are of shape (n,). The interval
    equals that of `scipy.stats.bootstrap(paired=True)` for the same seed and up to 500 pairs. Resamples in
    which the statistic does not exist (a constant side) are left out; the bounds are NaN where that is more
    than a tenth of them, where all agree, and for fewer than 3 pairs.
    """
    pairs = len(columns[0])
    prepared = {"": statistic(*columns)}
    return bca_each(prepared, pairs, resamples=resamples, confidence=confidence, seed=seed)[""]


def bca_each(
    statistics: Mapping[str, Weighted],
    pairs: int,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> dict[str, Estimate]:
    """`bca` of several statistics of the same pairs, on the same resamples: drawn once, and comparable."""
    values = resampling.evaluate(statistics, resampling.everything(pairs))
    if pairs < FEWEST_PAIRS or resamples < 1:
        return {name: Estimate(float(value[0])) for name, value in values.items()}
    bootstrap = resampling.evaluate(statistics, resampling.bootstrap(pairs, resamples, seed))
    jackknife = resampling.evaluate(statistics, resampling.jackknife(pairs))
    return {
        name: _interval(float(values[name][0]), bootstrap[name], jackknife[name], confidence)
        for name in statistics
    }


def fisher(correlation: float, pairs: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Interval of a Pearson correlation by Fisher's (1921) z, which supposes normal columns.

    NaN bounds for fewer than 4 pairs and where the correlation is 1 or -1.
    """
    if pairs < 4 or not abs(correlation) < 1:
        return Estimate(correlation)
    half_width = NormalDist().inv_cdf((1 + confidence) / 2) / math.sqrt(pairs - 3)
    z = math.atanh(correlation)
    return Estimate(correlation, math.tanh(z - half_width), math.tanh(z + half_width))


def _interval(value: float, bootstrap: Array, jackknife: Array, confidence: float) -> Estimate:
    existing = bootstrap[np.isfinite(bootstrap)]
    replicates = jackknife[np.isfinite(jackknife)]
    if not math.isfinite(value) or len(existing) < FEWEST_EXISTING * len(bootstrap) or not len(replicates):
        return Estimate(value)
    below = (np.mean(existing < value) + np.mean(existing <= value)) / 2
    influence = replicates.mean() - replicates
    spread = float(np.sum(influence**2))
    if not 0 < below < 1 or np.ptp(existing) == 0 or spread == 0:
        return Estimate(value)
    normal = NormalDist()
    bias = normal.inv_cdf(float(below))
    acceleration = float(np.sum(influence**3)) / (6 * spread**1.5)

    def corrected(level: float) -> float:
        shifted = bias + normal.inv_cdf(level)
        return normal.cdf(bias + shifted / (1 - acceleration * shifted))

    levels = [corrected((1 - confidence) / 2), corrected((1 + confidence) / 2)]
    low, high = np.quantile(existing, levels)
    return Estimate(value, float(low), float(high))
