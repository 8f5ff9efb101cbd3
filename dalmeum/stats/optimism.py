"""What choosing on dev adds to the chosen one's dev score."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, weighted
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Statistic

SPLITS = 2000
FEWEST_PAIRS = 4


@dataclass(frozen=True)
class Optimism:
    """The best of k candidates, and by how much its score flatters it.

    Attributes:
        best: row of the best candidate.
        score: its score on all pairs, from which it was chosen.
        optimism: how much better than on new pairs that score is to be expected, >= 0 in the long run.
        corrected: the score to expect on new pairs.
        chosen: how often each of the k is the best on half of the pairs; shape (k,), sums to 1.
    """

    best: int
    score: float
    optimism: float
    corrected: float
    chosen: tuple[float, ...]


def optimism_of_choice(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    metric: Statistic = weighted.pearson,
    higher_is_better: bool = True,
    splits: int = SPLITS,
    seed: int = SEED,
) -> Optimism:
    """Optimism of having picked the best of k checkpoints or arms by its score on these pairs.

    Chooses on a random half of the pairs and scores the choice on the other half (cross-validatory choice
    and assessment: Stone 1974, JRSS B 36, 111-147), many times. What the score loses is the optimism of a
    choice from n / 2 pairs, whose errors are sqrt(2) times as large; divided by sqrt(2) it is that of a
    choice from n where the candidates are equal, 0 where one is clearly the best, and a little too much in
    between. (A bootstrap that scores on the pairs left out has errors as large as halves have, and pairs
    drawn twice besides; one that scores on all pairs takes the luck in the scores for truth, and finds but
    .7 of the optimism of equal candidates.)

    Args:
        labels: shape (n,).
        predictions: shape (k, n), a row a candidate. With k = 1 nothing was chosen, and the optimism is near
            0. Splits in which one of them has no score are left out.
        metric: one of `dalmeum.stats.weighted`, or the like.
        higher_is_better: False for errors (rmse, mae), whose optimism is how much too low they are.

    Raises:
        ValueError: shapes that do not fit, no candidate, fewer than 4 pairs, or a candidate without a score.
    """
    label, rows = label_and_rows(labels, predictions, "predictions")
    pairs = len(label)
    if not len(rows):
        raise ValueError("predictions of no candidate; give at least one")
    if pairs < FEWEST_PAIRS:
        raise ValueError(f"{pairs} pairs; to choose on one half and score on the other takes {FEWEST_PAIRS}")
    statistics = [metric(label, row) for row in rows]
    sign = 1 if higher_is_better else -1
    scores = resampling.evaluate(statistics, resampling.everything(pairs))[:, 0]
    if not np.isfinite(scores).all():
        raise ValueError(f"candidate {int(np.argmin(np.isfinite(scores)))} has no score: constant?")
    best = int(np.argmax(sign * scores))

    splits_of_pairs = resampling.subsets(pairs, pairs // 2, splits, seed)
    halves = resampling.on_both_sides(statistics, splits_of_pairs)
    halves = halves[:, :, np.isfinite(halves).all(axis=(0, 1))]
    if not halves.shape[-1]:
        raise ValueError("on no two halves of the pairs does every candidate have a score")
    choice = np.argmax(sign * halves[0], axis=0)
    lost = np.take_along_axis(halves[0] - halves[1], choice[None], axis=0)[0]
    optimism = sign * float(lost.mean()) / math.sqrt(2)
    return Optimism(
        best=best,
        score=float(scores[best]),
        optimism=optimism,
        corrected=float(scores[best]) - sign * optimism,
        chosen=tuple((np.bincount(choice, minlength=len(rows)) / len(choice)).tolist()),
    )
