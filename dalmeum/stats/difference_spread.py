"""How much the difference of two arms varies, by source: what a plan, and advice, go by."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from dalmeum.stats.arms import SeedDifference
from dalmeum.stats.spread import seed_spreads
from dalmeum.stats.training_sets import TrainingSets, variance_share
from dalmeum.stats.weighted import Array


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
