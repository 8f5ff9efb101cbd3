"""Every arm's score, its difference to the baseline, and a verdict."""

import math
from dataclasses import dataclass
from typing import Any

from dalmeum.comparison.arms import Arms
from dalmeum.data.groups import GroupSizes, judged_by, without_largest
from dalmeum.languages import Text
from dalmeum.stats import (
    Advice,
    CorrelationComparison,
    Difference,
    DifferenceSpread,
    Look,
    Score,
    SeedDifference,
    SeedMean,
    SignificanceTest,
    TrainingSets,
    Verdict,
    advice,
    chance_at_last_look,
    differences_to,
    holm,
    json_number,
    metric_named,
    score,
    smallest_detectable_effect,
    smallest_effect_found,
    verdicts,
)
from dalmeum.stats.detectable import LEVEL


@dataclass(frozen=True)
class ArmResult:
    """What one arm's predictions say on one split.

    Attributes:
        score: mean over seeds, with an interval for new seeds and new pairs; of one trained model its score,
            with an interval for new pairs.
        difference: this arm less the baseline, with the same kind of interval; None for the baseline.
        verdict: what the difference means, by Holm over all arms; None for the baseline.
        detectable_effect: smallest true difference that such a study finds with 80 % power, after Holm and at
            the level of its look; NaN where it is not known.
        advice: what a new study needs to find the smallest effect that matters; None where that is not known.
        power_at_max_seeds: chance that the study's own last look, at `max_seeds`, finds that effect; None
            where no look is left.
        exploratory: why the verdict's word is none.
        without_largest: the difference without the largest group of pairs, and its p-value by Holm; None
            where no group is most of what groups add, and for the baseline.
    """

    name: str
    score: Score
    difference: Difference | None = None
    verdict: Verdict | None = None
    detectable_effect: float = math.nan
    advice: Advice | None = None
    power_at_max_seeds: float | None = None
    exploratory: Text | None = None
    without_largest: tuple[Difference, float] | None = None

    @property
    def seeds(self) -> int:
        """1 for one trained model."""
        return self.score.seeds if isinstance(self.score, SeedMean) else 1

    @property
    def tests(self) -> CorrelationComparison | None:
        """The tests of two correlations, where they were made: of one model against another, on Pearson."""
        return self.difference if isinstance(self.difference, CorrelationComparison) else None

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "score": self.score.interval.to_dict(),
            **dict.fromkeys(("difference", "verdict", "without_largest_group")),
        }
        if self.difference is not None and self.verdict is not None:
            values["difference"] = self.difference.interval.to_dict()
            values["verdict"] = {
                "outcome": self.verdict.outcome,
                "exploratory": self.exploratory and self.exploratory.en,
                "p_value": json_number(self.verdict.p_value),
                "equivalence_p_value": json_number(self.verdict.equivalence_p_value),
                "detectable_effect": json_number(self.detectable_effect),
                "advice": self.advice and {self.advice.of: self.advice.count, "power": self.advice.power},
                "power_at_max_seeds": self.power_at_max_seeds,
            }
            values["without_largest_group"] = self.without_largest and {
                "difference": self.without_largest[0].interval.to_dict(),
                "p_value": json_number(self.without_largest[1]),
            }
        if self.tests is not None:
            values["tests"] = {
                "williams": _test(self.tests.williams),
                "steiger": _test(self.tests.steiger),
                "zou": self.tests.zou.to_dict(),
            }
        return values


@dataclass(frozen=True)
class Judgement:
    """The arms on one split, the baseline first; `training_sets` are those of `Arms`.

    Attributes:
        look: which of a study's it is; None without one.
        groups: sizes of the groups of pairs that arms were judged by, unless they are too few; None where
            every pair stands alone, or nobody knows.
    """

    split: str
    metric: str
    smallest_effect: float
    pairs: int
    arms: tuple[ArmResult, ...]
    look: Look | None = None
    groups: GroupSizes | None = None
    training_sets: TrainingSets | None = None

    @property
    def level(self) -> float:
        """Below which a p-value, after Holm, decides."""
        return LEVEL if self.look is None else self.look.level

    @property
    def compared(self) -> int:
        """Arms that are compared with the baseline: what verdicts are corrected for."""
        return len(self.arms) - 1


