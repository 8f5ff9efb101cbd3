"""What a new study would take: its power at the smallest effect that matters, never at the observed one.

A projection from the difference that was just seen takes luck for truth: followed until it decides, it finds
differences where there are none (Hoenig and Heisey 2001, The American Statistician 55, 19-24). What is taken
from a study is its error alone, and how little few seeds tell of it (`dalmeum.stats.planning`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dalmeum.stats.arms import SeedDifference
from dalmeum.stats.detectable import LEVEL, study_power
from dalmeum.stats.difference_spread import DifferenceSpread
from dalmeum.stats.intervals import Difference
from dalmeum.stats.planning import POWER, chance_to_find
from dalmeum.stats.seeds import FEWEST_SEEDS
from dalmeum.stats.training_sets import TrainingSets

MOST_SEEDS = 60
FEWEST_PAIRS, MOST_PAIRS = 3, 10**9
"""Beyond the most a number is as good as none."""


@dataclass(frozen=True)
class Advice:
    """How many seeds of each arm, or pairs, a new study should have.

    Attributes:
        count: the smallest number with the power asked for or, where `MOST_SEEDS` on these pairs, or
            `MOST_PAIRS`, have less, that many.
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
    paired: bool = False,
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
        paired: whether differences are judged seed by seed.
        training_sets: of the seeds, where each has its own.
    """
    if not effect or not math.isfinite(difference.standard_error):
        return None
    if isinstance(difference, SeedDifference):
        spread = DifferenceSpread.of(difference, arms=arms, paired=paired, training_sets=training_sets)
        return seeds_needed(spread, effect, power=power)

    def found(count: int) -> float:
        error = difference.standard_error * math.sqrt(pairs / count)
        # Of as many groups a pair as these: one more than the degrees of freedom.
        freedom = max((difference.degrees_of_freedom + 1) * count / pairs - 1, 1.0)
        return study_power(effect, error, freedom, level=LEVEL / arms) if error else 1.0

    return _smallest("pairs", FEWEST_PAIRS, MOST_PAIRS, found, power)


def seeds_needed(
    spread: DifferenceSpread, effect: float, *, power: float = POWER, level: float = LEVEL
) -> Advice:
    """How many seeds on these pairs find a true difference of `effect`, not 0, with the chance `power`.

    Where each seed has a training set, with sets that share no pair, as many as the pool has room for; with
    more seeds, whose sets overlap, only where those are not enough.
    """

    def found(seeds: int) -> float:
        return chance_to_find(spread.in_study_of(seeds), effect, seeds, level=level)

    sets = spread.training_sets
    apart = MOST_SEEDS if sets is None else min(max(sets.pool // sets.pairs, FEWEST_SEEDS), MOST_SEEDS)
    few = _smallest("seeds", FEWEST_SEEDS, apart, found, power)
    if few.power >= power or apart == MOST_SEEDS:
        return few
    return max(few, _smallest("seeds", apart + 1, MOST_SEEDS, found, power), key=lambda each: each.power)


def pairs_needed(
    spread: DifferenceSpread, effect: float, seeds: int, *, power: float = POWER, level: float = LEVEL
) -> Advice:
    """How many pairs do so with these seeds."""

    def found(pairs: int) -> float:
        return chance_to_find(spread, effect, seeds, pairs=pairs, level=level)

    needed = _smallest("pairs", FEWEST_PAIRS, MOST_PAIRS, found, power)
    # Where next to no error is left by the pairs, a few seeds alone say how large it is: these may find more.
    now = Advice("pairs", spread.pairs, found(spread.pairs))
    return needed if needed.power >= power else max(needed, now, key=lambda each: each.power)


def _smallest(
    of: Literal["seeds", "pairs"], fewest: int, most: int, found: Callable[[int], float], power: float
) -> Advice:
    """The smallest number whose chance is enough, for one that rises with it; the most where none is."""
    low, high = fewest - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle) >= power else (middle, high)
    return Advice(of, high, found(high))
