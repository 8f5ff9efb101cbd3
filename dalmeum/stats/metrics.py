"""The five scores of a run, each of two columns of n values. NaN is "does not exist", never a guess."""

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.columns import equal_columns
from dalmeum.stats.weighted import Statistic, Weighted


def pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Pearson's correlation; NaN where a side does not vary beyond rounding, or for fewer than 2 pairs."""
    return _value(weighted.pearson, first, second)


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Pearson's correlation of the mid-ranks; NaN where a side does not vary, or for fewer than 2 pairs."""
    return _value(weighted.spearman, first, second)


def rmse(label: ArrayLike, prediction: ArrayLike) -> float:
    """Root mean squared error, in label units; NaN for no pairs."""
    return _value(weighted.rmse, label, prediction)


def mae(label: ArrayLike, prediction: ArrayLike) -> float:
    """Mean absolute error, in label units; NaN for no pairs."""
    return _value(weighted.mae, label, prediction)


def f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """F1 of the class 1, both columns holding 0 and 1; NaN where neither holds a 1."""
    return _value(weighted.f1, truth, predicted)


def _value(statistic: Statistic, first: ArrayLike, second: ArrayLike) -> float:
    columns = equal_columns(first, second)
    of_weights: Weighted = statistic(*columns)
    return float(of_weights(np.ones((1, len(columns[0]))))[0])
