"""Seeds added later are a further look at the same question, and looks are paid for.

Who tests at 5 % after 3 seeds, again after 5, and so on, finds differences where there are none far more
often than in 5 %. Here each look spends a part of the level, in proportion to the seeds that it adds, of a
number declared beforehand (Lan and DeMets 1983, Biometrika 70, 659-663, with the linear spending function),
so that over all looks together the chance of a false verdict is the level.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.languages import Text
from dalmeum.stats.detectable import LEVEL
from dalmeum.stats.weighted import Array

NODES = 400
"""Points of the quadrature: its error is far below what a level is read to."""


@dataclass(frozen=True)
class Look:
    """One judgement of a study, after those of the same question before it.

    Attributes:
        seeds: of each arm at every look that counts, up to this one, rising; of an exploratory one its own
            number alone.
        max_seeds: up to which looks were planned at the first one.
        exploratory: why no verdict may be drawn from it; None for a look that counts.
    """

    seeds: tuple[int, ...]
    max_seeds: int
    exploratory: Text | None = None

    @property
    def number(self) -> int | None:
        """From 1; None for an exploratory one, which is not counted."""
        return None if self.exploratory else len(self.seeds)

    @property
    def level(self) -> float:
        """Two-sided; of an exploratory one, which has none, the plain 5 %."""
        return LEVEL if self.exploratory else _level_of_last(self.seeds, self.max_seeds)

    @property
    def last_level(self) -> float | None:
        """What is left for a last look at `max_seeds`; None where that was taken, or nothing counts."""
        if self.exploratory or self.seeds[-1] == self.max_seeds:
            return None
        return _level_of_last((*self.seeds, self.max_seeds), self.max_seeds)

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "level": self.level,
            "max_seeds": self.max_seeds,
            "exploratory": self.exploratory and self.exploratory.en,
        }


@functools.lru_cache(maxsize=4096)
def _level_of_last(seeds: tuple[int, ...], max_seeds: int) -> float:
    return levels_of_looks(seeds, max_seeds)[-1]


def levels_of_looks(seeds: Sequence[int], max_seeds: int, *, level: float = LEVEL) -> list[float]:
    """The two-sided level of each look at a study, made when every arm had so many seeds.

    A look at k seeds has spent `level` * k / `max_seeds` by then. The levels are those of a normal statistic
    whose variance falls as 1 / k, as if seeds were the only error; where pairs are one, too, the looks are
    more alike and the levels on the safe side. Compare a look's p-value, after Holm, with its level. A later
    look does not change the levels of those before it.

    Args:
        seeds: rising, each of them up to `max_seeds`; a look beyond is exploratory and has no level.

    Raises:
        ValueError: numbers that do not rise or lie beyond `max_seeds`.
    """
    if not seeds or not all(one < other for one, other in itertools.pairwise([0, *seeds])):
        raise ValueError(f"seeds {list(seeds)}: give the number of seeds at each look, rising")
    if seeds[-1] > max_seeds:
        raise ValueError(f"{seeds[-1]} seeds are more than max_seeds={max_seeds}: such a look is exploratory")
    first = level * (seeds[0] / max_seeds)
    if len(seeds) == 1:
        return [first]
    from scipy.special import ndtr  # slow to import

    nodes, weights = _quadrature()
    # The sum of the scores where no look decided so far, in standard deviations of that at the last seed.
    sums, density = np.zeros(1), np.ones(1)
    levels = []
    for before, now in itertools.pairwise([0, *seeds]):
        share = (now - before) / max_seeds
        step = math.sqrt(share)
        bound = _bound(sums / step, density, level * share) * step
        inside = bound * nodes
        kernel = np.exp(-(((inside[:, None] - sums) / step) ** 2) / 2) / (step * math.sqrt(2 * math.pi))
        sums, density = inside, bound * weights * (kernel @ density)
        levels.append(float(2 * ndtr(-bound / math.sqrt(now / max_seeds))))
    return [first, *levels[1:]]  # nothing was spent before the first


@functools.cache
def _quadrature() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(NODES)


def _bound(sums: Array, density: Array, spent: float) -> float:
    """Beyond which, either way, a standard normal step from these sums leads with the chance `spent`."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def excess(bound: float) -> float:
        return float(density @ (ndtr(sums - bound) + ndtr(-sums - bound))) - spent

    return float(brentq(excess, 0.0, np.abs(sums).max() + 40.0, xtol=1e-12))
