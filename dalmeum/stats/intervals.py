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
NORMAL = NormalDist()

FEWEST_PAIRS = 3
"""Below this no interval is tried: two pairs have a correlation of 1, -1 or none."""

FEWEST_EXISTING = 0.9
"""Share of resamples in which the statistic must exist for an interval to mean anything."""


def json_number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval; NaN stands for what does not exist."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, float | None]:
        """`{value, low, high}` as JSON has it: null for NaN."""
        columns = {"value": self.value, "low": self.low, "high": self.high}
        return {name: json_number(number) for name, number in columns.items()}


@dataclass(frozen=True)
class WithInterval:
    """What was found, with its bounds; `low` and `high` are those of `interval`."""

    interval: Estimate

    @property
    def low(self) -> float:
        return self.interval.low

    @property
    def high(self) -> float:
        return self.interval.high


@dataclass(frozen=True)
class Score(WithInterval):
    """A score of one model, or of an arm: `value`, with its bounds."""

    @property
    def value(self) -> float:
        return self.interval.value


@dataclass(frozen=True)
class Difference(WithInterval):
    """A difference of two scores.

    Attributes:
        interval: the difference with its t interval; `difference` is its value.
        p_value: two-sided, of "the difference is 0"; NaN where the interval does not exist.
        standard_error: of the difference; interval and p-value are Student's t at `degrees_of_freedom`.
    """

    p_value: float
    standard_error: float
    degrees_of_freedom: float

    @property
    def difference(self) -> float:
        return self.interval.value


@dataclass(frozen=True)
class BootstrapDistribution:
    """Replicates of a statistic, with what BCa corrects them by; `bias` is NaN where it has no interval."""

    value: float
    replicates: Array
    bias: float = math.nan
    acceleration: float = math.nan

    def interval(self, confidence: float = CONFIDENCE) -> Estimate:
        """The BCa interval (Efron 1987, equation 3.8)."""
        if math.isnan(self.bias):
            return Estimate(self.value)

        def corrected(level: float) -> float:
            shifted = self.bias + NORMAL.inv_cdf(level)
            return NORMAL.cdf(self.bias + shifted / (1 - self.acceleration * shifted))

        levels = [corrected((1 - confidence) / 2), corrected((1 + confidence) / 2)]
        low, high = np.quantile(self.replicates, levels)
        return Estimate(self.value, float(low), float(high))

    @classmethod
    def of(cls, value: float, bootstrap: Array, influence: Array) -> "BootstrapDistribution":
        """Corrected by how much each pair moves the statistic (`influences`)."""
        existing = bootstrap[np.isfinite(bootstrap)]
        nothing = cls(value, existing)
        if not math.isfinite(value) or len(existing) < FEWEST_EXISTING * len(bootstrap):
            return nothing
        below = (np.sum(existing < value) + np.sum(existing <= value)) / 2
        spread = float(np.sum(influence**2))
        if not 0 < below < len(existing) or np.ptp(existing) == 0 or spread == 0:
            return nothing
        acceleration = float(np.sum(influence**3)) / (6 * spread**1.5)
        return cls(value, existing, NORMAL.inv_cdf(float(below) / len(existing)), acceleration)


def influences(jackknife: Array) -> Array:
    """What each pair, or each group that the jackknife leaves out, adds to the statistic."""
    existing = jackknife[np.isfinite(jackknife)]
    return (1 - 1 / max(len(existing), 1)) * (existing.mean() - existing) if len(existing) else existing


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
    prepared = list(statistics.values())
    values = resampling.evaluate(prepared, resampling.everything(pairs))[:, 0].tolist()
    if pairs < FEWEST_PAIRS or resamples < 1:
        return {name: Estimate(value) for name, value in zip(statistics, values, strict=True)}
    bootstrap = resampling.evaluate(prepared, resampling.bootstrap(pairs, resamples, seed))
    jackknife = resampling.evaluate(prepared, resampling.jackknife(pairs))
    return {
        name: BootstrapDistribution.of(value, bootstrap[row], influences(jackknife[row])).interval(confidence)
        for row, (name, value) in enumerate(zip(statistics, values, strict=True))
    }


def fisher(correlation: float, pairs: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Interval of a Pearson correlation by Fisher's (1921) z, which supposes normal columns.

    Where errors are wider in the middle of the scale, as those of STS are, it covers 81 to 91 %: it is here
    for `zou` and no interval of a score.
    NaN bounds for fewer than 4 pairs and where the correlation is 1 or -1.
    """
    if pairs < 4 or not abs(correlation) < 1:
        return Estimate(correlation)
    half_width = NORMAL.inv_cdf((1 + confidence) / 2) / math.sqrt(pairs - 3)
    z = math.atanh(correlation)
    return Estimate(correlation, math.tanh(z - half_width), math.tanh(z + half_width))
