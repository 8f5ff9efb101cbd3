"""Overfitting: how much better each arm scores on its training pairs than on the judged ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum import stats
from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.judge import json_number
from dalmeum.experiments.study.scored import ScoredPairs, read_arm, read_arms
from dalmeum.stats import Difference, gap_difference_over_seeds, gap_over_seeds, weighted


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


def arm_gaps(
    arms: Mapping[str, Sequence[Run]],
    baseline: str,
    *,
    split: str,
    metric: str,
    paired: bool = True,
) -> dict[str, ArmGap | None]:
    """The gap of each arm, the baseline first; None for an arm whose runs kept no training predictions.

    `paired`: the i-th runs of all arms share their seed; where not, no gap is compared with the baseline's.

    Raises `InputError` where predictions are damaged, or the judged pairs differ.
    """
    judged = read_arms(arms, split)
    train = {
        name: read_arm(runs, "train") if all(run.predictions("train").is_file() for run in runs) else None
        for name, runs in arms.items()
    }
    names = (baseline, *(name for name in arms if name != baseline))
    gaps: dict[str, ArmGap | None] = {}
    for name in names:
        own, base = train[name], train[baseline]
        if own is None:
            gaps[name] = None
            continue
        comparable = paired and name != baseline and base is not None and own.are_on_the_pairs_of(base)
        gaps[name] = ArmGap(
            train=_scores(own, metric),
            judged=_scores(judged[name], metric),
            gap=gap_over_seeds(
                (own.labels, own.predictions),
                (judged[name].labels, judged[name].predictions),
                metric=getattr(weighted, metric),
            ),
            difference=gap_difference_over_seeds(
                (own.labels, own.predictions, base.predictions),
                (judged[name].labels, judged[name].predictions, judged[baseline].predictions),
                metric=getattr(weighted, metric),
            )
            if comparable and base is not None
            else None,
        )
    return gaps


def _scores(pairs: ScoredPairs, metric: str) -> tuple[float, ...]:
    return tuple(float(getattr(stats, metric)(pairs.labels, row)) for row in pairs.predictions)


def _to_dict(difference: Difference) -> dict[str, float | None]:
    return {**difference.interval.to_dict(), "p_value": json_number(difference.p_value)}
