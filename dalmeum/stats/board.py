"""How far a board will shake: public and private scores of the same submissions, simulated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, weighted
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Statistic

SPLITS = 2000


@dataclass(frozen=True)
class ShakeUp:
    """What public scores say of private ones, as shares of the simulated splits.

    Attributes:
        same_order: all submissions stand in the same order on both sides; equal scores must be equal on both.
        same_best: the best one in public is the best (or one of the best) in private.
        reversed_pairs: of two submissions, the better one in public is the worse one in private; the mean
            over all twos and splits. (1 - Kendall's tau) / 2 where no scores are equal.
    """

    same_order: float
    same_best: float
    reversed_pairs: float


def shake_up(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    public_share: float = 0.5,
    metric: Statistic = weighted.pearson,
    higher_is_better: bool = True,
    splits: int = SPLITS,
    seed: int = SEED,
) -> ShakeUp:
    """Splits the pairs at random into a public and a private part and compares the orders of submissions.

    As the sides of a competition's test set are drawn (Blum and Hardt 2015, The Ladder, ICML, arXiv
    1502.04585). The numbers hold for a board whose two sides have n pairs together.

    Args:
        labels: shape (n,).
        predictions: shape (m, n), a row a submission, m >= 2. Splits in which one of them has no score are
            left out.
        public_share: share of the pairs on the public side.
        metric: one of `dalmeum.stats.weighted`, or the like.
        higher_is_better: False for errors (rmse, mae).

    Raises:
        ValueError: shapes that do not fit, a side of fewer than 2 pairs, or scores in no split.
    """
    label, rows = label_and_rows(labels, predictions, "predictions")
    if len(rows) < 2:
        raise ValueError("one submission has no order; give at least two")
    pairs = len(label)
    public = round(public_share * pairs)
    if not 2 <= public <= pairs - 2:
        raise ValueError(f"public_share={public_share} of {pairs} pairs leaves a side with fewer than 2")
    statistics = [metric(label, row) for row in rows]
    scores = resampling.on_both_sides(statistics, resampling.subsets(pairs, public, splits, seed))
    scores = scores[:, :, np.isfinite(scores).all(axis=(0, 1))]
    if not scores.shape[-1]:
        raise ValueError("in no split does every submission have a score on both sides")
    if not higher_is_better:
        scores = -scores
    upper = np.triu_indices(len(rows), 1)
    public_signs, private_signs = (np.sign(side[upper[0]] - side[upper[1]]) for side in scores)
    best = scores[0].argmax(axis=0)
    private_best = np.take_along_axis(scores[1], best[None], axis=0)[0]
    return ShakeUp(
        same_order=float(np.mean((public_signs == private_signs).all(axis=0))),
        same_best=float(np.mean(private_best == scores[1].max(axis=0))),
        reversed_pairs=float(np.mean(public_signs * private_signs < 0)),
    )
