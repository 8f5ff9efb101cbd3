"""Models in the order of their scores, with one rank for those that can't be told apart."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.columns import group_numbers, label_and_rows, units
from dalmeum.stats.intervals import FEWEST_PAIRS, Difference
from dalmeum.stats.paired import leave_out, variance_of, with_errors
from dalmeum.stats.verdicts import LEVEL
from dalmeum.stats.weighted import ROUNDING, Array


@dataclass(frozen=True, eq=False)
class Ranking:
    """k models, ranked by Pearson on the same pairs.

    Attributes:
        order: their indices, the best first; one that has no score comes last.
        ranks: (k,) by index: 1 + the number of models in better ranks.
        to_best: (k,) by index: the model less the best, as `paired_difference`.
    """

    order: tuple[int, ...]
    ranks: tuple[int, ...]
    to_best: tuple[Difference, ...]


def rank_models(
    labels: ArrayLike, rows: ArrayLike, *, groups: ArrayLike | None = None, level: float = LEVEL
) -> Ranking:
    """Rank models by their Pearson, each tested against the best of its rank.

    From the best on down, a rank goes on until a model is told apart from the rank's first one, which begins
    the next. The test is `paired_difference`, its p-value that of `of_all_pairs` over the models that are
    left: the first one was chosen as the best of them. Where they are equally good, the chance that any is
    put below is `level` at most. Of the models in one rank none is told apart from its first; two others of
    it may be.

    Args:
        labels: (n,). rows: predictions, (k, n). groups: (n,), as in `paired_difference`.
    """
    label, models = label_and_rows(labels, rows, "rows")
    grouped = group_numbers(groups, len(label))
    statistics = [weighted.pearson(label, row) for row in models]
    scores = np.array([float(each(np.ones((1, len(label))))[0]) for each in statistics])
    order = np.argsort(-scores, kind="stable")  # NaN comes last
    enough = units(grouped, len(label)) >= FEWEST_PAIRS
    left_out = leave_out(statistics, len(label), grouped) if enough else np.full((len(models), 0), np.nan)

    def difference(one: int, other: int) -> Difference:
        value, error = _exact(scores[one] - scores[other]), (math.nan, math.nan)
        if enough and math.isfinite(value):
            error = variance_of(_exact(left_out[one] - left_out[other]))
        return with_errors(float(value), [error])

    ranks = np.empty(len(models), int)
    start = 0
    while start < len(order):
        alone = [difference(each, int(order[start])).p_value for each in order[start + 1 :]]
        p_values = of_all_pairs(alone, len(order) - start)
        apart = (p_values < level) | np.isnan(scores[order[start + 1 :]]) & ~np.isnan(scores[order[start]])
        size = 1 + (int(np.argmax(apart)) if apart.any() else len(apart))
        ranks[order[start : start + size]] = start + 1
        start += size
    to_best = tuple(difference(each, int(order[0])) for each in range(len(models)))
    return Ranking(tuple(order.tolist()), tuple(ranks.tolist()), to_best)


def of_all_pairs(p_values: ArrayLike, models: int) -> Array:
    """p-values of differences of two of so many models, for the largest of all their differences.

    Tukey's (1953) studentised range, conservative where variances differ (Hayter 1984, Annals of Statistics
    12, 61-75), at the normal quantile of each p-value in place of Student's t.
    """
    from scipy.special import ndtr, ndtri

    width = -math.sqrt(2) * ndtri(np.asarray(p_values, np.float64) / 2)[:, None]
    largest, step = np.linspace(-8, 8, 1601, retstep=True)
    inside = ndtr(largest) - ndtr(largest - width)
    density = models * np.exp(-(largest**2) / 2) / math.sqrt(2 * math.pi)
    found: Array = np.clip(1 - (density * inside ** (models - 1)).sum(axis=1) * step, 0, 1)
    return found


def _exact(values: Array) -> Array:
    """Differences in which rounding is none."""
    return np.where(np.abs(values) <= ROUNDING, 0.0, values)
