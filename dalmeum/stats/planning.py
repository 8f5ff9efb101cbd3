"""What a study can find, told before it is made, from how much seeds and pairs differ.

Studies are simulated in which the seeds' variance is judged as that of real ones is (`seed_parts`): pooled
over all arms, but for those that come out visibly noisier, as one in five baselines does by luck alone. The
chance of each is then known, since means and variances of normal scores are independent.

Where the seeds' variance comes from a few seeds, each simulated study has another true one, of those that it
may be, given them: with the estimate in its place studies find less than was promised.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from dalmeum.stats.arms import SeedDifference, seed_parts
from dalmeum.stats.detectable import LEVEL, smallest_enough
from dalmeum.stats.intervals import Estimate
from dalmeum.stats.looks import Look
from dalmeum.stats.seeds import standard_errors
from dalmeum.stats.spread import seed_spreads
from dalmeum.stats.training_sets import TrainingSets, variance_share
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
class DifferenceSpread:
    """How much the difference of two arms varies where each has one seed, by source.

    Attributes:
        seed_variance: by the seeds of both arms together.
        seed_degrees_of_freedom: that the variance was estimated with; inf where it is known.
        pair_variance: by the pairs.
        cross_variance: the part of `seed_variance` that is the seeds' luck with these pairs.
        pairs: how many those are.
        arms: of the study, compared with the baseline: what verdicts are corrected for.
        pooled: those of them whose seeds tell of one variance, with the baseline's.
        paired: whether differences are judged seed by seed.
        training_sets: of the seeds, where each has its own.
        groups: of the pairs, that differences are judged by; None where each pair stands alone.
    """

    seed_variance: float
    seed_degrees_of_freedom: float
    pair_variance: float
    cross_variance: float
    pairs: int
    arms: int
    pooled: int
    paired: bool = False
    training_sets: TrainingSets | None = None
    groups: int | None = None

    @property
    def overlap(self) -> float:
        return 0.0 if self.training_sets is None else self.training_sets.overlap

    @classmethod
    def stated(
        cls, seed_sd: float, pair_error: float, pairs: int, *, arms: int, paired: bool = False
    ) -> "DifferenceSpread":
        """Of numbers that are taken for known: the standard deviation of a recipe's score over its seeds, and
        the standard error that the pairs give to the difference of two recipes.
        """
        return cls(2 * seed_sd**2, math.inf, pair_error**2, 0.0, pairs, arms, arms, paired)

    @classmethod
    def estimated(
        cls,
        scores: Sequence[Array],
        differences: Sequence[SeedDifference],
        pairs: int,
        *,
        arms: int,
        paired: bool = False,
        training_sets: TrainingSets | None = None,
    ) -> "DifferenceSpread":
        """From finished recipes: the scores (k,) of each one's seeds, the first one's first, and the others'
        differences to it, as `judged_together` gives them.

        Without differences the pairs' part is NaN. A recipe that is visibly noisier than the others does not
        count, as where arms are judged. What seeds share in all recipes is known of paired ones alone.
        """
        if paired and differences:
            pooled = max(differences, key=lambda each: each.seed_degrees_of_freedom)
            found = cls.of(pooled, arms=arms, paired=True, training_sets=training_sets)
            return dataclasses.replace(found, pairs=pairs, groups=pooled.pairs)
        pool = next((each for each in seed_spreads(scores) if each.pooled), None)
        known = [
            (each.pair_variance, each.cross_variance / (1 / len(scores[0]) + 1 / len(own)))
            for own, each in zip(scores[1:], differences, strict=True)
            if math.isfinite(each.pair_variance)
        ]
        return cls(
            seed_variance=math.nan if pool is None else 2 * pool.variance,
            seed_degrees_of_freedom=math.nan if pool is None else pool.degrees_of_freedom,
            pair_variance=mean(pair for pair, _ in known) if known else math.nan,
            cross_variance=2 * mean(cross for _, cross in known) if known else 0.0,
            pairs=pairs,
            arms=arms,
            pooled=arms,
            paired=paired,
            training_sets=training_sets,
            groups=differences[0].pairs if differences else None,
        )

    @classmethod
    def of(
        cls,
        found: SeedDifference,
        *,
        arms: int,
        paired: bool = False,
        training_sets: TrainingSets | None = None,
    ) -> "DifferenceSpread":
        """That of one study's difference, for new studies of the same arms."""
        # An arm that was not pooled with the others will hardly be so in the next study.
        recipes = found.seed_degrees_of_freedom / (found.seeds - 1)
        overlap = 0.0 if training_sets is None else training_sets.overlap
        return cls(
            seed_variance=found.seed_variance / variance_share(found.seeds, overlap),
            seed_degrees_of_freedom=found.seed_degrees_of_freedom,
            pair_variance=found.pair_variance,
            cross_variance=found.cross_variance * found.seeds,
            pairs=found.pairs,
            arms=arms,
            pooled=arms if paired or math.isnan(recipes) else max(round(recipes) - 1, 1),
            paired=paired,
            training_sets=training_sets,
        )

    def in_study_of(self, seeds: int) -> "DifferenceSpread":
        """The same where the study has so many seeds: their training sets have another overlap."""
        if self.training_sets is None:
            return self
        sets = self.training_sets.of_seeds(seeds)
        # s^2 of scores that are alike is the smaller by what they have in common.
        share = (1 - sets.overlap) / (1 - self.overlap)
        return dataclasses.replace(
            self,
            seed_variance=share * self.seed_variance,
            cross_variance=share * self.cross_variance,
            training_sets=sets,
        )

    def at(self, quantile: float) -> "DifferenceSpread":
        """The same with a variance of the seeds that is known: of those that it may be, this quantile."""
        if math.isinf(self.seed_degrees_of_freedom):
            return self
        from scipy.special import chdtri  # slow to import

        true = float(self.seed_degrees_of_freedom / chdtri(self.seed_degrees_of_freedom, quantile))
        return dataclasses.replace(
            self,
            seed_variance=true * self.seed_variance,
            cross_variance=true * self.cross_variance,
            seed_degrees_of_freedom=math.inf,
        )


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
