"""Labels and predictions as an STS study has them, with a known true score."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVELS = np.round(np.arange(0, 5.01, 0.2), 1)
SHARES = np.where(LEVELS == 0, 4.0, np.where(LEVELS >= 4.4, 1.6, 1.0))
SHARES = SHARES / SHARES.sum()
"""Steps of .2 from 0 to 5, with many unrelated pairs and more paraphrases than in between."""

LABEL_VARIANCE = float(SHARES @ LEVELS**2 - (SHARES @ LEVELS) ** 2)
SYSTEMATIC = 0.5
LUCK = 0.3
QUALITY = 0.3


def labels(generator: np.random.Generator, n: int) -> Array:
    return generator.choice(LEVELS, n, p=SHARES)


def predictions(
    generator: np.random.Generator, label: Array, seeds: int, systematic: Array, quality: float = QUALITY
) -> Array:
    """Shape (seeds, n): label, an error that all seeds share, and noise that differs by pair and seed.

    Seeds differ in quality, too: the variance of their noise is normal, so their scores nearly are.
    """
    size = np.sqrt(noise_variances(generator, seeds, quality))[:, None]
    return label + systematic + size * generator.normal(size=(seeds, len(label)))


def noise_variances(generator: np.random.Generator, seeds: int, quality: float) -> Array:
    return LUCK**2 * np.maximum(1 + quality * generator.normal(size=seeds), 0.1)


def systematic_error(generator: np.random.Generator, label: Array) -> Array:
    return generator.normal(0, SYSTEMATIC, len(label))


def true_pearson(systematic: float = SYSTEMATIC, quality: float = QUALITY) -> float:
    """Mean over all seeds of the correlation over all pairs."""
    noise = noise_variances(np.random.default_rng(0), 200_000, quality)
    return float(np.mean(np.sqrt(LABEL_VARIANCE / (LABEL_VARIANCE + systematic**2 + noise))))
