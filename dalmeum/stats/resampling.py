"""Rows of weights that stand for bootstrap resamples and jackknife replicates, a block at a time."""

from collections.abc import Iterator, Sequence

import numpy as np

from dalmeum.stats.columns import Groups, units
from dalmeum.stats.weighted import Array, Weighted

Blocks = Iterator[Array]
"""Rows of weights of shape (rows, n), as many at a time as `BLOCK_VALUES` allows."""

RESAMPLES = 2000
SEED = 0

BLOCK_VALUES = 200_000
"""Weights held at once: they fit a processor's cache, and memory does not grow with the resamples."""

JACKKNIFE_GROUPS = 500
"""Beyond this many pairs the jackknife leaves out several at once: its cost stays linear in the pairs. The
acceleration divides a sum of cubes by a power of a sum of squares, so that does not bias it; its error,
sqrt(6) / (6 * parts), moves a bound by .003 of a standard error."""

MOST_LEFT_OUT = 2000
"""The same for a standard error, which knows it with as many degrees of freedom, less one."""


def evaluate(statistics: Sequence[Weighted], blocks: Blocks) -> Array:
    """Value of each statistic for every row of the blocks, of shape (statistics, rows)."""
    values = [np.stack([statistic(weights) for statistic in statistics]) for weights in blocks]
    return np.concatenate(values, axis=1)


def on_both_sides(statistics: Sequence[Weighted], splits: Blocks) -> Array:
    """Value of each statistic on the chosen pairs and on the others: shape (2, statistics, splits)."""

    def other_side(statistic: Weighted) -> Weighted:
        return lambda chosen: statistic(1 - chosen)

    both = [*statistics, *map(other_side, statistics)]
    return evaluate(both, splits).reshape(2, len(statistics), -1)


def bootstrap(pairs: int, resamples: int, seed: int) -> Blocks:
    """Blocks of rows that say how often each pair was drawn."""
    generator = np.random.default_rng(seed)
    for height in _heights(resamples, pairs):
        drawn = generator.integers(0, pairs, (height, pairs))
        drawn += np.arange(height)[:, None] * pairs
        counts = np.bincount(drawn.ravel(), minlength=height * pairs)
        yield counts.reshape(height, pairs).astype(np.float64)


def jackknife(pairs: int, most: int = JACKKNIFE_GROUPS, groups: Groups | None = None) -> Blocks:
    """Blocks of rows of ones, each with one pair or group left out or, beyond `most` of them, several."""
    parts = min(units(groups, pairs), most)
    part = (np.arange(pairs) if groups is None else groups) % parts
    first = 0
    for height in _heights(parts, pairs):
        yield (part != np.arange(first, first + height)[:, None]).astype(np.float64)
        first += height


def subsets(pairs: int, size: int, rows: int, seed: int) -> Blocks:
    """Blocks of rows with a 1 for each of `size` pairs chosen at random, and 0 for the others."""
    generator = np.random.default_rng(seed)
    chosen = (np.arange(pairs) < size).astype(np.float64)
    for height in _heights(rows, pairs):
        yield generator.permuted(np.tile(chosen, (height, 1)), axis=1)


def everything(pairs: int) -> Blocks:
    """One row of ones: the pairs as they are."""
    yield np.ones((1, pairs))


def _heights(rows: int, pairs: int) -> Iterator[int]:
    """Heights of the blocks that `rows` rows of weights are worked through in."""
    height = max(4, BLOCK_VALUES // pairs)  # one long row alone is slow: BLAS wakes its threads for each sum
    for start in range(0, rows, height):
        yield min(height, rows - start)
