"""Weights for several models' predictions, and what blends score on pairs that the weights have not seen.

All that a linear blend needs of the pairs are sums: of products of labels, predictions and 1. They are taken
once a fold, so that thousands of subsets of the models can be blended, as shares of the gain ask for.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from dalmeum.stats.resampling import SEED
from dalmeum.stats.weighted import Array

FOLDS = 10

ROUNDS = 50
"""Models drawn by greedy selection: a weight is a multiple of 1/50."""

EXACT = 12
"""Models up to which every subset is blended for shares of the gain; beyond, orders are drawn."""

ORDERS = 500
"""Orders that are drawn of more models."""

TIED = 1e-9
"""Scores so near each other count as one: sums of many products differ by rounding."""

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Weights:
    """A line through predictions: `intercept + weights @ predictions`, on the label scale.

    Attributes:
        weights: (k,), not negative.
    """

    weights: Array
    intercept: float

    def of(self, predictions: ArrayLike) -> Array:
        """The blend (n,) of predictions (k, n)."""
        blend: Array = self.intercept + self.weights @ np.asarray(predictions, float)
        return blend


@dataclass(frozen=True)
class Nested:
    """What a way to blend scores where its weights were fitted on other pairs.

    Attributes:
        score: Pearson over all pairs; NaN where the blend is constant.
        predictions: (n,), each fold's by weights that were fitted on the other folds.
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
    return _line(_method(method), _sums(*_columns(labels, predictions)))


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
        method: also `best`, the one model that correlates best on the pairs it is fitted on, and `chosen`,
            the way to blend that `best_method` finds on these pairs.
        groups: (n,), numbers of groups of pairs that belong together, which no two folds share.
        folds: as many as there are groups, where these are fewer.

    Raises `ValueError` as `blend_weights`, and for fewer than 2 groups.
    """
    labels, predictions = _columns(labels, predictions)
    parts = group_folds(len(labels), groups, folds=folds, seed=seed)
    found = _Folds.of(labels, predictions, parts)
    models = np.arange(len(predictions))
    lines = found.chosen_lines(models) if method == CHOSEN else found.lines(_method(method), models)
    blended = np.empty(len(labels))
    for rows, line in zip(parts, lines, strict=True):
        blended[rows] = line.of(predictions[:, rows])
    return Nested(found.score(lines), blended)


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
    return _Folds.of(labels, predictions, parts).best_method(np.arange(len(predictions)))


@dataclass(frozen=True)
class Gains:
    """What each of k models adds to a blend's nested Pearson.

    Attributes:
        alone: (k,), the score of each by itself.
        left_out: (k,), the blend's score less that of all others together; below 0 where it does harm.
        shares: (k,), Shapley values: a model's gain, averaged over all orders in which the models could
            join; together they are the blend's score.
        exact: whether all subsets were blended; else so many drawn orders were.
    """

    alone: Array
    left_out: Array
    shares: Array
    exact: bool


def blend_gains(
    method: str,
    labels: ArrayLike,
    predictions: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    folds: int = FOLDS,
    seed: int = SEED,
) -> Gains:
    """What each model adds, by nested scores (`nested_blend`); a blend of none, or constant, scores 0.

    Shapley (1953), "A Value for n-Person Games"; beyond 12 models estimated from drawn orders (Castro, Gomez
    and Tejada 2009). Errors as in `nested_blend`.
    """
    labels, predictions = _columns(labels, predictions)
    found = _Folds.of(labels, predictions, group_folds(len(labels), groups, folds=folds, seed=seed))
    line, count = _method(method), len(predictions)
    known: dict[frozenset[int], float] = {frozenset(): 0.0}

    def worth(members: Iterable[int]) -> float:
        subset = frozenset(members)
        if subset not in known:
            score = found.score(found.lines(line, np.array(sorted(subset))))
            known[subset] = score if math.isfinite(score) else 0.0
        return known[subset]

    everyone = frozenset(range(count))
    exact = count <= EXACT
    return Gains(
        alone=np.array([worth({each}) for each in range(count)]),
        left_out=np.array([worth(everyone) - worth(everyone - {each}) for each in range(count)]),
        shares=_exact_shares(count, worth) if exact else _drawn_shares(count, worth, seed),
        exact=exact,
    )


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


@dataclass(frozen=True)
class _Sums:
    """Of n pairs: products of (1, k predictions, label) about an origin (k + 1,), of shape (k + 2, k + 2)."""

    products: Array
    origin: Array

    @property
    def count(self) -> float:
        return float(self.products[0, 0])

    @property
    def means(self) -> Array:
        """Of predictions and labels about the origin, (k + 1,)."""
        means: Array = self.products[0, 1:] / self.count
        return means

    @property
    def covariance(self) -> Array:
        """Of predictions and labels, (k + 1, k + 1)."""
        covariance: Array = self.products[1:, 1:] / self.count - np.outer(self.means, self.means)
        return covariance

    def of_models(self, models: Rows) -> "_Sums":
        kept = np.concatenate([[0], models + 1, [len(self.products) - 1]])
        return _Sums(self.products[np.ix_(kept, kept)], self.origin[kept[1:] - 1])

    def without(self, other: "_Sums") -> "_Sums":
        return _Sums(self.products - other.products, self.origin)


def _sums(labels: Array, predictions: Array, origin: Array | None = None) -> _Sums:
    values = np.vstack([predictions, labels])
    origin = values.mean(axis=1) if origin is None else origin
    centred = np.vstack([np.ones(len(labels)), values - origin[:, None]])
    return _Sums(centred @ centred.T, origin)


@dataclass(frozen=True)
class _Folds:
    """Sums of each fold, and of all of them together."""

    folds: Sequence[_Sums]
    whole: _Sums

    @classmethod
    def of(cls, labels: Array, predictions: Array, parts: Sequence[Rows]) -> "_Folds":
        whole = _sums(labels, predictions)
        return cls([_sums(labels[rows], predictions[:, rows], whole.origin) for rows in parts], whole)

    def lines(self, method: "_Method", models: Rows) -> list[Weights]:
        """By fold, a blend of these models that was fitted on all other folds."""
        whole = self.whole.of_models(models)
        found = []
        for fold in self.folds:
            line = _line(method, whole.without(fold.of_models(models)))
            weights = np.zeros(len(self.whole.origin) - 1)
            weights[models] = line.weights
            found.append(Weights(weights, line.intercept))
        return found

    def chosen_lines(self, models: Rows) -> list[Weights]:
        """As `lines`, each by the way that is best among the other folds; of two folds by the simplest."""
        found = []
        for place, fold in enumerate(self.folds):
            rest = _Folds([*self.folds[:place], *self.folds[place + 1 :]], self.whole.without(fold))
            name = rest.best_method(models) if len(rest.folds) > 1 else BLENDS[0]
            found.append(self.lines(METHODS[name], models)[place])
        return found

    def best_method(self, models: Rows) -> str:
        best, highest = BLENDS[0], -math.inf
        for name in BLENDS:
            score = self.score(self.lines(METHODS[name], models))
            if score > highest + TIED:
                best, highest = name, score
        return best

    def score(self, lines: Sequence[Weights]) -> float:
        """Pearson over all pairs, each fold's predictions by its own line; NaN where these are constant."""
        moments = np.zeros((3, 3))  # of 1, the blend and the label, about the mean label
        for fold, line in zip(self.folds, lines, strict=True):
            shift = line.intercept + line.weights @ fold.origin[:-1] - fold.origin[-1]
            through = np.zeros((3, len(fold.products)))
            through[0, 0], through[2, -1] = 1.0, 1.0
            through[1, 0], through[1, 1:-1] = shift, line.weights
            moments += through @ fold.products @ through.T
        count = moments[0, 0]
        variance = moments[1:, 1:] / count - np.outer(moments[0, 1:], moments[0, 1:]) / count**2
        spread = variance[0, 0] * variance[1, 1]
        return float(variance[0, 1] / math.sqrt(spread)) if spread > 0 else math.nan


