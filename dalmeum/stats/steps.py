"""How soon a run gets to a score: one that is given, or a share of where it settles itself."""

import math

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats.weighted import Array

BEST_POINTS = 5
"""Of a smoothed curve: their mean is the plateau. Of few evaluations a quarter, or the rise would count."""

SHARE = 0.95
"""Of the plateau. Nearer to it the curve is so flat that noise says when it gets there, and further down few
evaluations lie on the way: simulated, .9 and .98 find less of a difference in speed."""


def plateau(scores: ArrayLike) -> float:
    """Where a run's curve settles: the mean of the `BEST_POINTS` best of its scores, smoothed.

    Smoothed by means of three evaluations: a single lucky one moves the plateau by a fifteenth of its luck.
    Evaluations without a score (NaN) are passed over; NaN where none has one. Of a run that still rises when
    it ends the plateau is its end.
    """
    score = np.asarray(scores, np.float64)
    score = score[np.isfinite(score)]
    if not len(score):
        return math.nan
    best = min(BEST_POINTS, math.ceil(len(score) / 4))
    return float(np.sort(_smoothed(score))[-best:].mean())


def steps_to_plateau(steps: ArrayLike, scores: ArrayLike, share: float = SHARE) -> float:
    """Step at which a run first has `share` of its own `plateau`; columns and errors of `steps_to_reach`.

    It tells speed alone: curves of one shape and speed give the same number however high they end. The share
    is of the whole score, from chance, which is 0: the first evaluation is later on a slow curve than on a
    quick one, so that the rise from there on is not one thing. NaN where the plateau is not above chance.
    """
    level = plateau(scores)
    return steps_to_reach(steps, scores, share * level) if level > 0 else math.nan


def steps_to_reach(steps: ArrayLike, scores: ArrayLike, target: float) -> float:
    """Step at which the score first reaches `target`; inf where no evaluation does.

    As to a share of the baseline's plateau. Both columns are of shape (k,), a row an evaluation, with
    rising steps; higher scores are better. Between the last evaluation below the target and the first at or
    above it the score is taken as a straight line, or all runs would be rounded up to the next evaluation;
    where the first evaluation is there already, its step is the answer. Evaluations without a score (NaN)
    are passed over. ValueError where the columns do not fit or the steps do not rise.
    """
    step, score = np.asarray(steps, np.float64), np.asarray(scores, np.float64)
    if step.ndim != 1 or step.shape != score.shape:
        raise ValueError(f"steps of shape {step.shape} and scores of {score.shape}; expected two of (k,)")
    if (np.diff(step) <= 0).any():
        raise ValueError("steps do not rise; give the evaluations in order, each once")
    scored = np.isfinite(score)
    step, score = step[scored], score[scored]
    reached = np.flatnonzero(score >= target)
    if not len(reached):
        return math.inf
    after = int(reached[0])
    if after == 0:
        return float(step[0])
    share = (target - score[after - 1]) / (score[after] - score[after - 1])
    return float(step[after - 1] + share * (step[after] - step[after - 1]))


def _smoothed(score: Array) -> Array:
    """Means of each and its two neighbours; the ends, which have but one, are as they are."""
    inner = (score[:-2] + score[1:-1] + score[2:]) / 3
    return np.concatenate([score[:1], inner, score[-1:]]) if len(score) > 2 else score
