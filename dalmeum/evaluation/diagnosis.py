"""What ails a model: overfitting, a bent label scale, where its score is lost, and how far it could get."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.evaluation.slices import Rows, label_bins, lengths, sources, spacing
from dalmeum.stats import (
    Estimate,
    difference,
    gap,
    json_number,
    label_reliability,
    least_squares,
    linearity,
    pearson,
    relative_squared_error,
    score,
)
from dalmeum.stats.intervals import RESAMPLES

Array = NDArray[np.float64]
Kind = Literal["source", "length", "label", "prediction", "spacing"]

FEWEST_PAIRS = 20
"""Of fewer the folds of the label scale would be of one pair."""

FEWEST_ROWS_FOR_AN_INTERVAL = 10
MOST_SOURCES = 10


@dataclass(frozen=True)
class Overfitting:
    """Pearson on the training pairs, and that less the Pearson on the diagnosed ones."""

    train: float
    gap: Estimate

    @property
    def found(self) -> bool:
        """Whether the interval of the gap lies above 0."""
        return self.gap.low > 0

    def to_dict(self) -> dict[str, Any]:
        return {"train": json_number(self.train), "gap": self.gap.to_dict()}


@dataclass(frozen=True)
class Scale:
    """Whether labels rise in a straight line with the predictions (`dalmeum.stats.linearity`).

    Attributes:
        rmse_linear, rmse_isotonic: errors of the best straight line and of the best rising curve, in label
            units, on pairs that they were not fit on.
        difference: isotonic less linear; below 0 the curve is better.
        pearson_gain: Pearson of the curve's values less that of the predictions as they are.
    """

    rmse_linear: float
    rmse_isotonic: float
    difference: Estimate
    pearson_gain: Estimate

    @property
    def bent(self) -> bool:
        """Whether the curve is better beyond doubt; where it is not, a line is all that the pairs support."""
        return self.difference.high < 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "bent": self.bent,
            "rmse_linear": json_number(self.rmse_linear),
            "rmse_isotonic": json_number(self.rmse_isotonic),
            "difference": self.difference.to_dict(),
            "pearson_gain": self.pearson_gain.to_dict(),
        }


@dataclass(frozen=True)
class ErrorSlice:
    """What some of the pairs hold of the lost score, 1 - r^2.

    That is the variance of the labels that is left after the least-squares line of label on prediction: a
    mean over pairs of squared residuals, so that slices have exact shares of it.

    Attributes:
        share_of_pairs: from 0 to 1.
        relative_error: mean squared residual in units of that of all pairs: how many times its share of the
            pairs a slice holds of the lost score.
        bias: mean residual, prediction less label after the line, in label units. By label it falls from plus
            to minus for any model that is not perfect (regression to the mean), and so blames none; by
            prediction it is 0 on a straight scale.
        rmse: root of the mean squared residual, in label units.
        difference: `rmse` less that of the baseline; None without one, and by prediction: each model would
            be judged on pairs that its own errors chose.
    """

    name: str
    pairs: int
    share_of_pairs: float
    relative_error: Estimate
    bias: float
    rmse: float
    difference: Estimate | None

    @property
    def share_of_lost_score(self) -> float:
        return self.relative_error.value * self.share_of_pairs

    @property
    def harder(self) -> bool:
        """Whether the slice holds more than its share beyond doubt."""
        return self.relative_error.low > 1

    def to_dict(self) -> dict[str, Any]:
        return {
            "pairs": self.pairs,
            "share_of_pairs": self.share_of_pairs,
            "share_of_lost_score": json_number(self.share_of_lost_score),
            "relative_error": self.relative_error.to_dict(),
            "bias": self.bias,
            "rmse": self.rmse,
            "difference": self.difference and self.difference.to_dict(),
        }


@dataclass(frozen=True)
class Ceiling:
    """The Pearson that annotators' disagreement allows any model, and that less the model's."""

    ceiling: Estimate
    distance: float

    def to_dict(self) -> dict[str, Any]:
        return {"ceiling": self.ceiling.to_dict(), "distance": json_number(self.distance)}


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes:
        score: Pearson.
        overfitting: None where training predictions were not given.
        slices: by kind, those of a kind adding up to all pairs (of sources, the largest alone).
        ceiling: None where the data hold no single annotators' scores.
    """

    pairs: int
    score: Estimate
    overfitting: Overfitting | None
    scale: Scale
    slices: Mapping[Kind, tuple[ErrorSlice, ...]]
    ceiling: Ceiling | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "pairs": self.pairs,
            "score": self.score.to_dict(),
            "overfitting": self.overfitting and self.overfitting.to_dict(),
            "scale": self.scale.to_dict(),
            "slices": {
                kind: {part.name: part.to_dict() for part in parts} for kind, parts in self.slices.items()
            },
            "ceiling": self.ceiling and self.ceiling.to_dict(),
        }


