"""Is the label scale linear in the predictions: an isotonic against a linear fit, both out of fold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.columns import equal_columns
from dalmeum.stats.intervals import CONFIDENCE, Difference
from dalmeum.stats.metrics import pearson, rmse
from dalmeum.stats.paired import paired_difference
from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Array

FOLDS = 10

SPLITS = 10
"""Into folds. One alone moves the difference of the errors by up to .0045, and which one is drawn is luck."""


@dataclass(frozen=True)
class Linearity:
    """Out-of-fold fits of label on prediction.

    Attributes:
        rmse_linear: error of the straight line, in label units.
        rmse_isotonic: error of the best rising curve.
        difference: isotonic less linear, by `paired_difference`; below 0 a curve fits better, so that the
            scale is not linear.
        linear: the out-of-fold values of the line, the mean over the splits into folds, shape (n,), in label
            units.
        isotonic: those of the curve.
        pearson_gain: Pearson of those values less that of the predictions as they are: what bending the
            scale would bring.
    """

    rmse_linear: float
    rmse_isotonic: float
    difference: Difference
    linear: Array
    isotonic: Array
    pearson_gain: float


def linearity(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    folds: int = FOLDS,
    splits: int = SPLITS,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Linearity:
    """Whether a monotone curve from predictions to labels beats a straight line on pairs it was not fit on.

    Both columns are of shape (n,). The line is least squares, the curve least squares among rising ones
    (Barlow et al. 1972, Statistical Inference under Order Restrictions), straight between its points and
    level beyond them. Both are fit on all folds but one, whose pairs they answer; each pair's answer is the
    mean over `splits` into folds, none of which learned from it, so that no single split decides. ValueError
    for columns that do not fit, fewer than 2 folds, or fewer than 2 pairs a fold.
    """
    label, prediction = equal_columns(labels, predictions)
    if not 2 <= folds <= len(label) // 2:
        raise ValueError(f"{folds} folds of {len(label)} pairs; expected at least 2 folds of 2 pairs")
    generator = np.random.default_rng(seed)
    line, curve = np.zeros_like(label), np.zeros_like(label)
    for _ in range(splits):
        order = generator.permutation(len(label))
        for held_out in np.array_split(order, folds):
            rest = np.ones(len(label), bool)
            rest[held_out] = False
            line[held_out] += _line(prediction[rest], label[rest], prediction[held_out]) / splits
            curve[held_out] += isotonic_curve(prediction[rest], label[rest], prediction[held_out]) / splits
    return Linearity(
        rmse_linear=rmse(label, line),
        rmse_isotonic=rmse(label, curve),
        difference=paired_difference(label, curve, line, metric=weighted.rmse, confidence=confidence),
        linear=line,
        isotonic=curve,
        pearson_gain=pearson(label, curve) - pearson(label, prediction),
    )


def _line(x: Array, y: Array, new: Array) -> Array:
    deviations = x - x.mean()
    spread = float(deviations @ deviations)
    slope = float(deviations @ y) / spread if spread else 0.0
    return np.asarray(y.mean() + slope * (new - x.mean()))


def isotonic_curve(x: Array, y: Array, new: Array) -> Array:
    """The rising least-squares curve of y on x, both of shape (n,), at `new`: level beyond the points."""
    from scipy.optimize import isotonic_regression  # slow to import, and needed here alone

    # One point a prediction: the curve has one value for equal predictions.
    points, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=y) / counts
    return np.asarray(np.interp(new, points, isotonic_regression(means, weights=counts).x))
