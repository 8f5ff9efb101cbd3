"""Overfitting: how much better each arm scores on its training pairs than on the judged ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arm import Arm, Array
from dalmeum.comparison.arms import Arms
from dalmeum.data.groups import judged_by
from dalmeum.stats import (
    Difference,
    gap,
    gap_difference,
    gap_over_training_sets,
    json_number,
    metric_named,
    of_columns,
)


@dataclass(frozen=True)
class ArmGap:
    """The gap of one arm, in units of the metric.

    Attributes:
        train: score on the training pairs, a number a run.
        judged: score on the judged split, a number a run.
        gap: mean of train less judged.
        difference: the gap less the baseline's, by seed; None for the baseline, and for an arm that was not
            trained on the baseline's pairs, or not with its seeds.
    """

    train: tuple[float, ...]
    judged: tuple[float, ...]
    gap: Difference
    difference: Difference | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "train": json_number(float(np.mean(self.train))),
            "gap": _to_dict(self.gap),
            "difference": None if self.difference is None else _to_dict(self.difference),
        }


def arm_gaps(arms: Arms, split: str, *, metric: str = "pearson") -> dict[str, ArmGap | None]:
    """The gap of each arm to one of their splits.

    None for an arm whose training predictions nobody kept, over folds, where each pair is trained on and
    judged in turn, and between trained models.
    """
    if arms.compared == "models" or arms.folds > 1:
        return dict.fromkeys(arms.names)
    return {arm.name: _gap(arms, arm, split, metric) for arm in arms.arms}


def _gap(arms: Arms, arm: Arm, split: str, metric: str) -> ArmGap | None:
    if arms.training_sets is not None:
        return _gap_over_sets(arms, arm, split, metric)
    if arm.train is None or arm.train_predictions is None:
        return None
    pairs, statistic = arms.pairs[split], metric_named(metric)
    train, judged = (arm.train.labels, arm.train_predictions), (pairs.labels, arm.predictions[split])
    groups = judged_by(arm.train.groups), judged_by(pairs.groups)
    base, change = arms.baseline, None
    comparable = arms.same_seeds and arm is not base and base.train is not None and arm.train.are(base.train)
    if comparable and base.train_predictions is not None:
        sides = (*train, base.train_predictions), (*judged, base.predictions[split])
        change = gap_difference(*sides, groups=groups, metric=statistic)
    return ArmGap(
        train=_scores(metric, *train),
        judged=_scores(metric, *judged),
        gap=gap(train, judged, groups=groups, metric=statistic),
        difference=change,
    )


def _gap_over_sets(arms: Arms, arm: Arm, split: str, metric: str) -> ArmGap | None:
    """Of seeds that were each trained on a set of their own."""
    if not arm.parts:
        return None
    labels, rows, base = arms.pairs[split].labels, arm.predictions[split], arms.baseline
    groups = judged_by(arms.pairs[split].groups)
    how: Any = {"groups": groups, "metric": metric_named(metric), "overlap": arms.overlap}
    train, change = _scores_on(metric, arm), None
    pairs = zip(arm.parts, base.parts, strict=False)
    if arm is not base and base.parts and all(own.are(other) for (own, _), (other, _) in pairs):
        less = np.subtract(train, _scores_on(metric, base))
        change = gap_over_training_sets(less, (labels, rows, base.predictions[split]), **how)
    return ArmGap(
        train=train,
        judged=_scores(metric, labels, rows),
        gap=gap_over_training_sets(train, (labels, rows), **how),
        difference=change,
    )


def _scores_on(metric: str, arm: Arm) -> tuple[float, ...]:
    return tuple(of_columns(metric_named(metric), pairs.labels, row) for pairs, row in arm.parts)


def _scores(metric: str, labels: Array, rows: Array) -> tuple[float, ...]:
    return tuple(of_columns(metric_named(metric), labels, row) for row in rows)


def _to_dict(difference: Difference) -> dict[str, float | None]:
    return {**difference.interval.to_dict(), "p_value": json_number(difference.p_value)}
