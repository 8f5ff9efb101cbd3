"""What a study's runs say: every arm's score, its difference to the baseline, and a verdict."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.scored import read_arms
from dalmeum.stats import (
    Difference,
    Estimate,
    SeedDifference,
    SeedMean,
    Verdict,
    holm,
    mean_over_seeds,
    seed_by_pair,
    smallest_detectable_effect,
    verdict,
    weighted,
)

D = TypeVar("D", SeedDifference, Difference)

HIGHER_IS_BETTER = {"pearson": True, "spearman": True, "rmse": False, "mae": False}


@dataclass(frozen=True)
class ArmResult:
    """What one arm's runs say on one split.

    Attributes:
        runs: ids, a run a seed, or a seed and fold.
        score: mean over seeds, with an interval for new seeds and new pairs; of an arm that is one trained
            model, its score with an interval for new pairs.
        difference: this arm less the baseline, with the same kind of interval; None for the baseline.
        verdict: what the difference means, its p-value by Holm over all arms; None for the baseline.
    """

    name: str
    runs: tuple[str, ...]
    score: SeedMean | Estimate
    difference: SeedDifference | Difference | None
    verdict: Verdict | None

    @property
    def is_one_model(self) -> bool:
        return not isinstance(self.score, SeedMean)

    @property
    def seeds(self) -> int:
        return self.score.seeds if isinstance(self.score, SeedMean) else 1

    @property
    def detectable_effect(self) -> float:
        """Smallest true difference that such a study finds with 80 % power, before Holm; NaN if unknown."""
        difference = self.difference
        if not isinstance(difference, SeedDifference):
            return math.nan
        return smallest_detectable_effect(difference.standard_error, difference.degrees_of_freedom)

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "runs": list(self.runs),
            "score": _interval(self.score.value, self.score),
            "difference": None,
            "verdict": None,
        }
        if self.difference is not None and self.verdict is not None:
            values["difference"] = _interval(self.difference.difference, self.difference)
            values["verdict"] = {
                "outcome": self.verdict.outcome,
                "p_value": json_number(self.verdict.p_value),
                "seeds_to_decide": self.verdict.seeds_to_decide,
                "pairs_to_decide": self.verdict.pairs_to_decide,
                "detectable_effect": json_number(self.detectable_effect),
            }
        return values


@dataclass(frozen=True)
class Judgement:
    """The arms of a study on one split, the baseline first."""

    split: str
    metric: str
    smallest_effect: float
    pairs: int
    arms: tuple[ArmResult, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "split": self.split,
            "metric": self.metric,
            "smallest_effect": self.smallest_effect,
            "pairs": self.pairs,
            "arms": {arm.name: arm.to_dict() for arm in self.arms},
        }


def judge(
    arms: Mapping[str, Sequence[Run]],
    baseline: str,
    *,
    split: str,
    metric: str,
    smallest_effect: float,
    paired: bool = True,
    folds: int = 1,
) -> Judgement:
    """Compare arms, runs of at least 2 seeds each, with the baseline among them, on a labelled split.

    `paired`: the i-th runs of all arms share their seed. `folds` is as in `read_arm`.

    Raises `InputError` where runs were not scored on the same pairs, or their labels do not vary.
    """
    scored = read_arms(arms, split, folds)
    labels, predictions = scored[baseline].labels, {name: each.predictions for name, each in scored.items()}
    statistic = getattr(weighted, metric)
    first = predictions[baseline]
    differences = {
        name: seed_by_pair(labels, rows, first, metric=statistic, paired=paired)
        for name, rows in predictions.items()
        if name != baseline
    }
    return judgement_of(
        {name: [run.id for run in runs] for name, runs in arms.items()},
        {name: mean_over_seeds(labels, rows, metric=statistic) for name, rows in predictions.items()},
        differences,
        lambda difference, p_value: verdict(
            difference,
            smallest_effect,
            adjusted_p_value=p_value,
            higher_is_better=HIGHER_IS_BETTER[metric],
        ),
        Judgement(split, metric, smallest_effect, len(labels), ()),
    )


def judgement_of(
    runs: Mapping[str, Sequence[str]],
    scores: Mapping[str, SeedMean] | Mapping[str, Estimate],
    differences: Mapping[str, D],
    decide: Callable[[D, float], Verdict],
    judgement: Judgement,
) -> Judgement:
    """`judgement` with its arms, the baseline (which has no difference) first; `decide` takes Holm's p."""
    adjusted = dict(zip(differences, holm([each.p_value for each in differences.values()]), strict=True))
    names = sorted(scores, key=lambda name: name in differences)
    arms = (
        ArmResult(
            name=name,
            runs=tuple(runs[name]),
            score=scores[name],
            difference=differences.get(name),
            verdict=decide(differences[name], float(adjusted[name])) if name in differences else None,
        )
        for name in names
    )
    return dataclasses.replace(judgement, arms=tuple(arms))


def _interval(
    value: float, error: SeedMean | Estimate | SeedDifference | Difference
) -> dict[str, float | None]:
    return {"value": json_number(value), "low": json_number(error.low), "high": json_number(error.high)}


def json_number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
