"""Predictions against labels: five scores with their intervals, overall and by slice."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.binary import implied_threshold
from dalmeum.data.groups import Groups, GroupSizes, judged_by, sentence_groups
from dalmeum.data.predictions import Predictions
from dalmeum.data.table import PairTable
from dalmeum.errors import DalmeumError, InputError
from dalmeum.evaluation.slices import Rows, label_bins, sources
from dalmeum.stats import METRICS, Estimate, metric_named, score_each, weighted
from dalmeum.stats.intervals import RESAMPLES, SEED
from dalmeum.stats.metrics import is_free_of_scale

Array = NDArray[np.float64]
Json = dict[str, dict[str, float | None] | None]

FEWEST_ROWS_FOR_AN_INTERVAL = 10


@dataclass(frozen=True)
class Metrics:
    """The scores of one set of pairs.

    Attributes:
        scores: by the names of `dalmeum.stats.METRICS`; NaN for one that takes one scale where labels and
            predictions are on two.
        f1: of the binary labels; None where no rule says which pairs are similar.
    """

    scores: Mapping[str, Estimate]
    f1: Estimate | None

    @property
    def pearson(self) -> Estimate:
        return self.scores["pearson"]

    @property
    def by_name(self) -> dict[str, Estimate | None]:
        """All of them, F1 last."""
        return {**self.scores, "f1": self.f1}

    def to_dict(self) -> Json:
        """`{name: {value, low, high}}`, as `metrics.json` holds it."""
        return {
            name: None if estimate is None else estimate.to_dict() for name, estimate in self.by_name.items()
        }


@dataclass(frozen=True)
class Slice:
    """The scores of the pairs of one source or one label bin."""

    name: str
    pairs: int
    metrics: Metrics

    def to_dict(self) -> dict[str, Any]:
        return {"pairs": self.pairs, "metrics": self.metrics.to_dict()}


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate_predictions` found.

    Attributes:
        by_source, by_label: slices in the order of the table and of the label scale. Within a label bin
            a correlation says little: the bin took its range away.
        threshold: label from which a pair counts as similar; None where the data has no such rule.
        label_range: lowest and highest label that the label bins were cut for.
        groups: how many groups of pairs that share sentences intervals are by; None where all stand alone.
    """

    pairs: int
    metrics: Metrics
    by_source: tuple[Slice, ...]
    by_label: tuple[Slice, ...]
    threshold: float | None
    label_range: tuple[float, float]
    groups: int | None

    def to_dict(self) -> Json:
        """The overall metrics, `{name: {value, low, high}}`."""
        return self.metrics.to_dict()

    def slices_to_dict(self) -> dict[str, dict[str, Any]]:
        """`{by_source: {name: {pairs, metrics}}, by_label: ...}`."""
        return {
            "by_source": {part.name: part.to_dict() for part in self.by_source},
            "by_label": {part.name: part.to_dict() for part in self.by_label},
        }


