"""Is one run better than another on these pairs: Student's t on the jackknife's standard error."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, student, weighted
from dalmeum.stats.columns import Groups, equal_columns, group_numbers, units
from dalmeum.stats.intervals import CONFIDENCE, FEWEST_EXISTING, FEWEST_PAIRS, Difference, influences
from dalmeum.stats.weighted import ROUNDING, Array, Statistic, Weighted


def paired_difference(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    metric: Statistic = weighted.pearson,
    confidence: float = CONFIDENCE,
) -> Difference:
    """`metric(labels, first) - metric(labels, second)`, tested for new pairs.

    Student's t with n - 1 degrees of freedom on the delete-one jackknife's standard error (Tukey 1958, Annals
    of Mathematical Statistics 29, 614; Efron and Tibshirani 1993, chapter 11): the spread of what each pair
    adds to the difference, whatever the errors' distribution. It serves every metric that moves smoothly
    with the pairs, as those of `METRICS` do; a median does not. `benchmarks/calibration.py` simulates it.

    With `groups`, (n,), pairs of one group may err alike: whole groups are left out, and there are G - 1
    degrees of freedom, G being their number. All of them count, also where one group is most of the error: a
    t ratio of independent, symmetric parts rejects too seldom rather than too often, however
    unequal they are (Efron 1969, JASA 64, 1278-1302; Ibragimov and Mueller 2010, Journal of Business and
    Economic Statistics 28, 453-468). Nothing is supposed of how alike the errors are, which may be another
    number in each group.

    All columns are of shape (n,); ValueError where they are not. Predictions whose scores agree whichever
    pair is left out have the difference 0, from 0 to 0, and p = 1. The bounds and p are NaN for fewer than 3
    pairs, or groups, where the metric does not exist, and where every pair says the same.
    """
    label, one, other = equal_columns(labels, first, second)
    statistic = difference_of(metric(label, one), metric(label, other))
    return jackknifed([(statistic, len(label), group_numbers(groups, len(label)))], confidence)


def jackknifed(
    sides: Sequence[tuple[Weighted, int, Groups | None]], confidence: float = CONFIDENCE
) -> Difference:
    """The first statistic less the second, if there are two, of other pairs, with their number and groups.

    The errors of two independent sets of pairs add up, at Satterthwaite's degrees of freedom.
    """
    values, parts = zip(*(_jackknife(*side) for side in sides), strict=True)
    return with_errors(values[0] - sum(values[1:]), parts, confidence)


def with_errors(
    value: float, parts: Sequence[tuple[float, float]], confidence: float = CONFIDENCE
) -> Difference:
    """A difference whose variance is the sum of these parts, each with its degrees of freedom."""
    error, freedom = student.satterthwaite(parts)
    if value and error <= ROUNDING * abs(value):
        error = math.nan
    return student.difference(value, error, freedom, confidence)


def difference_of(first: Weighted, second: Weighted) -> Weighted:
    """The difference of two statistics; exactly 0 where rounding is all that tells them apart."""

    def difference(weights: Array) -> Array:
        values = first(weights) - second(weights)
        return np.where(np.abs(values) <= ROUNDING, 0.0, values)

    return difference


def _jackknife(statistic: Weighted, pairs: int, groups: Groups | None) -> tuple[float, tuple[float, float]]:
    """The statistic of all pairs, and its variance with degrees of freedom."""
    value = float(statistic(np.ones((1, pairs)))[0])
    if units(groups, pairs) < FEWEST_PAIRS or not math.isfinite(value):
        return value, (math.nan, math.nan)
    (left_out,) = leave_out([statistic], pairs, groups)
    return value, variance_of(left_out)


def leave_out(statistics: Sequence[Weighted], pairs: int, groups: Groups | None) -> Array:
    """Each statistic without one pair, or group, after the other: (statistics, units)."""
    return resampling.evaluate(statistics, resampling.jackknife(pairs, resampling.MOST_LEFT_OUT, groups))


def variance_of(left_out: Array) -> tuple[float, float]:
    """The jackknife's variance of a statistic (units,), and its degrees of freedom; NaN where it has none."""
    influence = influences(left_out)
    if len(influence) < FEWEST_EXISTING * len(left_out):
        return math.nan, math.nan
    freedom = len(influence) - 1
    return float(influence @ influence) * (freedom + 1) / freedom, freedom
