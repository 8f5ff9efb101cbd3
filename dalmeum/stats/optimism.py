"""What choosing on dev adds to the chosen one's dev score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalmeum.stats import resampling, weighted
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.intervals import Estimate
from dalmeum.stats.resampling import SEED
from dalmeum.stats.student import half_width
from dalmeum.stats.unexplained import least_squares
from dalmeum.stats.weighted import Array, Statistic

SPLITS = 2000
FEWEST_PAIRS = 4

Seed = Sequence[Array]
"""Of each of a seed's runs, what it predicted at every evaluation: (evaluations, pairs). Of folds there is
one run each, and their pairs follow one another.
"""


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


def optimism_of_both_choices(
    labels: ArrayLike,
    arms: Sequence[Sequence[Seed]],
    *,
    metric: Statistic = weighted.pearson,
    higher_is_better: bool = True,
    splits: int = SPLITS,
    seed: int = SEED,
) -> float:
    """Optimism of having kept each run's best checkpoint and then picked the best arm, on the same n pairs.

    As `optimism_of_choice`, but on each half everything is chosen anew: the evaluation of each run with the
    best Pearson, and the arm whose mean over seeds scores best by `metric`. Simulated, it is within a tenth
    of what the choices really add; the two optimisms added up are up to a fifth too much, as a mean over
    seeds evens out some of each one's luck (`benchmarks/simulations/optimism.py`). Predictions are taken
    after each one's own line to the labels, since a correlation's scale is free until training has ended.

    `labels` are of shape (n,), `arms` hold the seeds of each arm. ValueError for fewer than 4 pairs, shapes
    that do not fit, and predictions that do not vary.
    """
    label = np.asarray(labels, np.float64)
    pairs = len(label)
    if pairs < FEWEST_PAIRS:
        raise ValueError(f"{pairs} pairs; to choose on one half and score on the other takes {FEWEST_PAIRS}")
    nested = [[_Runs(label, runs) for runs in seeds] for seeds in arms]
    sign, lost = (1 if higher_is_better else -1), []
    for chosen in resampling.subsets(pairs, pairs // 2, splits, seed):
        halves = np.stack([_on_both_halves(label, seeds, chosen, metric) for seeds in nested], axis=1)
        halves = sign * halves[:, :, np.isfinite(halves).all(axis=(0, 1))]
        best = np.argmax(halves[0], axis=0)[None]
        lost.append(np.take_along_axis(halves[0] - halves[1], best, axis=0)[0])
    if not sum(map(len, lost)):
        raise ValueError("on no two halves of the pairs does every arm have a score")
    return float(np.concatenate(lost).mean()) / math.sqrt(2)


class _Runs:
    """A seed's predictions at all evaluations, and which of them each half of the pairs chooses."""

    def __init__(self, label: Array, runs: Seed) -> None:
        ends = np.cumsum([run.shape[1] for run in runs])
        if not len(ends) or ends[-1] != len(label):
            raise ValueError(f"evaluations of {ends[-1] if len(ends) else 0} pairs for {len(label)} labels")
        self.parts = [slice(int(end) - run.shape[1], int(end)) for end, run in zip(ends, runs, strict=True)]
        if any(np.ptp(run, axis=1).min() == 0 for run in runs):
            raise ValueError("an evaluation has no score: constant predictions")
        self.runs = [least_squares(label[part], run) for part, run in zip(self.parts, runs, strict=True)]
        self.statistics = [
            [weighted.pearson(label[part], row) for row in run]
            for part, run in zip(self.parts, self.runs, strict=True)
        ]

    def chosen_on(self, half: Array) -> NDArray[np.intp]:
        """The best evaluation of each run, (halves, runs)."""
        best = []
        for part, statistics in zip(self.parts, self.statistics, strict=True):
            scores = np.stack([statistic(half[:, part]) for statistic in statistics])
            best.append(np.argmax(np.where(np.isfinite(scores), scores, -np.inf), axis=0))
        return np.stack(best, axis=1)

    def row(self, choice: NDArray[np.intp]) -> Array:
        return np.concatenate([run[place] for run, place in zip(self.runs, choice, strict=True)])


def _on_both_halves(label: Array, seeds: Sequence[_Runs], chosen: Array, metric: Statistic) -> Array:
    """Score of an arm by the checkpoints that a half chooses, on that half and on the other: (2, halves)."""
    choices = np.stack([runs.chosen_on(chosen) for runs in seeds], axis=1)
    found = np.empty((2, len(chosen)))
    # Many halves choose the same.
    kinds, kind = np.unique(choices.reshape(len(chosen), -1), axis=0, return_inverse=True)
    for number, each in enumerate(kinds.reshape(-1, *choices.shape[1:])):
        statistic = metric(
            label, np.mean([runs.row(own) for runs, own in zip(seeds, each, strict=True)], axis=0)
        )
        halves = chosen[kind == number]
        found[:, kind == number] = statistic(halves), statistic(1 - halves)
    return found


def luck_of_best(score: float, fresh: ArrayLike) -> Estimate:
    """By how much the best of many runs flatters its settings: its score less what they score on average.

    Args:
        score: of the run that was the best of those tried.
        fresh: scores of the same settings with seeds that nothing was chosen by; shape (k,), k >= 2.

    The run's score is known, the mean of all seeds is not: the interval is Student's t for the mean of
    `fresh`. ValueError for fewer than 2 scores, and for what is no number.
    """
    scores = np.asarray(fresh, np.float64)
    if scores.ndim != 1 or len(scores) < 2 or not np.isfinite([score, *scores]).all():
        raise ValueError("luck_of_best: give a score, and 2 scores or more of fresh seeds")
    error = float(scores.std(ddof=1)) / math.sqrt(len(scores))
    luck, half = score - float(scores.mean()), half_width(error, len(scores) - 1)
    return Estimate(luck, luck - half, luck + half)
