"""Rows of weights that stand for bootstrap resamples and jackknife replicates, a block at a time."""

from collections.abc import Iterator, Mapping

import numpy as np

from dalmeum.stats.weighted import Array, Weighted

Blocks = Iterator[Array]
"""Rows of weights of shape (rows, n), as many at a time as `BLOCK_VALUES` allows."""

RESAMPLES = 2000
SEED = 0

BLOCK_VALUES = 200_000
"""Weights held at once: they fit a processor's cache, and memory does not grow with the resamples."""

JACKKNIFE_GROUPS = 500
"""Beyond this many pairs the jackknife leaves out groups, which keeps its cost linear in the pairs. The
acceleration divides a sum of cubes by a power of a sum of squares, so grouping does not bias it; its error,
sqrt(6) / (6 * groups), moves a bound by .003 of a standard error."""


def evaluate(statistics: Mapping[str, Weighted], blocks: Blocks) -> dict[str, Array]:
    """Value of each statistic for every row of the blocks."""
    values: dict[str, list[Array]] = {name: [] for name in statistics}
    for weights in blocks:
        for name, statistic in statistics.items():
            values[name].append(statistic(weights))
    return {name: np.concatenate(parts) for name, parts in values.items()}


def bootstrap(pairs: int, resamples: int, seed: int) -> Blocks:
    """Blocks of rows that say how often each pair was drawn."""
    generator = np.random.default_rng(seed)
    for height in _heights(resamples, pairs):
        drawn = generator.integers(0, pairs, (height, pairs))
        drawn += np.arange(height)[:, None] * pairs
        counts = np.bincount(drawn.ravel(), minlength=height * pairs)
        yield counts.reshape(height, pairs).astype(np.float64)


def jackknife(pairs: int) -> Blocks:
    """Blocks of rows of ones, each with one pair or one group of pairs left out."""
    groups = min(pairs, JACKKNIFE_GROUPS)
    group = np.arange(pairs) % groups
    first = 0
    for height in _heights(groups, pairs):
        yield (group != np.arange(first, first + height)[:, None]).astype(np.float64)
        first += height


def everything(pairs: int) -> Blocks:
    """One row of ones: the pairs as they are."""
    yield np.ones((1, pairs))


def _heights(rows: int, pairs: int) -> Iterator[int]:
    """Heights of the blocks that `rows` rows of weights are worked through in."""
    height = max(4, BLOCK_VALUES // pairs)  # one long row alone is slow: BLAS wakes its threads for each sum
    for start in range(0, rows, height):
        yield min(height, rows - start)
