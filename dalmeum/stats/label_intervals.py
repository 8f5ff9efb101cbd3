"""Where the label of a pair is likely to lie, by what a model's error was on pairs that were labelled.

Split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, Journal of the American
Statistical Association 113, 1094-1111): half the width is a quantile of the absolute residuals of pairs that
the model did not learn from. A model errs more on one level of the scale than on another, so the residuals
are those of the pairs whose scores are the nearest (local, as Lei and Wasserman 2014 have it). Coverage
measured: `benchmarks/label_intervals.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.stats.weighted import Array

LEVEL = 0.9

NEAREST = 100
"""Pairs whose residuals count for a score: enough for a quantile, and few enough to be of its level."""

FEWEST = 30
"""Labelled pairs below which there is no interval."""

PARTS = 10
"""In which pairs are cut to see what others' intervals hold of them."""


@dataclass(frozen=True, eq=False)
class LabelIntervals:
    """Intervals for labels, from n labelled pairs in the order of their predictions.

    Attributes:
        predictions, errors: (n,); an error is prediction less label, without its sign.
        label_range: an interval ends there.
        coverage: the share of the pairs' own labels that intervals from nine tenths of the others hold.
    """

    predictions: Array
    errors: Array
    label_range: tuple[float, float]
    coverage: float

    @classmethod
    def of(cls, predictions: Array, labels: Array, label_range: tuple[float, float]) -> "LabelIntervals":
        """From predictions and labels (n,) of at least `FEWEST` pairs that the model did not learn from.

        Raises `ValueError` for fewer.
        """
        if len(predictions) < FEWEST:
            raise ValueError(f"{len(predictions)} pairs: an interval needs {FEWEST}")
        order = np.argsort(predictions, kind="stable")
        predictions, errors = predictions[order], np.abs(predictions - labels)[order]
        return cls(predictions, errors, label_range, float(np.mean(held_by_others(predictions, errors))))

    def __len__(self) -> int:
        return len(self.predictions)

    def at(self, scores: Array) -> Array:
        """Lower and upper ends, (n, 2), around scores (n,)."""
        widths = half_widths(self.predictions, self.errors, scores)
        return np.clip(np.stack([scores - widths, scores + widths], axis=1), *self.label_range)


def half_widths(predictions: Array, errors: Array, scores: Array) -> Array:
    """Of intervals around scores (k,), from the errors (n,) of predictions (n,), which rise."""
    count = min(NEAREST, len(predictions))
    rank = min(math.ceil((count + 1) * LEVEL), count) - 1
    starts = [_nearest(predictions, score, count) for score in scores]
    return np.array([np.partition(errors[start : start + count], rank)[rank] for start in starts])


def held_by_others(predictions: Array, errors: Array) -> NDArray[np.bool_]:
    """Whether a label (n,) lies in the interval that is made without the tenth of the pairs that it is of."""
    part = np.random.default_rng(0).permutation(len(predictions)) % PARTS
    held = np.empty(len(predictions), bool)
    for number in range(PARTS):
        here, rest = part == number, part != number
        held[here] = errors[here] <= half_widths(predictions[rest], errors[rest], predictions[here])
    return held


def _nearest(rising: Array, value: float, count: int) -> int:
    """Where the `count` numbers begin that are the nearest to a value."""
    low, high = 0, len(rising) - count
    while low < high:
        middle = (low + high) // 2
        if rising[middle + count] - value < value - rising[middle]:
            low = middle + 1
        else:
            high = middle
    return low