def diagnose(
    table: PairTable,
    predictions: Array,
    *,
    train: tuple[Array, Array] | None = None,
    baseline: Array | None = None,
    resamples: int = RESAMPLES,
    overlap: float = 0.0,
) -> Diagnosis | None:
    """Diagnose one run, or an arm of several seeds, by its predictions on labelled pairs.

    All numbers of an arm are means over its seeds of what each run gives alone, with intervals for new seeds
    and new pairs; those of a run have BCa intervals over pairs. None where there is nothing to diagnose:
    fewer than 20 pairs, or labels or a run's predictions that do not vary.

    Args:
        table: n pairs with labels.
        predictions: shape (k, n), a row a run.
        train: labels (m,) and predictions (k, m) of the training pairs.
        baseline: predictions (k, n) to compare with, the same seeds in the same order; left aside where one
            does not vary.
        resamples: bootstrap resamples of the pairs.
        overlap: of the seeds' training sets, as in `dalmeum.stats.seed_by_pair`, where each has its own.
    """
    label = table.label
    how: Any = {"resamples": resamples, "overlap": overlap}
    if label is None:
        raise ValueError("a diagnosis needs labels")
    if len(table) < FEWEST_PAIRS or not _scores_exist(label, predictions):
        return None
    if baseline is not None and not _scores_exist(label, baseline):
        baseline = None
    found = score("pearson", label, predictions, **how).interval
    return Diagnosis(
        pairs=len(table),
        score=found,
        overfitting=None if train is None else _overfitting(train, label, predictions, resamples),
        scale=_scale(label, predictions, how),
        slices=_slices(table, label, predictions, baseline, how),
        ceiling=_ceiling(table, found.value, resamples),
    )


def _scores_exist(label: Array, predictions: Array) -> bool:
    return all(np.isfinite(pearson(label, row)) for row in predictions)


def _overfitting(train: tuple[Array, Array], label: Array, predictions: Array, resamples: int) -> Overfitting:
    train_label, train_predictions = train
    mean = float(np.mean([pearson(train_label, row) for row in train_predictions]))
    return Overfitting(mean, gap(train, (label, predictions), resamples=resamples).interval)


def _scale(label: Array, predictions: Array, how: Any) -> Scale:
    fits = [linearity(label, row) for row in predictions]
    line, curve = (np.stack([getattr(fit, name) for fit in fits]) for name in ("linear", "isotonic"))
    return Scale(
        rmse_linear=float(np.mean([fit.rmse_linear for fit in fits])),
        rmse_isotonic=float(np.mean([fit.rmse_isotonic for fit in fits])),
        difference=difference("rmse", label, curve, line, paired=True, **how).interval,
        pearson_gain=difference("pearson", label, curve, predictions, paired=True, **how).interval,
    )


def _slices(
    table: PairTable,
    label: Array,
    predictions: Array,
    baseline: Array | None,
    how: Any,
) -> dict[Kind, tuple[ErrorSlice, ...]]:
    fitted = least_squares(label, predictions)
    compared = None if baseline is None else least_squares(label, baseline)
    groups = _groups(table, label, fitted.mean(axis=0))
    everything = [rows for named in groups.values() for rows in named.values()]
    errors = iter(relative_squared_error(label, predictions, everything, **how))
    # Sets that overlap are the same for both.
    paired = how["overlap"] > 0

    def part(kind: Kind, name: str, rows: Rows) -> ErrorSlice:
        residuals = fitted[:, rows] - label[rows]
        change = None
        if compared is not None and kind != "prediction":
            sides = fitted[:, rows], compared[:, rows]
            change = difference("rmse", label[rows], *sides, paired, **how).interval
        return ErrorSlice(
            name=name,
            pairs=len(rows),
            share_of_pairs=len(rows) / len(label),
            relative_error=_of_enough(rows, next(errors)),
            bias=float(residuals.mean()),
            rmse=float(np.sqrt(np.mean(residuals**2, axis=1)).mean()),
            difference=change and _of_enough(rows, change),
        )

    return {kind: tuple(part(kind, *each) for each in named.items()) for kind, named in groups.items()}


def _groups(table: PairTable, label: Array, fitted: Array) -> dict[Kind, dict[str, Rows]]:
    """The slices of each kind that cuts the table into several."""
    by_source = sources(table.source)
    largest = sorted(by_source, key=lambda name: -len(by_source[name]))[:MOST_SOURCES]
    groups: dict[Kind, dict[str, Rows]] = {
        "spacing": spacing(table.sentence1, table.sentence2),
        "source": {name: by_source[name] for name in largest},
        "length": lengths(table.sentence1, table.sentence2),
        "prediction": label_bins(fitted, table.label_range),
        "label": label_bins(label, table.label_range),
    }
    return {kind: named for kind, named in groups.items() if len(named) > 1}


def _ceiling(table: PairTable, score: float, resamples: int) -> Ceiling | None:
    if table.annotations is None or max(map(len, table.annotations), default=0) < 2:
        return None
    scores = np.array(list(zip_longest(*table.annotations, fillvalue=np.nan)), np.float64).T
    ceiling = label_reliability(scores, resamples=resamples).ceiling
    return Ceiling(ceiling, ceiling.value - score)


def _of_enough(rows: Rows, estimate: Estimate) -> Estimate:
    return estimate if len(rows) >= FEWEST_ROWS_FOR_AN_INTERVAL else Estimate(estimate.value)
