"""Is one run better than another on these pairs: the paired bootstrap of the difference of a metric."""

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.columns import equal_columns
from dalmeum.stats.intervals import CONFIDENCE, Difference, bootstrap_each
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.weighted import ROUNDING, Array, Statistic, Weighted


def paired_difference(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Difference:
    """`metric(labels, first) - metric(labels, second)` by a bootstrap that draws pairs with all they hold.

    BCa (Efron 1987, JASA 82, 171-185); the p-value is that of the interval which just touches 0. All columns
    are of shape (n,); ValueError where they are not. Predictions whose scores agree in every resample have
    the difference 0, from 0 to 0, and p = 1.
    """
    label, one, other = equal_columns(labels, first, second)
    statistics = {"": difference_of(metric(label, one), metric(label, other))}
    distribution = bootstrap_each(statistics, len(label), resamples=resamples, seed=seed)[""]
    return distribution.difference(confidence)


def difference_of(first: Weighted, second: Weighted) -> Weighted:
    """The difference of two statistics; exactly 0 where rounding is all that tells them apart."""

    def difference(weights: Array) -> Array:
        values = first(weights) - second(weights)
        return np.where(np.abs(values) <= ROUNDING, 0.0, values)

    return difference
