"""Statistics of n pairs that take weights: prepared once on the data, then cheap for many resamples.

A bootstrap resample of n pairs is n counts, a jackknife replicate is ones with holes, so both are rows of
weights. Each function here takes two columns of shape (n,) and returns a `Weighted`: rows of weights of
shape (resamples, n) in, one value a row out, NaN where the statistic does not exist. Weights must be whole
numbers for Spearman, whose ranks count copies, and for `of_resamples`; the others take any.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weighted = Callable[[Array], Array]
Statistic = Callable[..., Weighted]

ROUNDING = 1e-12
"""A variance below this share of the mean square is what rounding leaves of zero."""


def pearson(first: Array, second: Array) -> Weighted:
    """Pearson's correlation; NaN where a side does not vary."""
    a, b = _centred(first), _centred(second)
    moments = (np.ones_like(a), a, b, a * a, b * b, a * b)

    def correlation(weights: Array) -> Array:
        return _correlation(*(weights @ moment for moment in moments))

    return correlation


def spearman(first: Array, second: Array) -> Weighted:
    """Spearman's correlation: Pearson's of the mid-ranks; NaN where a side does not vary."""
    rank_first, rank_second = _mid_ranks(first), _mid_ranks(second)

    def correlation(weights: Array) -> Array:
        total = weights.sum(axis=-1)
        # Mid-ranks of k pairs average (k + 1) / 2 whatever the ties, so this centres them.
        middle = (total + 1) / 2
        a = rank_first(weights) - middle[:, None]
        b = rank_second(weights) - middle[:, None]
        weighted_a = weights * a
        zero = np.zeros_like(total)
        return _correlation(
            total,
            zero,
            zero,
            np.einsum("ij,ij->i", weighted_a, a),
            np.einsum("ij,ij,ij->i", weights, b, b),
            np.einsum("ij,ij->i", weighted_a, b),
        )

    return correlation


def rmse(label: Array, prediction: Array) -> Weighted:
    """Root mean squared error."""
    mean_square = _mean((prediction - label) ** 2)
    return lambda weights: np.sqrt(mean_square(weights))


def mae(label: Array, prediction: Array) -> Weighted:
    """Mean absolute error."""
    return _mean(np.abs(prediction - label))


def f1(truth: Array, predicted: Array) -> Weighted:
    """F1 of the class 1 from two columns of 0 and 1; NaN where neither column holds a 1."""
    hits, positives = truth * predicted, truth + predicted
    return lambda weights: _ratio(2 * (weights @ hits), weights @ positives)


def of_resamples(statistic: Callable[[Array, Array], Any], first: Array, second: Array) -> Weighted:
    """Any statistic of two columns, taken of the pairs as often as whole-numbered weights say."""

    def of_weights(weights: Array) -> Array:
        rows = np.arange(len(first))
        resamples = (np.repeat(rows, counts.astype(np.intp)) for counts in weights)
        return np.array([float(statistic(first[drawn], second[drawn])) for drawn in resamples])

    return of_weights


def _mean(values: Array) -> Weighted:
    return lambda weights: _ratio(weights @ values, weights.sum(axis=-1))


def _centred(values: Array) -> Array:
    """Deviations from the mean, exactly zero where all that varies is rounding."""
    if not values.size:
        return values
    deviations = values - values.mean()
    negligible = np.max(np.abs(deviations)) <= ROUNDING * np.max(np.abs(values))
    return np.zeros_like(values) if negligible else deviations


def _mid_ranks(values: Array) -> Weighted:
    """Function of weights that ranks every value among the weighted ones, ties sharing their mean rank."""
    order = np.argsort(values, kind="stable")
    new_value = np.concatenate([[True], np.diff(values[order]) != 0]) if values.size else np.zeros(0, bool)
    starts = np.flatnonzero(new_value)
    tie = np.empty(len(values), dtype=np.intp)
    tie[order] = np.cumsum(new_value) - 1

    def ranks(weights: Array) -> Array:
        sizes = np.add.reduceat(np.take(weights, order, axis=1), starts, axis=1)
        middles = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
        return np.take(middles, tie, axis=1)

    return ranks


def _correlation(
    total: Array, sum_a: Array, sum_b: Array, sum_aa: Array, sum_bb: Array, sum_ab: Array
) -> Array:
    count = np.maximum(total, 1)
    variance_a = sum_aa - sum_a**2 / count
    variance_b = sum_bb - sum_b**2 / count
    exists = (variance_a > ROUNDING * sum_aa) & (variance_b > ROUNDING * sum_bb)
    covariance = sum_ab - sum_a * sum_b / count
    # Two roots: the product of two tiny variances would underflow.
    scale = np.sqrt(np.where(exists, variance_a, 1.0)) * np.sqrt(np.where(exists, variance_b, 1.0))
    return np.where(exists, np.clip(covariance / scale, -1.0, 1.0), np.nan)


def _ratio(above: Array, below: Array) -> Array:
    exists = below > 0
    return np.where(exists, above / np.where(exists, below, 1.0), np.nan)