_Method = Callable[[Array, Array], Array]
"""From the covariance of models on the label scale (k, k), and theirs with the labels (k,), weights (k,)."""


def _method(name: str) -> _Method:
    if name not in METHODS:
        raise ValueError(f"method {name!r} is none of {', '.join((*METHODS, CHOSEN))}")
    return METHODS[name]


def _line(method: _Method, sums: _Sums) -> Weights:
    """The line through predictions that a method gives; weights of 0 and the mean label without a model."""
    covariance, means = sums.covariance, sums.means + sums.origin
    among, to_labels = covariance[:-1, :-1], covariance[:-1, -1]
    variances = np.diag(among)
    scales = np.where(variances > np.square(means[:-1] * 1e-12), variances, np.inf)
    slopes = np.maximum(to_labels / scales, 0.0)
    rising = np.flatnonzero(slopes > 0)
    weights = np.zeros(len(slopes))
    if len(rising):
        on_scale = slopes[rising]
        chosen = method(
            np.outer(on_scale, on_scale) * among[np.ix_(rising, rising)], on_scale * to_labels[rising]
        )
        weights[rising] = on_scale * chosen
        weights *= (weights @ to_labels) / (weights @ among @ weights)
    return Weights(weights, float(means[-1] - weights @ means[:-1]))


