"""Every arm's score, its difference to the baseline, and a verdict."""

import math
from dataclasses import dataclass
from typing import Any

from dalmeum.comparison.arms import Arms
from dalmeum.stats import (
    Advice,
    CorrelationComparison,
    Difference,
    DifferenceSpread,
    Score,
    SeedDifference,
    SeedMean,
    SignificanceTest,
    Verdict,
    advice,
    differences_to,
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
        detectable_effect: smallest true difference that such a study finds with 80 % power, after Holm; NaN
            where it is not known.
        advice: what a new study needs to find the smallest effect that matters; None where that is not known.
    """

    name: str
    score: Score
    difference: Difference | None = None
    verdict: Verdict | None = None
    detectable_effect: float = math.nan
    advice: Advice | None = None

    @property
    def seeds(self) -> int:
        """1 for one trained model."""
        return self.score.seeds if isinstance(self.score, SeedMean) else 1

    @property
    def tests(self) -> CorrelationComparison | None:
        """The tests of two correlations, where they were made: of one model against another, on Pearson."""
        return self.difference if isinstance(self.difference, CorrelationComparison) else None

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"score": self.score.interval.to_dict(), "difference": None, "verdict": None}
        if self.difference is not None and self.verdict is not None:
            values["difference"] = self.difference.interval.to_dict()
            values["verdict"] = {
                "outcome": self.verdict.outcome,
                "p_value": json_number(self.verdict.p_value),
                "equivalence_p_value": json_number(self.verdict.equivalence_p_value),
                "detectable_effect": json_number(self.detectable_effect),
                "advice": self.advice and {self.advice.of: self.advice.count, "power": self.advice.power},
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

    @property
    def compared(self) -> int:
        """Arms that are compared with the baseline: what verdicts are corrected for."""
        return len(self.arms) - 1


def judge(arms: Arms, split: str, *, metric: str = "pearson", smallest_effect: float = 0.005) -> Judgement:
    """Compare the arms with the baseline on one of their splits."""
    labels, base = arms.pairs[split].labels, arms.baseline.predictions[split]
    rows = {arm.name: arm.predictions[split] for arm in arms.others}
    differences = differences_to(metric, labels, rows, base, paired=arms.paired)
    told = verdicts(
        list(differences.values()),
        smallest_effect,
        higher_is_better=metric_named(metric).higher_is_better,
    )
    results = [ArmResult(arms.baseline.name, score(metric, labels, base))]
    for (name, each), outcome in zip(differences.items(), told, strict=True):
        results.append(
            ArmResult(
                name=name,
                score=score(metric, labels, rows[name]),
                difference=each,
                verdict=outcome,
                detectable_effect=_detectable(each, len(rows), arms.paired),
                advice=advice(each, smallest_effect, pairs=len(labels), arms=len(rows), paired=arms.paired),
            )
        )
    return Judgement(split, metric, smallest_effect, len(labels), tuple(results))


def _detectable(found: Difference, arms: int, paired: bool) -> float:
    if isinstance(found, SeedDifference):
        return smallest_effect_found(DifferenceSpread.of(found, arms=arms, paired=paired), found.seeds)
    return smallest_detectable_effect(found.standard_error, found.degrees_of_freedom, level=LEVEL / arms)


def _test(test: SignificanceTest) -> dict[str, float | None]:
    return {"statistic": json_number(test.statistic), "p_value": json_number(test.p_value)}
