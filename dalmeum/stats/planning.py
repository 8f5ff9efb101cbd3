"""What a study can find, told before it is made, from how much seeds and pairs differ.

Studies are simulated in which the seeds' variance is judged as that of real ones is (`seed_parts`): pooled
over all arms, but for those that come out visibly noisier, as one in five baselines does by luck alone. The
chance of each is then known, since means and variances of normal scores are independent.

Where the seeds' variance comes from a few seeds, each simulated study has another true one, of those that it
may be, given them: with the estimate in its place studies find less than was promised.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dalmeum.stats.arms import seed_parts
from dalmeum.stats.detectable import LEVEL, smallest_enough
from dalmeum.stats.difference_spread import DifferenceSpread
from dalmeum.stats.intervals import Estimate
from dalmeum.stats.looks import Look
from dalmeum.stats.seeds import standard_errors
from dalmeum.stats.training_sets import variance_share
from dalmeum.stats.verdicts import holm
from dalmeum.stats.weighted import Array

POWER = 0.8
RECIPES, FEWEST_STUDIES = 4000, 100
"""Recipes in all simulated studies together: a chance comes out within about .01."""

MOST_POOLED = 30
"""Arms that are simulated: what more of them know of the seeds' variance changes no chance."""

LUCKS = 8
"""Of the arms, in each of them."""


@dataclass(frozen=True)
class _Studies:
    """What simulated studies take the error of each arm's difference for.

    Attributes:
        true: the standard error that it is, shape (studies, 1).
        error, freedom: shape (studies, arms).
    """

    true: Array
    error: Array
    freedom: Array

    def chance(self, effect: float, level: float) -> float:
        """That a true difference of `effect` is found by a two-sided test at `level`."""
        if not self.true.any():
            return float(effect != 0)
        from scipy.special import ndtr, stdtrit  # slow to import

        bound = stdtrit(self.freedom, 1 - level / 2) * self.error
        found = ndtr((abs(effect) - bound) / self.true) + ndtr((-abs(effect) - bound) / self.true)
        return float(found.mean())


def chance_to_find(
    spread: DifferenceSpread, effect: float, seeds: int, *, pairs: int | None = None, level: float = LEVEL
) -> float:
    """Chance that a true difference of `effect`, of either sign, comes out as better or worse.

    By Holm's first step, the hardest: that of one arm which alone of all is another than the baseline.
    """
    return _studies(spread, seeds, pairs).chance(effect, level / spread.arms)


def chance_at_last_look(spread: DifferenceSpread, effect: float, look: Look) -> float | None:
    """`chance_to_find` of the last look at a study, at `max_seeds`; None where none is left."""
    if look.last_level is None:
        return None
    last = spread.in_study_of(look.max_seeds)
    return chance_to_find(last, effect, look.max_seeds, level=look.last_level)


def smallest_effect_found(
    spread: DifferenceSpread, seeds: int, *, power: float = POWER, level: float = LEVEL
) -> float:
    """The smallest true difference that `chance_to_find` finds with the chance `power`, 0 without error.

    NaN where the error is not known.
    """
    studies = _studies(spread, seeds)
    if not np.isfinite(studies.error).all():
        return math.nan
    largest = float(studies.true.max())
    while largest and studies.chance(largest, level / spread.arms) < power:
        largest *= 2
    return smallest_enough(lambda effect: studies.chance(effect, level / spread.arms) >= power, largest)


def chance_of_no_difference(
    spread: DifferenceSpread, margin: float, seeds: int, *, level: float = LEVEL
) -> float:
    """Chance that an arm is said to make no difference, where all arms truly are equal to the baseline.

    By two one-sided tests and Holm over the arms, as `verdicts` has it.
    """
    from scipy.special import stdtr

    studies = _studies(spread, seeds, every=True)
    if not studies.true.any():
        return float(margin > 0)
    luck = np.random.default_rng(0).normal(size=(LUCKS, *studies.error.shape)) / math.sqrt(2)
    baseline = np.random.default_rng(1).normal(size=(LUCKS, len(studies.true), 1)) / math.sqrt(2)
    room = margin - np.abs((luck - baseline) * studies.true)
    p_values = np.where(room > 0, 2 * stdtr(studies.freedom, -room / studies.error), 1.0)
    return float((holm(p_values) < level).mean())


def likely(
    chance: Callable[..., float],
    spread: DifferenceSpread,
    effect: float,
    seeds: int,
    *,
    level: float = LEVEL,
) -> Estimate:
    """One of the chances above, and the bounds that the seeds' variance leaves open, four times in five.

    The bounds are NaN where it is known.
    """
    value = chance(spread, effect, seeds, level=level)
    if math.isinf(spread.seed_degrees_of_freedom):
        return Estimate(value)
    # The larger the variance, the less is found.
    low, high = (chance(spread.at(quantile), effect, seeds, level=level) for quantile in (0.9, 0.1))
    return Estimate(value, low, high)


def _studies(
    spread: DifferenceSpread, seeds: int, pairs: int | None = None, *, every: bool = False
) -> _Studies:
    """Simulated studies of a spread; of their arms the first alone, unless `every` one."""
    share = 1.0 if pairs is None else spread.pairs / pairs
    # More pairs mend what is luck with these.
    cross = min(spread.cross_variance, spread.seed_variance)
    of_mean = variance_share(seeds, spread.overlap)
    seed_variance = (spread.seed_variance - cross + cross * share) * of_mean
    pair_variance, units = (
        spread.pair_variance * share,
        max(round((spread.groups or spread.pairs) / share), 2),
    )
    ratios, freedoms = _judged(min(spread.pooled, MOST_POOLED), seeds, spread.paired)
    width = spread.arms if every else 1
    if ratios.shape[1] < width:
        ratios, freedoms = (np.repeat(each[:, :1], width, axis=1) for each in (ratios, freedoms))
    true = _possible(spread.seed_degrees_of_freedom, len(ratios))
    seen = true[:, None] * ratios[:, :width]
    error, freedom = standard_errors(
        seed_variance * seen,
        freedoms[:, :width],
        pair_variance,
        spread.cross_variance * share / seeds * seen,
        seeds,
        units,
    )
    return _Studies(np.sqrt(seed_variance * true + pair_variance)[:, None], error, freedom)


@functools.lru_cache(maxsize=128)
def _judged(arms: int, seeds: int, paired: bool) -> tuple[Array, Array]:
    """What studies take the seeds' variance of each difference for, over its true one, and the degrees of
    freedom: both (studies, arms).
    """
    count = max(RECIPES // (arms + 1), FEWEST_STUDIES)
    studies = np.random.default_rng(0).normal(size=(count, arms + 1, seeds))
    found = np.array([seed_parts(list(scores), paired=paired) for scores in studies])
    return found[..., 0] * seeds / 2, found[..., 1]


def _possible(freedom: float, count: int) -> Array:
    """Equally likely ratios of the seeds' true variance to its estimate: degrees of freedom over chi^2."""
    if math.isinf(freedom):
        return np.ones(count)
    from scipy.special import chdtri

    middles = (np.random.default_rng(2).permutation(count) + 0.5) / count
    return np.asarray(freedom / chdtri(freedom, middles))
