"""Where a correlation is lost: the pairs that hold the variance which predictions leave unexplained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalmeum.stats import resampling
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.intervals import (
    CONFIDENCE,
    FEWEST_EXISTING,
    FEWEST_PAIRS,
    BootstrapDistribution,
    Estimate,
    influences,
)
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.seeds import seed_mean
from dalmeum.stats.weighted import ROUNDING, Array

Rows = NDArray[np.intp]


def least_squares(labels: ArrayLike, predictions: ArrayLike) -> Array:
    """Each row of predictions after its own least-squares line of label on prediction, shape (k, n).

    `labels` are of shape (n,), `predictions` of shape (k, n), each row with some variance. Pearson's r does
    not change (but for the sign of a falling line), and 1 - r^2 of the labels' variance is left.
    """
    label, rows = label_and_rows(labels, predictions, "predictions")
    centred = rows - rows.mean(axis=1, keepdims=True)
    slope = centred @ (label - label.mean()) / np.einsum("ij,ij->i", centred, centred)
    return np.asarray(label.mean() + slope[:, None] * centred)


def relative_squared_error(
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: Sequence[Rows],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
    overlap: float = 0.0,
) -> list[Estimate]:
    """Mean squared residual of each group of rows, in units of that of all pairs.

    Residuals are from the least-squares line of label on prediction, whose squares add up to 1 - r^2 of the
    labels' variance: a group's share of what Pearson lost is this number times its share of the pairs. Above
    1 a group holds more than its share. With k rows of predictions, a row a seed, it is the mean over seeds;
    `overlap` is that of `mean_over_seeds`.

    `labels` are of shape (n,), `predictions` of shape (k, n). Intervals are BCa over pairs for k = 1, else
    those of `mean_over_seeds`; each resample fits its own line. NaN where the residuals are all zero or a
    row does not vary, and NaN bounds for a group of fewer than 3 pairs.
    """
    label, rows = label_and_rows(labels, predictions, "predictions")
    pairs = len(label)
    ratios = _Ratios(label, rows, groups)
    (values,) = ratios.of(resampling.everything(pairs))
    replicates = ratios.of(resampling.bootstrap(pairs, resamples, seed))
    if len(rows) == 1:
        left_out = ratios.of(resampling.jackknife(pairs))
    found = []
    for place, group in enumerate(groups):
        if len(group) < FEWEST_PAIRS:
            found.append(Estimate(float(values[place].mean())))
        elif len(rows) == 1:
            influence = influences(left_out[:, place, 0])
            distribution = BootstrapDistribution.of(
                float(values[place, 0]), replicates[:, place, 0], influence
            )
            found.append(distribution.interval(confidence))
        else:
            existing = replicates[np.isfinite(replicates[:, place]).all(axis=1), place]
            if len(existing) < FEWEST_EXISTING * len(replicates):
                existing = existing[:0]
            # What the pairs are worth is known from the group's own.
            how: Any = {"confidence": confidence, "overlap": overlap}
            mean = seed_mean(values[place], existing, len(group), **how)
            found.append(Estimate(mean.value, mean.low, mean.high))
    return found


class _Ratios:
    """The ratio of every group and seed, from sums that are linear in the pairs' weights."""

    def __init__(self, label: Array, rows: Array, groups: Sequence[Rows]) -> None:
        y = label - label.mean()
        x = rows - rows.mean(axis=1, keepdims=True)
        self.groups = groups
        self.moments = np.concatenate([[np.ones_like(y), y, y * y], x, x * x, x * y]).T
        self.variance = np.array([*x.var(axis=1), y.var()])

    def of(self, blocks: resampling.Blocks) -> Array:
        """Shape (resamples, groups, k)."""
        return np.concatenate([self._of_block(weights) for weights in blocks])

    def _of_block(self, weights: Array) -> Array:
        count, y, yy, x, xx, xy = self._sums(weights @ self.moments)
        spread = xx - x * x / count
        varies = spread > ROUNDING * np.maximum(xx, count * self.variance[:-1])
        slope = np.where(varies, xy - x * y / count, np.nan) / np.where(varies, spread, 1.0)
        intercept = (y - slope * x) / count

        def mean_square(sums: tuple[Array, ...]) -> Array:
            count, y, yy, x, xx, xy = sums
            squares = (
                yy
                - 2 * (intercept * y + slope * xy)
                + intercept**2 * count
                + 2 * intercept * slope * x
                + slope**2 * xx
            )
            return np.where(count > 0, np.maximum(squares, 0.0) / np.maximum(count, 1.0), np.nan)

        whole = mean_square((count, y, yy, x, xx, xy))
        whole = np.where(whole > ROUNDING * self.variance[-1], whole, np.nan)
        parts = [mean_square(self._sums(weights[:, rows] @ self.moments[rows])) for rows in self.groups]
        return np.stack([part / whole for part in parts], axis=1)

    @staticmethod
    def _sums(totals: Array) -> tuple[Array, ...]:
        """Count, y and y^2, of shape (resamples, 1), and x, x^2 and xy, of shape (resamples, k)."""
        return (*np.split(totals[:, :3], 3, axis=1), *np.split(totals[:, 3:], 3, axis=1))
