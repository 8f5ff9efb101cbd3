"""How far a board will shake, public and private scores of the same submissions simulated; and which two of
them are worth handing in.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, weighted
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Array, Statistic

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


def best_two(
    labels: ArrayLike,
    predictions: ArrayLike,
    public: ArrayLike,
    *,
    public_pairs: int,
    private_pairs: int,
    metric: Statistic = weighted.pearson,
    resamples: int = resampling.RESAMPLES,
    seed: int = SEED,
) -> tuple[int, int]:
    """The two submissions of which the better one may be expected to score highest on the private side.

    A submission's level is the mean of its score here and its public one, by numbers of pairs; the public
    ones less what they all are above those here (another set may be easier). Around its level its private
    score varies, and with those of the others, as in bootstrap draws of the pairs here: two that err alike
    are worth less than two that don't. Of these two, the one of the higher level comes first.

    Args:
        labels: shape (n,), of pairs that no submission was trained on.
        predictions: shape (m, n), a row a submission, m >= 2.
        public: shape (m,); NaN where the board's answer is not known.
        metric: one where higher is better.

    Raises:
        ValueError: shapes that do not fit, or fewer than two submissions that have a score.
    """
    label, rows = label_and_rows(labels, predictions, "predictions")
    answered = np.asarray(public, np.float64)
    if answered.shape != (len(rows),):
        raise ValueError(f"public scores of shape {answered.shape} for {len(rows)} submissions")
    statistics = [metric(label, row) for row in rows]
    here = resampling.evaluate(statistics, resampling.everything(len(label)))[:, 0]
    drawn = resampling.evaluate(statistics, resampling.bootstrap(len(label), resamples, seed))
    level = _levels(here, answered, len(label), public_pairs)
    usable = np.flatnonzero(np.isfinite(level) & np.isfinite(drawn).all(axis=1))
    if len(usable) < 2:
        raise ValueError("fewer than two submissions have a score")
    private = level[:, None] + (drawn - here[:, None]) * np.sqrt(len(label) / private_pairs)
    one, other = max(combinations(usable, 2), key=lambda two: np.maximum(*private[list(two)]).mean())
    first, second = sorted((int(one), int(other)), key=lambda index: -level[index])
    return first, second


def _levels(here: Array, public: Array, pairs: int, public_pairs: int) -> Array:
    """The scores (m,) that submissions have by all that is known of them."""
    both = np.isfinite(here) & np.isfinite(public)
    if not both.any():
        return here
    above = (public - here)[both].mean()
    weight = np.where(both, public_pairs / (pairs + public_pairs), 0.0)
    level: Array = here + weight * np.where(both, public - above - here, 0.0)
    return level