def evaluate_predictions(
    table: PairTable,
    predictions: Predictions,
    *,
    threshold: float | None = None,
    groups: Groups | None = None,
    one_scale: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Evaluation:
    """Score predictions of the table's n pairs against their labels.

    A pair is similar where the table's binary column says so, else where `label >= threshold`. It is
    predicted to be similar where the predicted probability is at least .5; without probabilities where the
    predicted similarity is at least the threshold. Without one it is that which the binary column implies.
    `one_scale` says whether similarities are on the scale of the labels: where they are not, no score that
    compares the two exists. Intervals are at 95 %, by groups where pairs share sentences (`score_each`), or
    by `groups`, (n,); a slice of fewer than 10 pairs gets none.

    Raises `InputError` for a table without rows or labels, `DalmeumError` for predictions that aren't finite.
    """
    columns = _columns(table, predictions, threshold, groups, one_scale)

    def slices(groups: Mapping[str, Rows]) -> tuple[Slice, ...]:
        return tuple(
            Slice(name, len(rows), _metrics(columns.take(rows), resamples, seed))
            for name, rows in groups.items()
        )

    metrics = _metrics(columns, resamples, seed)
    return Evaluation(
        pairs=len(table),
        metrics=metrics,
        by_source=slices(sources(table.source)),
        by_label=slices(label_bins(columns.label, table.label_range)),
        threshold=columns.threshold,
        label_range=table.label_range,
        groups=_by_groups(columns.groups),
    )


@dataclass(frozen=True, eq=False)
class _Columns:
    label: Array
    prediction: Array
    truth: Array | None
    predicted: Array | None
    threshold: float | None
    one_scale: bool
    groups: Groups

    def take(self, rows: Rows) -> "_Columns":
        def picked(column: Array | None) -> Array | None:
            return None if column is None else column[rows]

        return dataclasses.replace(
            self,
            label=self.label[rows],
            prediction=self.prediction[rows],
            truth=picked(self.truth),
            predicted=picked(self.predicted),
            groups=self.groups[rows],
        )


def _columns(
    table: PairTable,
    predictions: Predictions,
    threshold: float | None,
    groups: Groups | None,
    one_scale: bool,
) -> _Columns:
    name = table.name or "the table"
    if not len(table):
        raise InputError(f"{name}: holds no pairs; nothing to score")
    if table.label is None:
        raise InputError(f"{name}: has no labels; predictions can only be scored against labels")
    label = np.asarray(table.label, np.float64)
    prediction = _checked(predictions.similarity, len(table), name)
    if threshold is None and table.binary is not None:
        threshold = implied_threshold(label, table.binary)
    truth: Array | None = None
    if table.binary is not None:
        truth = table.binary.astype(np.float64)
    elif threshold is not None:
        truth = (label >= threshold).astype(np.float64)
    predicted: Array | None = None
    if predictions.binary is not None:
        predicted = (_checked(predictions.binary, len(table), name) >= 0.5).astype(np.float64)
    elif threshold is not None and one_scale:
        predicted = (prediction >= threshold).astype(np.float64)
    groups = sentence_groups(table) if groups is None else groups
    return _Columns(label, prediction, truth, predicted, threshold, one_scale, groups)


def _by_groups(groups: Groups) -> int | None:
    sizes = GroupSizes.of(groups)
    return None if sizes.stand_alone or sizes.too_few else sizes.count


def _checked(values: Array, rows: int, name: str) -> Array:
    values = np.asarray(values, np.float64)
    if values.shape != (rows,):
        raise ValueError(f"{name} has {rows} rows, the predictions have the shape {values.shape}")
    broken = np.flatnonzero(~np.isfinite(values))
    if broken.size:
        raise DalmeumError(
            f"{name}: {broken.size:,} of {rows:,} predictions are not finite (first in row {broken[0] + 1}); "
            "the model has diverged: train with a lower learning rate or precision=float32"
        )
    return values


def _metrics(columns: _Columns, resamples: int, seed: int) -> Metrics:
    pairs = len(columns.label)
    label, prediction = columns.label, columns.prediction
    metrics = {name: metric_named(name) for name in METRICS}
    statistics = {
        name: metric(label, prediction)
        for name, metric in metrics.items()
        if columns.one_scale or is_free_of_scale(metric)
    }
    if columns.truth is not None and columns.predicted is not None:
        statistics["f1"] = weighted.f1(columns.truth, columns.predicted)
    enough = pairs >= FEWEST_ROWS_FOR_AN_INTERVAL
    resamples = resamples if enough else 0
    groups = judged_by(columns.groups)
    scores = score_each(statistics, pairs, groups=groups, resamples=resamples, seed=seed)
    f1 = scores.pop("f1", None)
    return Metrics({name: scores.get(name, Estimate(math.nan)) for name in METRICS}, f1)
