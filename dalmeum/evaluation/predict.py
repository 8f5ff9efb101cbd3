"""Predicting and evaluating the pairs of a table with a scorer."""

import math
from collections.abc import Callable

import numpy as np

from dalmeum.data import PairTable, Predictions
from dalmeum.errors import DalmeumError, InputError
from dalmeum.evaluation.score import Evaluation, evaluate_predictions
from dalmeum.models.scorer import PairScorer
from dalmeum.progress import Progress


def score_table(
    scorer: PairScorer, table: PairTable, advance: Callable[[int], object] | None = None
) -> Predictions:
    """Predictions of the table's pairs; `advance` gets the number of pairs done, by default a progress bar.

    A pair that stands there several times is scored once.

    Raises `DalmeumError` where the model answers what is no number.
    """
    if advance is None:
        with Progress(len(table), "scoring") as progress:
            return score_table(scorer, table, progress.advance)
    places: dict[tuple[str, str], int] = {}
    rows = [places.setdefault(pair, len(places)) for pair in table.pairs]
    logits = scorer.logits_of([one for one, _ in places], [two for _, two in places], advance)[rows]
    advance(len(rows) - len(places))
    broken = int((~np.isfinite(logits)).any(axis=1).sum())
    if broken:
        raise DalmeumError(
            f"{table.name}: {broken:,} of {len(table):,} scores are not numbers: the model's weights are "
            "damaged or diverged; train it again, with a lower learning rate or precision=float32"
        )
    return scorer.predictions(logits)


def evaluate_table(scorer: PairScorer, table: PairTable, threshold: float | None = None) -> Evaluation:
    """Scores on labelled pairs, whose labels may be on another scale than the scorer's.

    `threshold`, the lowest similar label, is the scorer's own if not given, where both are on one scale.
    """
    if threshold is not None and not math.isfinite(threshold):
        raise InputError(f"threshold {threshold:g} is no number on the label scale")
    one_scale = table.label_range == scorer.label_range
    if threshold is None and one_scale:
        threshold = scorer.binary_threshold
    return evaluate_predictions(table, score_table(scorer, table), threshold=threshold, one_scale=one_scale)
