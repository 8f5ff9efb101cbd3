"""The scores of a run, each of two columns of n values. NaN is "does not exist", never a guess."""

import math
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

PlainStatistic = Callable[[Array, Array], float | Weighted]
"""Of (labels, predictions), both float64 (n,): a number, or a function of weights."""


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

    statistic: PlainStatistic
    higher_is_better: bool = True
    title: Text | str = ""

    def __post_init__(self) -> None:
        if not callable(self.statistic):
            raise ValueError(
                f"a metric's statistic is a function of labels and predictions, not {self.statistic!r}"
            )

    def __call__(self, labels: Array, predictions: Array) -> Weighted:
        # A function of one's own may sort or centre in place; those of `weighted` do not.
        found = self.statistic(labels.copy(), predictions.copy())
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

BINARY = "f1"
"""The name of the score beside them that takes a binary rule: no row has it."""

TRIED_PAIRS = 8


def _made_up() -> tuple[Array, Array]:
    """Labels and predictions (8,) to try a metric on."""
    return np.linspace(0, 5, TRIED_PAIRS), 5 * np.array([0.1, 0.9, 0.3, 0.4, 0.8, 0.2, 0.6, 0.5])


def metric_named(name: str) -> Metric:
    """The row of `METRICS`, where a plain function is as good as a `Metric`; or one's own, `module:name`,
    tried on a few pairs.

    ValueError, which names it, where it is unknown or no metric; InputError where there is no such module or
    name.
    """
    if name in METRICS:
        return _row(name, METRICS[name])
    if ":" not in name:
        raise ValueError(f"metric {name!r} is unknown: use one of {', '.join(METRICS)}, or module:name")
    metric = _row(name, find("metric", name))
    try_metric(name, metric)
    return metric


def _row(name: str, found: object) -> Metric:
    if name == BINARY:
        raise ValueError(f"metric {BINARY}: is the name of the binary F1: give your row another")
    if not callable(found):
        raise ValueError(f"metric {name}: must be a function of labels and predictions, not {found!r:.80}")
    return found if isinstance(found, Metric) else Metric(found, title=name)


def try_metric(name: str, metric: Metric) -> None:
    """Raise ValueError, which names it, unless a metric scores a few made-up pairs: a number or NaN, or a
    function of weights (resamples, n) that gives as many.
    """
    labels, predictions = _made_up()
    # All pairs, and a resample.
    weights = np.array([[1.0] * TRIED_PAIRS, [0, 2, 1, 1, 1, 0, 1, 2]])
    try:
        values = np.asarray(metric(labels, predictions)(weights), np.float64)
    # Whatever it does, it is its author's to mend.
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"metric {name}: fails on {TRIED_PAIRS} made-up pairs: {reason}") from error
    if values.shape != weights.shape[:1]:
        raise ValueError(
            f"metric {name}: its function of weights of shape {weights.shape} returned the shape "
            f"{values.shape}, not {weights.shape[:1]}"
        )
    if np.isinf(values).any():
        raise ValueError(f"metric {name}: returned an infinite number for {TRIED_PAIRS} made-up pairs")


def is_free_of_scale(metric: Metric) -> bool:
    """Whether labels and predictions may be on two scales, as for correlations: tried on made-up pairs."""
    labels, predictions = _made_up()
    tried = (labels, predictions), (labels, 2 * predictions - 7), (labels / 5, predictions)
    try:
        value, *moved = (float(metric(*columns)(np.ones((1, TRIED_PAIRS)))[0]) for columns in tried)
    except Exception:  # what fails beside the label scale takes that one
        return False
    return all(math.isclose(value, each, rel_tol=1e-9, abs_tol=1e-9) for each in moved)


def metrics_free_of_scale() -> tuple[str, ...]:
    """The names of such rows of `METRICS`."""
    return tuple(name for name in METRICS if is_free_of_scale(metric_named(name)))


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
