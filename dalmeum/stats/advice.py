"""What a new study would take: its power at the smallest effect that matters, never at the observed one.

A projection from the difference that was just seen takes luck for truth: followed until it decides, it finds
differences where there are none (Hoenig and Heisey 2001, The American Statistician 55, 19-24). What is taken
from a study is its error alone, and how little few seeds tell of it: power is the mean over what the variance
of the seeds may truly be.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dalmeum.stats.arms import SeedDifference
from dalmeum.stats.detectable import LEVEL, study_power, study_powers
from dalmeum.stats.intervals import Difference
from dalmeum.stats.seeds import FEWEST_SEEDS, standard_error
from dalmeum.stats.training_sets import TrainingSets, variance_share

POWER = 0.8
RATIOS = 16
MOST_SEEDS = 60
MOST_PAIRS = 10**9
"""Beyond them a number is as good as none."""


@dataclass(frozen=True)
class Advice:
    """How many seeds of each arm, or pairs, a new study should have.

    Attributes:
        count: the smallest number with the power asked for or, where `MOST_SEEDS` on these pairs have less,
            that many.
        power: the share of such studies that find the smallest effect.
    """

    of: Literal["seeds", "pairs"]
    count: int
    power: float


def advice(
    difference: Difference,
    effect: float,
    *,
    pairs: int,
    arms: int = 1,
    power: float = POWER,
    training_sets: TrainingSets | None = None,
) -> Advice | None:
    """What a study with the error of this difference needs to find a true difference of `effect`.

    With seeds: more of them on the same pairs. Without, of trained models: more pairs. None for an effect of
    0 and where the error is not known.

    Args:
        effect: in units of the metric, of either sign.
        pairs: that the difference was taken on.
        arms: compared with the baseline; the effect must be found by Holm's first step, the hardest.
        training_sets: of the seeds, where each has its own. No more seeds are advised than the pool has
            disjoint sets for: beyond, all have been seen.
    """
    if not effect or not math.isfinite(difference.standard_error):
        return None

    overlap = training_sets.overlap if training_sets else 0.0
    most = MOST_SEEDS
    if training_sets and not overlap:
        most = min(most, training_sets.pool // training_sets.pairs)

    def with_seeds(count: int) -> float:
        return power_with_seeds(found, effect, count, level=LEVEL / arms, overlap=overlap)

    def with_pairs(count: int) -> float:
        error = difference.standard_error * math.sqrt(pairs / count)
        return study_power(effect, error, count - 1.0, level=LEVEL / arms) if error else 1.0

    if isinstance(difference, SeedDifference):
        found = difference
        seeds = _smallest(lambda count: with_seeds(count) >= power, FEWEST_SEEDS, most)
        return Advice("seeds", seeds, with_seeds(seeds))
    enough = _smallest(lambda count: with_pairs(count) >= power, 3, MOST_PAIRS)
    return Advice("pairs", enough, with_pairs(enough))


def power_with_seeds(
    found: SeedDifference, effect: float, seeds: int, *, level: float = LEVEL, overlap: float = 0.0
) -> float:
    """Chance that a study of so many seeds, with the error of this difference, finds a true one of `effect`.

    `level` is that of its one look, or of its last, divided by the arms for Holm's first step; `overlap` that
    of training sets of the seeds' own, as in `seed_by_pair`.
    """
    ratios = _true_by_estimated(found.seed_degrees_of_freedom)
    errors, freedoms = np.array([_with_seeds(found, seeds, ratio, overlap) for ratio in ratios]).T
    return float(study_powers(effect, errors, freedoms, level).mean()) if errors.all() else 1.0


def _true_by_estimated(freedom: float) -> list[float]:
    """Ratios of a variance to its estimate, all equally likely: the degrees of freedom over chi^2."""
    from scipy.special import chdtri  # slow to import

    middles = (np.arange(RATIOS) + 0.5) / RATIOS
    return [float(freedom / each) for each in chdtri(freedom, middles)]


def _with_seeds(found: SeedDifference, seeds: int, ratio: float, overlap: float) -> tuple[float, float]:
    """Standard error and degrees of freedom with other numbers of seeds, the arms judged as they were."""
    fewer = found.seeds / seeds
    of_mean = variance_share(seeds, overlap) / variance_share(found.seeds, overlap)
    return standard_error(
        found.seed_variance * ratio * of_mean,
        found.seed_degrees_of_freedom * (seeds - 1) / (found.seeds - 1),
        found.pair_variance,
        found.cross_variance * ratio * fewer,
        seeds,
        found.pairs,
    )


def _smallest(enough: Callable[[int], bool], fewest: int, most: int) -> int:
    """Smallest number that is enough, for a condition that stays true once it is; `most` where none is."""
    low, high = fewest - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
