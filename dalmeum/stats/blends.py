"""Weights for several models' predictions, and what blends score on pairs that the weights have not seen."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats.blend_sums import METHODS, Rows, Sums, Weights
from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Array

FOLDS = 10

CHOSEN = "chosen"

SUBSETS = 4096
"""Subsets of models that are blended, about, for shares of the gain: all those of 12 models."""

ROTATIONS = 12
"""Of each order that is drawn of more models than that."""


@dataclass(frozen=True)
class Nested:
    """What a way to blend scores where its weights were fitted on other pairs.

    Attributes:
        score: Pearson over all pairs; NaN where the blend is constant.
        predictions: (n,), each fold's by weights that were fitted on the other folds: on one scale whatever
            the fold, which is the labels' by the least-squares line over all pairs.
    """

    score: float
    predictions: Array


def blend_weights(method: str, labels: ArrayLike, predictions: ArrayLike) -> Weights:
    """Weights for k models, from labels (n,) and predictions (k, n).

    Each model is put on the label scale first, by its least-squares line; one whose predictions do not rise
    with the labels has no weight. Then, by `method`:

    - `mean`: equal weights;
    - `least_squares`: least squares without negative weights (Lawson and Hanson 1974; Breiman 1996, "Stacked
      Regressions"). It is also what maximises Pearson's r: up to their scale, the weights of the least
      squared error have the largest correlation, among those that are not negative as among all;
    - `greedy`: the model that helps most is added, again and again, with replacement, and the best of these
      means kept (Caruana et al. 2004, "Ensemble Selection from Libraries of Models").

    The blend is put on the label scale by its least-squares line. All weights are 0 and the intercept is the
    mean label where no model rises. `ValueError` for an unknown method or shapes that do not fit.
    """
    labels, predictions = _columns(labels, predictions)
    everything = [np.arange(len(labels))]
    return Sums.of(labels, predictions, everything).lines(_method(method))[0]


def nested_blend(
    method: str,
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = SEED,
) -> Nested:
    """What `blend_weights` would score on new pairs, by cross-validation.

    Args:
        method: also `chosen`, the way to blend that `best_method` finds on the pairs that it is fitted on.
        groups: (n,), numbers of groups of pairs that belong together, which no two folds share.
        folds: as many as there are groups, where these are fewer.

    Raises `ValueError` as `blend_weights`, and for fewer than 2 groups.
    """
    labels, predictions = _columns(labels, predictions)
    parts = group_folds(len(labels), groups, folds=folds, seed=seed)
    sums = Sums.of(labels, predictions, parts)
    lines = sums.chosen_lines() if method == CHOSEN else sums.nested_lines(_method(method))
    blended = np.empty(len(labels))
    for place, rows in enumerate(parts):
        blended[rows] = lines[place].of(predictions[:, rows])
    variance = float(blended.var())
    slope = abs(float(np.cov(blended, labels, bias=True)[0, 1])) / variance if variance > 0 else 0.0
    return Nested(sums.score(lines), labels.mean() + slope * (blended - blended.mean()))


def best_method(
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = SEED,
) -> str:
    """The name of the way to blend with the highest nested score; of equal ones the simplest.

    That score is a little optimistic, as of any choice: `nested_blend` of `chosen` is not. Errors as there.
    """
    labels, predictions = _columns(labels, predictions)
    parts = group_folds(len(labels), groups, folds=folds, seed=seed)
    return Sums.of(labels, predictions, parts).best_method()


@dataclass(frozen=True)
class Gains:
    """What each of k models adds to a blend's nested Pearson.

    Attributes:
        alone: (k,), the score of each by itself.
        left_out: (k,), the blend's score less that of all others together; below 0 where it does harm.
    """

    alone: Array
    left_out: Array


def blend_gains(
    method: str,
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = SEED,
) -> Gains:
    """What each model adds, by nested scores (`nested_blend`); a blend that is constant scores 0.

    Errors as in `nested_blend`.
    """
    worth = _Worth(method, labels, predictions, groups, folds, seed)
    everyone = frozenset(range(worth.count))
    whole = worth(everyone)
    # Without a model that has no weight anywhere, the others' weights are what they are.
    used = set(np.nonzero(worth.sums.rest.lines(worth.method).weights)[1].tolist())
    left_out = [whole - worth(everyone - {each}) if each in used else 0.0 for each in range(worth.count)]
    return Gains(np.array([worth({each}) for each in range(worth.count)]), np.array(left_out))


@dataclass(frozen=True)
class Shares:
    """Shapley values of k models in a blend's nested Pearson: what a model adds, averaged over all orders in
    which they could join. Together they are the blend's score.

    Attributes:
        values: (k,).
        exact: whether all subsets were blended; else those of drawn orders were.
    """

    values: Array
    exact: bool


def blend_shares(
    method: str,
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = SEED,
    subsets: int = SUBSETS,
) -> Shares:
    """Each model's share, by nested scores; a blend of none, or constant, scores 0.

    Shapley (1953), "A Value for n-Person Games". Where the models have more than so many subsets, the shares
    are estimated from about as many: orders are drawn (Castro, Gomez and Tejada 2009), and what a model adds
    at the first two places, where it adds most, is known of all orders.

    Errors as in `nested_blend`.
    """
    worth = _Worth(method, labels, predictions, groups, folds, seed)
    exact = 2**worth.count <= subsets
    return Shares(_exact_shares(worth) if exact else _drawn_shares(worth, subsets, seed), exact)


class _Worth:
    """The nested score of any of the models together, found once."""

    def __init__(
        self,
        method: str,
        labels: ArrayLike,
        predictions: ArrayLike,
        groups: ArrayLike | None,
        folds: int,
        seed: int,
    ) -> None:
        labels, predictions = _columns(labels, predictions)
        parts = group_folds(len(labels), groups, folds=folds, seed=seed)
        self.method, self.count = _method(method), len(predictions)
        self.sums = Sums.of(labels, predictions, parts)
        self.known: dict[frozenset[int], float] = {frozenset(): 0.0}

    def __call__(self, members: Iterable[int]) -> float:
        subset = frozenset(members)
        if subset not in self.known:
            score = self.sums.of_models(np.array(sorted(subset))).nested(self.method)
            self.known[subset] = score if math.isfinite(score) else 0.0
        return self.known[subset]


def group_folds(
    pairs: int, groups: ArrayLike | None = None, *, folds: int = FOLDS, seed: int = SEED
) -> list[Rows]:
    """The rows of each fold, so that no group stands in two; as equal in size as groups allow.

    Raises `ValueError` for fewer than 2 groups, or groups of another length.
    """
    numbers = np.arange(pairs) if groups is None else np.asarray(groups)
    if numbers.shape != (pairs,):
        raise ValueError(f"groups of shape {numbers.shape} are not of {pairs} pairs")
    _, numbers, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise ValueError("a blend is judged on pairs that it was not fitted on: 2 groups of pairs or more")
    order = np.random.default_rng(seed).permutation(len(sizes))
    filled = np.zeros(min(folds, len(sizes)))
    fold_of = np.empty(len(sizes), np.intp)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = int(np.argmin(filled))
        filled[fold_of[group]] += sizes[group]
    return [np.flatnonzero(fold_of[numbers] == fold) for fold in range(len(filled))]


def _method(name: str) -> str:
    if name not in METHODS:
        raise ValueError(f"method {name!r} is none of {', '.join((*METHODS, CHOSEN))}")
    return name


def _exact_shares(worth: _Worth) -> Array:
    shares = np.zeros(worth.count)
    for each in range(worth.count):
        others = [other for other in range(worth.count) if other != each]
        for size in range(worth.count):
            chance = 1 / (worth.count * math.comb(worth.count - 1, size))
            for subset in combinations(others, size):
                shares[each] += chance * (worth((*subset, each)) - worth(subset))
    return shares


def _drawn_shares(worth: _Worth, subsets: int, seed: int) -> Array:
    """The first two places, which matter most, by all that could stand there; the others by drawn orders,
    each rotated, so that every model stands early and late.
    """
    models, count = range(worth.count), worth.count
    shares = np.array([worth({each}) for each in models])
    for each in models:
        pairs = [worth({each, other}) - worth({other}) for other in models if other != each]
        shares[each] += sum(pairs) / (count - 1)
    shares /= count
    rotations = min(count, ROTATIONS)
    draw, orders = np.random.default_rng(seed), max(1, subsets // (count * rotations))
    for _ in range(orders):
        drawn = draw.permutation(count)
        for turn in range(rotations):
            order = np.roll(drawn, turn * count // rotations).tolist()
            before = worth(order[:2])
            for place in range(2, count):
                now = worth(order[: place + 1])
                shares[order[place]] += (now - before) / (orders * rotations)
                before = now
    together: Array = shares + (worth(models) - shares.sum()) / count
    return together


def _columns(labels: ArrayLike, predictions: ArrayLike) -> tuple[Array, Array]:
    labels, predictions = np.asarray(labels, float), np.asarray(predictions, float)
    if (
        labels.ndim != 1
        or predictions.ndim != 2
        or predictions.shape[1:] != labels.shape
        or not len(predictions)
    ):
        raise ValueError(
            f"predictions {predictions.shape} must be (k, n) for labels {labels.shape} of shape (n,)"
        )
    if not (np.isfinite(labels).all() and np.isfinite(predictions).all()):
        raise ValueError("labels and predictions must be finite")
    return labels, predictions
