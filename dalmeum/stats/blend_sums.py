"""Blends from sums alone: of products of labels, predictions and 1, for several sets of pairs at once.

Thousands of subsets of the models can be blended so, as shares of the gain ask for.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from dalmeum.stats.weighted import Array

ROUNDS = 50
"""Models drawn by greedy selection: a weight is a multiple of 1/50."""

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

    def of(self, predictions: Array) -> Array:
        """The blend (n,) of predictions (k, n)."""
        blend: Array = self.intercept + self.weights @ np.asarray(predictions, float)
        return blend


@dataclass(frozen=True)
class Lines:
    """`Weights` of each of f sets of pairs: weights (f, k), intercepts (f,)."""

    weights: Array
    intercepts: Array

    def __getitem__(self, place: int) -> Weights:
        return Weights(self.weights[place], float(self.intercepts[place]))


@dataclass(frozen=True)
class Sums:
    """Of f sets of pairs: products of (1, k predictions, label) about an origin.

    Attributes:
        products: (f, k + 2, k + 2). origin: (k + 1,).
    """

    products: Array
    origin: Array

    @classmethod
    def of(cls, labels: Array, predictions: Array, parts: Sequence[Rows]) -> "Sums":
        """A set for each part of the pairs, by its rows."""
        values = np.vstack([predictions, labels])
        origin = values.mean(axis=1)
        centred = np.vstack([np.ones(len(labels)), values - origin[:, None]])
        return cls(np.stack([centred[:, rows] @ centred[:, rows].T for rows in parts]), origin)

    def of_models(self, models: Rows) -> "Sums":
        kept = np.concatenate([[0], models + 1, [self.products.shape[-1] - 1]])
        return Sums(self.products[:, kept[:, None], kept], self.origin[kept[1:] - 1])

    def without(self, place: int) -> "Sums":
        """All sets but one."""
        return Sums(np.delete(self.products, place, axis=0), self.origin)

    @property
    def rest(self) -> "Sums":
        """For each set all the others together."""
        return Sums(self.products.sum(axis=0) - self.products, self.origin)

    def lines(self, method: str) -> Lines:
        """For each set the line through predictions that a method gives; weights of 0 and the mean label
        where no model rises with the labels.
        """
        count = self.products[:, :1, 0]
        means = self.products[:, 0, 1:] / count
        covariance = self.products[:, 1:, 1:] / count[..., None] - means[:, :, None] * means[:, None, :]
        means = means + self.origin
        among, to_labels = covariance[:, :-1, :-1], covariance[:, :-1, -1]
        variances = np.diagonal(among, axis1=1, axis2=2)
        squares = np.diagonal(self.products, axis1=1, axis2=2)[:, 1:-1] / count
        rounding = np.maximum(np.square(means[:, :-1] * 1e-12), squares * 1e-12)
        scales = np.where(variances > rounding, variances, np.inf)
        slopes = np.maximum(to_labels / scales, 0.0)  # onto the label scale
        weights = slopes * METHODS[method](
            slopes[:, :, None] * slopes[:, None, :] * among, slopes * to_labels, slopes > 0
        )
        spread = np.einsum("fi,fij,fj->f", weights, among, weights)
        reached = np.einsum("fi,fi->f", weights, to_labels)
        weights = weights * np.divide(reached, spread, out=np.zeros_like(spread), where=spread > 0)[:, None]
        return Lines(weights, means[:, -1] - np.einsum("fi,fi->f", weights, means[:, :-1]))

    def score(self, lines: Lines) -> float:
        """Pearson over all pairs, those of each set by its own line; NaN where these are constant."""
        shift = lines.intercepts + lines.weights @ self.origin[:-1] - self.origin[-1]
        line = np.concatenate([shift[:, None], lines.weights, np.zeros((len(shift), 1))], axis=1)
        blended = np.einsum("fij,fj->fi", self.products, line)  # its products with 1, predictions and label
        count, labels, squares = self.products[:, [0, 0, -1], [0, -1, -1]].sum(axis=0)
        mean, label = blended[:, 0].sum() / count, labels / count
        own = np.einsum("fi,fi->", line, blended) / count - mean**2
        spread = own * (squares / count - label**2)
        shared = blended[:, -1].sum() / count - mean * label
        return float(shared / math.sqrt(spread)) if spread > 0 else math.nan

    def nested_lines(self, method: str) -> Lines:
        """For each set a line that was fitted on the others, on the scale of `on_one_scale`."""
        return self.on_one_scale(self.rest.lines(method))

    def on_one_scale(self, lines: Lines) -> Lines:
        """The same, each so that over all pairs it has mean 0 and variance 1: predictions of several sets can
        be put together, and what correlates is the weights' doing alone. It takes no labels.
        """
        whole = self.products.sum(axis=0)
        means = whole[0, 1:-1] / whole[0, 0]
        covariance = whole[1:-1, 1:-1] / whole[0, 0] - np.outer(means, means)
        spread = np.sqrt(np.einsum("fi,ij,fj->f", lines.weights, covariance, lines.weights))
        weights = lines.weights / np.where(spread > 0, spread, 1.0)[:, None]
        return Lines(weights, -weights @ (means + self.origin[:-1]))

    def nested(self, method: str) -> float:
        """The score of lines that were each fitted on the other sets."""
        return self.score(self.nested_lines(method))

    def best_method(self) -> str:
        """The way to blend with the highest nested score; of equal ones the simplest."""
        best, highest = SIMPLEST, -math.inf
        for name in METHODS:
            score = self.nested(name)
            if score > highest + TIED:
                best, highest = name, score
        return best

    def chosen_lines(self) -> Lines:
        """As `nested_lines`, each by the way that is best among the other sets; of one the simplest."""
        rest, found = self.rest, []
        for place in range(len(self.products)):
            others = self.without(place)
            name = others.best_method() if len(others.products) > 1 else SIMPLEST
            found.append(Sums(rest.products[[place]], self.origin).lines(name)[0])
        weights, intercepts = zip(*((each.weights, each.intercept) for each in found), strict=True)
        return self.on_one_scale(Lines(np.stack(weights), np.array(intercepts)))


Method = Callable[[Array, Array, NDArray[np.bool_]], Array]
"""From covariances of models on the label scale (f, k, k), theirs with the labels (f, k), and which of them
rise with the labels (f, k), weights (f, k); 0 for those that do not.
"""


def _equal(among: Array, to_labels: Array, rising: NDArray[np.bool_]) -> Array:
    return rising.astype(float)


def _least_squares(among: Array, to_labels: Array, rising: NDArray[np.bool_]) -> Array:
    # A millionth of the variance keeps models that are copies of each other apart, at equal weights.
    ridge = 1e-6 * np.trace(among, axis1=1, axis2=2) / np.maximum(rising.sum(axis=1), 1)
    steady = np.where(rising, ridge[:, None], 1.0)[:, None] * np.eye(rising.shape[1])
    root = np.linalg.cholesky(among + steady)
    aim = np.linalg.solve(root, to_labels[..., None])[..., 0]
    return np.stack([nnls(each.T, target)[0] for each, target in zip(root, aim, strict=True)])


def _greedy(among: Array, to_labels: Array, rising: NDArray[np.bool_]) -> Array:
    sets = np.arange(len(among))
    variances = np.where(rising, np.diagonal(among, axis1=1, axis2=2), np.inf)
    counts = np.zeros_like(to_labels)
    shared, spread, reached = np.zeros_like(to_labels), np.zeros(len(sets)), np.zeros(len(sets))
    best, kept = np.zeros(len(sets)), counts.copy()
    for _ in range(ROUNDS):
        variance_with = spread[:, None] + 2 * shared + variances
        reached_with = reached[:, None] + to_labels
        scores = reached_with / np.sqrt(variance_with)
        drawn = np.argmax(scores, axis=1)
        counts[sets, drawn] += 1
        shared += among[sets, drawn]
        spread, reached, score = variance_with[sets, drawn], reached_with[sets, drawn], scores[sets, drawn]
        higher = score > best + TIED
        best[higher], kept[higher] = score[higher], counts[higher]
    return kept


METHODS: dict[str, Method] = {
    "mean": _equal,
    "least_squares": _least_squares,
    "greedy": _greedy,
}
"""By name, the simplest first."""

SIMPLEST = next(iter(METHODS))
