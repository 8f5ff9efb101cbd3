"""Two predictors against the same labels: tests for two dependent correlations that share a variable.

Notation of the papers, with 1 for the labels, 2 and 3 for the two predictors: r12 and r13 are compared, r23
is the predictors' own correlation. All three tests suppose normal columns whose errors are equally wide all
over the scale, which labels from 0 to 5 have not, and pairs that share no sentence; the t test on the
jackknife's standard error does not.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import student, weighted
from dalmeum.stats.columns import equal_columns, group_numbers, units
from dalmeum.stats.intervals import CONFIDENCE, Difference, Estimate, fisher
from dalmeum.stats.metrics import pearson
from dalmeum.stats.paired import paired_difference
from dalmeum.stats.weighted import ROUNDING

FEWEST_PAIRS = 4
"""Williams' t has n - 3 degrees of freedom."""

ALMOST_ONE = 1 - ROUNDING
"""Farther no correlation is taken into Fisher's z: that of 1 is infinite."""


@dataclass(frozen=True)
class SignificanceTest:
    """A test statistic and its two-sided p-value."""

    statistic: float
    p_value: float


@dataclass(frozen=True)
class CorrelationComparison(Difference):
    """Pearson of the first predictor less that of the second: `paired_difference`, and three tests beside it.

    Attributes:
        zou: the difference with Zou's bounds.
    """

    williams: SignificanceTest
    steiger: SignificanceTest
    zou: Estimate


def compare_correlations(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    confidence: float = CONFIDENCE,
) -> CorrelationComparison:
    """Whether two predictors of the same n labels correlate with them differently.

    All columns are of shape (n,), `groups` those of `paired_difference`; the three tests beside it know of
    none. Predictors that differ in scale and shift alone have the difference 0 and p = 1. ValueError for
    fewer than 4 pairs, for a column that does not vary or holds NaN, and for predictors that mirror each
    other (r23 = -1: the difference is then twice a correlation).
    """
    label, one, other = equal_columns(labels, first, second)
    n = len(label)
    grouped = group_numbers(groups, n)
    if n < FEWEST_PAIRS:
        raise ValueError(f"{n} pairs; to compare two correlations takes at least {FEWEST_PAIRS}")
    for name, column in (("labels", label), ("first", one), ("second", other)):
        if not np.isfinite(column).all():
            raise ValueError(f"{name}: not all numbers are finite")
        if math.isnan(pearson(column, column)):
            raise ValueError(f"{name}: all numbers are equal, so it has no correlation")
    r12, r13, r23 = pearson(label, one), pearson(label, other), pearson(one, other)
    if r23 <= -ALMOST_ONE:
        raise ValueError("second is first mirrored (correlation -1); turn one of them round")
    if r23 >= ALMOST_ONE:
        zero, equal = Estimate(0.0, 0.0, 0.0), SignificanceTest(0.0, 1.0)
        return CorrelationComparison(zero, 1.0, 0.0, units(grouped, n) - 1.0, equal, equal, zero)
    found = paired_difference(
        label, one, other, groups=grouped, metric=weighted.pearson, confidence=confidence
    )
    return CorrelationComparison(
        **vars(found),
        williams=williams(r12, r13, r23, n),
        steiger=steiger(r12, r13, r23, n),
        zou=zou(r12, r13, r23, n, confidence=confidence),
    )


def williams(r12: float, r13: float, r23: float, n: int) -> SignificanceTest:
    """Williams' (1959, JRSS B 21, 396-399) t with n - 3 degrees of freedom, as Steiger (1980, equation 7)."""
    if r12 == r13:
        return SignificanceTest(0.0, 1.0)
    determinant = max(1 - r12**2 - r13**2 - r23**2 + 2 * r12 * r13 * r23, 0.0)
    mean = (r12 + r13) / 2
    below = max(2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - r23) ** 3, ROUNDING**3)
    t = (r12 - r13) * math.sqrt((n - 1) * (1 + r23) / below)
    return SignificanceTest(t, student.p_value(t, 1.0, n - 3))


def steiger(r12: float, r13: float, r23: float, n: int) -> SignificanceTest:
    """Steiger's (1980, Psychological Bulletin 87, 245-251, equations 10 and 14) z."""
    if r12 == r13:
        return SignificanceTest(0.0, 1.0)
    mean = float(np.clip((r12 + r13) / 2, -ALMOST_ONE, ALMOST_ONE))
    covariance = r23 * (1 - 2 * mean**2) - mean**2 * (1 - 2 * mean**2 - r23**2) / 2
    spread = max(2 - 2 * covariance / (1 - mean**2) ** 2, ROUNDING)
    z = (_fisher_z(r12) - _fisher_z(r13)) * math.sqrt((n - 3) / spread)
    return SignificanceTest(z, student.p_value(z, 1.0, math.inf))


def zou(r12: float, r13: float, r23: float, n: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Zou's (2007, Psychological Methods 12, 399-413, p. 409) interval of r12 - r13.

    Each side joins the distances of Fisher's bounds from the two correlations, by the correlation of r12 and
    r13 (Pearson and Filon 1898).
    """
    first = fisher(float(np.clip(r12, -ALMOST_ONE, ALMOST_ONE)), n, confidence=confidence)
    second = fisher(float(np.clip(r13, -ALMOST_ONE, ALMOST_ONE)), n, confidence=confidence)
    r12, r13 = first.value, second.value
    covariance = (r23 - r12 * r13 / 2) * (1 - r12**2 - r13**2 - r23**2) + r23**3
    # Rounding takes it out of -1..1 where a correlation is almost 1.
    correlation = float(np.clip(covariance / ((1 - r12**2) * (1 - r13**2)), -1, 1))

    def joined(one: float, other: float) -> float:
        return math.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0))

    difference = r12 - r13
    return Estimate(
        difference,
        difference - joined(r12 - first.low, second.high - r13),
        difference + joined(first.high - r12, r13 - second.low),
    )


def _fisher_z(correlation: float) -> float:
    return math.atanh(float(np.clip(correlation, -ALMOST_ONE, ALMOST_ONE)))
