"""Labels, predictions and scores of seeds as STS has them, for simulations."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Array]
"""Of arms and seeds: scores of shape (arms, seeds), the baseline's first, whose expectation is 0."""

SEED_SD = 0.006
"""Of the scores of one arm's seeds."""


def labels(generator: np.random.Generator, n: int) -> Array:
    label = np.round(generator.uniform(0, 5, n), 1)
    label[generator.random(n) < 1 / 3] = 0
    return label


def errors(generator: np.random.Generator, label: Array, size: tuple[int, ...]) -> Array:
    """Student's t with 5 degrees of freedom, twice as wide in the middle of the scale as at its ends."""
    return width(label) * generator.standard_t(5, (*size, len(label)))


def width(label: Array) -> Array:
    """Of errors: twice as wide in the middle of the scale as at its ends."""
    return np.asarray(0.5 + 0.5 * np.sin(np.pi * label / 5))


def predictions(label: Array, error: Array) -> Array:
    return np.clip(0.6 + 0.8 * label + error, 0, 5)


def skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Mean 0, variance 1, and a long tail of bad seeds."""
    return (2 - generator.gamma(2, 1, shape)) / math.sqrt(2)


def equal(generator: np.random.Generator, arms: int, seeds: int) -> Array:
    return SEED_SD * generator.normal(size=(arms, seeds))


def skew(generator: np.random.Generator, arms: int, seeds: int) -> Array:
    return SEED_SD * skewed(generator, (arms, seeds))


def spread(generator: np.random.Generator, arms: int, seeds: int) -> Array:
    """Seeds' standard deviations from .5 to 2 times, which arm has which is chance."""
    scale = generator.permutation(np.geomspace(0.5, 2, arms))
    return scale[:, None] * equal(generator, arms, seeds)


def noisy_arm(generator: np.random.Generator, arms: int, seeds: int) -> Array:
    scores = equal(generator, arms, seeds)
    scores[-1] *= 4
    return scores


def noisy_baseline(generator: np.random.Generator, arms: int, seeds: int) -> Array:
    scores = equal(generator, arms, seeds)
    scores[0] *= 3
    return scores


SHAPES: dict[str, Draw] = {
    "equal": equal,
    "skewed": skew,
    "spread": spread,
    "noisy_arm": noisy_arm,
    "noisy_baseline": noisy_baseline,
}