def _equal(among: Array, to_labels: Array) -> Array:
    return np.ones(len(to_labels))


def _least_squares(among: Array, to_labels: Array) -> Array:
    # A millionth of the variance keeps models that are copies of each other apart, at equal weights.
    steady = among + np.eye(len(among)) * np.trace(among) * 1e-6 / len(among)
    root = np.linalg.cholesky(steady)
    found: Array = nnls(root.T, np.linalg.solve(root, to_labels))[0]
    return found


def _greedy(among: Array, to_labels: Array) -> Array:
    counts = np.zeros(len(to_labels))
    best, kept = -math.inf, counts
    for _ in range(ROUNDS):
        tried = counts + np.eye(len(counts))
        spread = np.sqrt(np.einsum("ij,jk,ik->i", tried, among, tried))
        scores = tried @ to_labels / spread
        counts = tried[int(np.argmax(scores))]
        if scores.max() > best + TIED:
            best, kept = float(scores.max()), counts
    return kept


def _best(among: Array, to_labels: Array) -> Array:
    scores = to_labels / np.sqrt(np.diag(among))
    return np.asarray(scores == scores.max(), float)


METHODS: dict[str, _Method] = {
    "mean": _equal,
    "least_squares": _least_squares,
    "greedy": _greedy,
    "best": _best,
}
"""By name, the simplest first; `best` is no blend."""

BLENDS = tuple(name for name in METHODS if name != "best")
CHOSEN = "chosen"


def _exact_shares(count: int, worth: Callable[[Iterable[int]], float]) -> Array:
    shares = np.zeros(count)
    for each in range(count):
        others = [other for other in range(count) if other != each]
        for size in range(count):
            chance = 1 / (count * math.comb(count - 1, size))
            for subset in combinations(others, size):
                shares[each] += chance * (worth((*subset, each)) - worth(subset))
    return shares


def _drawn_shares(count: int, worth: Callable[[Iterable[int]], float], seed: int) -> Array:
    shares = np.zeros(count)
    draw = np.random.default_rng(seed)
    for _ in range(ORDERS):
        before = 0.0
        order = draw.permutation(count).tolist()
        for place, each in enumerate(order):
            now = worth(order[: place + 1])
            shares[each] += (now - before) / ORDERS
            before = now
    return shares


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
