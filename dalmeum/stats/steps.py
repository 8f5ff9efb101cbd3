"""How soon a run gets to a score."""

import math

import numpy as np
from numpy.typing import ArrayLike


def steps_to_reach(steps: ArrayLike, scores: ArrayLike, target: float) -> float:
    """Step at which the score first reaches `target`; inf where no evaluation does.

    For "steps to 95 % of the baseline's best". Both columns are of shape (k,), a row an evaluation, with
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
