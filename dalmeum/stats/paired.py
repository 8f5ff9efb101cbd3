"""Is one run better than another on these pairs: the paired bootstrap of the difference of a metric."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.intervals import CONFIDENCE, Estimate, bootstrap_each
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.weighted import ROUNDING, Array, Statistic, Weighted


@dataclass(frozen=True)
class PairedDifference:
    """Score of one column of predictions less that of another, on the same pairs.

    Attributes:
        interval: the difference with its BCa bounds; holds for new pairs, not for new seeds.
        p_value: two-sided, of "the difference is 0"; NaN where the interval does not exist.
    """

    interval: Estimate
    p_value: float

    @property
    def difference(self) -> float:
        return self.interval.value


def paired_difference(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> PairedDifference:
    """`metric(labels, first) - metric(labels, second)` by a bootstrap that draws pairs with all they hold.

    BCa (Efron 1987, JASA 82, 171-185); the p-value is that of the interval which just touches 0. All columns
    are of shape (n,); ValueError where they are not. Predictions whose scores agree in every resample have
    the difference 0, from 0 to 0, and p = 1.
    """
    label, one, other = columns(labels, first, second)
    difference = {"": _difference(metric(label, one), metric(label, other))}
    distribution = bootstrap_each(difference, len(label), resamples=resamples, seed=seed)[""]
    if len(distribution.replicates) and not distribution.replicates.any() and distribution.value == 0:
        return PairedDifference(Estimate(0.0, 0.0, 0.0), 1.0)
    return PairedDifference(distribution.interval(confidence), distribution.p_value())


def columns(*values: ArrayLike) -> list[Array]:
    """The columns as float64; ValueError unless all are of shape (n,)."""
    arrays = [np.asarray(column, np.float64) for column in values]
    if arrays[0].ndim != 1 or any(array.shape != arrays[0].shape for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"columns of shapes {shapes}; expected all of one (n,)")
    return arrays


def _difference(first: Weighted, second: Weighted) -> Weighted:
    def difference(weights: Array) -> Array:
        values = first(weights) - second(weights)
        # What rounding leaves of two equal scores is no difference, and has no sign.
        return np.where(np.abs(values) <= ROUNDING, 0.0, values)

    return difference