def judge(
    arms: Arms,
    split: str,
    *,
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    look: Look | None = None,
) -> Judgement:
    """Compare the arms with the baseline on one of their splits, at the level of the look, else at 5 %."""
    pairs, base = arms.pairs[split], arms.baseline.predictions[split]
    labels, groups = pairs.labels, judged_by(pairs.groups)
    rows = {arm.name: arm.predictions[split] for arm in arms.others}
    how: Any = {"groups": groups, "overlap": arms.overlap}
    differences = differences_to(metric, labels, rows, base, paired=arms.paired, **how)
    level = LEVEL if look is None else look.level
    told = verdicts(
        list(differences.values()),
        smallest_effect,
        higher_is_better=metric_named(metric).higher_is_better,
        level=level,
    )
    without = _without_largest(arms, split, metric)
    results = [ArmResult(arms.baseline.name, score(metric, labels, base, **how))]
    for (name, each), outcome in zip(differences.items(), told, strict=True):
        results.append(
            ArmResult(
                name=name,
                score=score(metric, labels, rows[name], **how),
                difference=each,
                verdict=outcome,
                detectable_effect=_detectable(each, arms, level),
                advice=advice(each, smallest_effect, pairs=len(labels), **_as_judged(arms)),
                power_at_max_seeds=_power_at_max_seeds(each, smallest_effect, look, arms),
                exploratory=None if look is None else look.exploratory,
                without_largest=without.get(name),
            )
        )
    sizes = None if pairs.groups is None else GroupSizes.of(pairs.groups)
    return Judgement(
        split, metric, smallest_effect, len(labels), tuple(results), look, sizes, arms.training_sets
    )


def _as_judged(arms: Arms) -> dict[str, Any]:
    """How its arms were judged, and those of a new study would be."""
    return {"arms": len(arms.others), "paired": arms.paired, "training_sets": arms.training_sets}


def _power_at_max_seeds(found: Difference, effect: float, look: Look | None, arms: Arms) -> float | None:
    if look is None or not isinstance(found, SeedDifference):
        return None
    if not effect or not math.isfinite(found.standard_error):
        return None
    return chance_at_last_look(DifferenceSpread.of(found, **_as_judged(arms)), effect, look)


def _without_largest(arms: Arms, split: str, metric: str) -> dict[str, tuple[Difference, float]]:
    """Each arm's difference and p-value by Holm, where one group is most of what groups add; else nothing."""
    pairs = arms.pairs[split]
    if pairs.groups is None or not GroupSizes.of(pairs.groups).hangs_on_one:
        return {}
    kept = without_largest(pairs.groups)
    rows = {arm.name: arm.predictions[split][:, kept] for arm in arms.others}
    base = arms.baseline.predictions[split][:, kept]
    how: Any = {"groups": pairs.groups[kept], "overlap": arms.overlap}
    differences = differences_to(metric, pairs.labels[kept], rows, base, arms.paired, **how)
    p_values = holm([each.p_value for each in differences.values()])
    return {name: (each, float(p)) for (name, each), p in zip(differences.items(), p_values, strict=True)}


def _detectable(found: Difference, arms: Arms, level: float) -> float:
    if isinstance(found, SeedDifference):
        spread = DifferenceSpread.of(found, **_as_judged(arms))
        return smallest_effect_found(spread, found.seeds, level=level)
    level = level / len(arms.others)
    return smallest_detectable_effect(found.standard_error, found.degrees_of_freedom, level=level)


def _test(test: SignificanceTest) -> dict[str, float | None]:
    return {"statistic": json_number(test.statistic), "p_value": json_number(test.p_value)}
