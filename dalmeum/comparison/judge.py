"""Every arm's score, its difference to the baseline, and a verdict."""

import math
from dataclasses import dataclass
from typing import Any

from dalmeum.comparison.arms import Arms
from dalmeum.stats import (
    CorrelationComparison,
    Difference,
    Score,
    SeedDifference,
    SeedMean,
    SignificanceTest,
    Verdict,
    difference,
    holm,
    json_number,
    metric_named,
    score,
    smallest_detectable_effect,
    verdict,
)


@dataclass(frozen=True)
class ArmResult:
    """What one arm's predictions say on one split.

    Attributes:
        score: mean over seeds, with an interval for new seeds and new pairs; of one trained model its score,
            with an interval for new pairs.
        difference: this arm less the baseline, with the same kind of interval; None for the baseline.
        verdict: what the difference means, its p-value by Holm over all arms; None for the baseline.
    """

    name: str
    score: Score
    difference: Difference | None
    verdict: Verdict | None

    @property
    def seeds(self) -> int:
        """1 for one trained model."""
        return self.score.seeds if isinstance(self.score, SeedMean) else 1

    @property
    def tests(self) -> CorrelationComparison | None:
        """The tests of two correlations, where they were made: of one model against another, on Pearson."""
        return self.difference if isinstance(self.difference, CorrelationComparison) else None

    @property
    def detectable_effect(self) -> float:
        """Smallest true difference that such a study finds with 80 % power, before Holm; NaN if unknown."""
        found = self.difference
        if not isinstance(found, SeedDifference):
            return math.nan
        return smallest_detectable_effect(found.standard_error, found.degrees_of_freedom)

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"score": self.score.interval.to_dict(), "difference": None, "verdict": None}
        if self.difference is not None and self.verdict is not None:
            values["difference"] = self.difference.interval.to_dict()
            values["verdict"] = {
                "outcome": self.verdict.outcome,
                "p_value": json_number(self.verdict.p_value),
                "seeds_to_decide": self.verdict.seeds_to_decide,
                "pairs_to_decide": self.verdict.pairs_to_decide,
                "detectable_effect": json_number(self.detectable_effect),
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
    """The arms on one split, the baseline first."""

    split: str
    metric: str
    smallest_effect: float
    pairs: int
    arms: tuple[ArmResult, ...]


def judge(arms: Arms, split: str, *, metric: str = "pearson", smallest_effect: float = 0.005) -> Judgement:
    """Compare the arms with the baseline on one of their splits."""
    labels, base = arms.pairs[split].labels, arms.baseline.predictions[split]
    differences = {
        arm.name: difference(metric, labels, arm.predictions[split], base, paired=arms.paired)
        for arm in arms.others
    }
    adjusted = dict(zip(differences, holm([each.p_value for each in differences.values()]), strict=True))
    verdicts = {
        name: verdict(
            each,
            smallest_effect,
            pairs=len(labels),
            adjusted_p_value=float(adjusted[name]),
            higher_is_better=metric_named(metric).higher_is_better,
        )
        for name, each in differences.items()
    }
    results = (
        ArmResult(
            name=arm.name,
            score=score(metric, labels, arm.predictions[split]),
            difference=differences.get(arm.name),
            verdict=verdicts.get(arm.name),
        )
        for arm in arms.arms
    )
    return Judgement(split, metric, smallest_effect, len(labels), tuple(results))


def _test(test: SignificanceTest) -> dict[str, float | None]:
    return {"statistic": json_number(test.statistic), "p_value": json_number(test.p_value)}
