"""The scores of a run, each of two columns of n values. NaN is "does not exist", never a guess."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.languages import Text
from dalmeum.own_code import find
from dalmeum.stats import weighted
from dalmeum.stats.columns import equal_columns
from dalmeum.stats.weighted import Array, Statistic, Weighted


@dataclass(frozen=True)
class Metric:
    """What predictions are scored by.

    A `Metric` is itself a statistic as those of `dalmeum.stats.weighted`.

    Attributes:
        statistic: of (labels, predictions), both float64 (n,): a number, as SciPy's functions have it, or
            a function of weights as in `dalmeum.stats.weighted`, many times quicker in a bootstrap.
        higher_is_better: False for errors.
        title: what people read; the metric's name where there is none.

    Example:
        >>> from scipy.stats import kendalltau
        >>> METRICS["kendall"] = Metric(lambda labels, predictions: kendalltau(labels, predictions).statistic)
    """

    statistic: Callable[[Array, Array], float | Weighted]
    higher_is_better: bool = True
    title: Text | str = ""

    def __post_init__(self) -> None:
        if not callable(self.statistic):
            raise ValueError(
                f"a metric's statistic is a function of labels and predictions, not {self.statistic!r}"
            )

    def __call__(self, labels: Array, predictions: Array) -> Weighted:
        found = self.statistic(labels, predictions)
        if callable(found):
            return found
        if not isinstance(found, SupportsFloat):
            raise ValueError(f"metric {self.title or self.statistic}: returned {found!r:.80}, no number")
        return weighted.of_resamples(self.statistic, labels, predictions)


METRICS: dict[str, Metric] = {
    "pearson": Metric(weighted.pearson, title=Text("Pearson r", "피어슨 상관")),
    "spearman": Metric(weighted.spearman, title=Text("Spearman ρ", "스피어만 상관")),
    "rmse": Metric(weighted.rmse, higher_is_better=False, title="RMSE"),
    "mae": Metric(weighted.mae, higher_is_better=False, title="MAE"),
}
"""The metrics of every evaluation, study and comparison, by name. Another one is another row."""


def metric_named(name: str) -> Metric:
    """The row of `METRICS`, where a plain function is as good as a `Metric`; or one's own, `module:name`.

    ValueError with the names that there are, InputError where there is no such module or name.
    """
    if name not in METRICS and ":" not in name:
        raise ValueError(f"metric {name!r} is unknown: use one of {', '.join(METRICS)}, or module:name")
    found = METRICS[name] if name in METRICS else find("metric", name)
    return found if isinstance(found, Metric) else Metric(found)


def pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Pearson's correlation; NaN where a side does not vary beyond rounding, or for fewer than 2 pairs."""
    return of_columns(weighted.pearson, first, second)


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Pearson's correlation of the mid-ranks; NaN where a side does not vary, or for fewer than 2 pairs."""
    return of_columns(weighted.spearman, first, second)


def rmse(label: ArrayLike, prediction: ArrayLike) -> float:
    """Root mean squared error, in label units; NaN for no pairs."""
    return of_columns(weighted.rmse, label, prediction)


def mae(label: ArrayLike, prediction: ArrayLike) -> float:
    """Mean absolute error, in label units; NaN for no pairs."""
    return of_columns(weighted.mae, label, prediction)


def f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """F1 of the class 1, both columns holding 0 and 1; NaN where neither holds a 1."""
    return of_columns(weighted.f1, truth, predicted)


def of_columns(statistic: Statistic, first: ArrayLike, second: ArrayLike) -> float:
    """A statistic of two columns (n,), as a number."""
    columns = equal_columns(first, second)
    of_weights: Weighted = statistic(*columns)
    return float(of_weights(np.ones((1, len(columns[0]))))[0])
