"""How soon the runs of an arm are near their own plateau, and how soon at the baseline's level, on dev."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dalmeum.comparison.arm import Arm, Array, Curve
from dalmeum.comparison.arms import Arms
from dalmeum.stats import (
    Difference,
    Estimate,
    holm,
    json_number,
    judged_together,
    plateau,
    steps_to_plateau,
    steps_to_reach,
    t_interval,
)
from dalmeum.stats.detectable import LEVEL
from dalmeum.stats.steps import SHARE

Pace = Literal["sooner", "later", "undecided"]


@dataclass(frozen=True)
class Steps:
    """Optimiser steps of one arm, and how they compare with the baseline's.

    Attributes:
        steps: mean over seeds with its t interval; NaN where a seed has none.
        change: less the baseline's, or by which factor more, with the t interval that is the arm's own; None
            for the baseline and between trained models.
        p_value: of "they are the baseline's", by Holm over the arms; NaN where `change` is None.
    """

    steps: Estimate
    change: Estimate | None = None
    p_value: float = math.nan


@dataclass(frozen=True)
class Speed:
    """How fast an arm's runs learn.

    Attributes:
        plateau: dev Pearson where its runs settle, mean over seeds.
        own: steps to `SHARE` of each run's own plateau: speed alone. The mean is geometric and `change` a
            factor, below 1 where the arm is sooner: seeds differ in speed by factors.
        level: steps to the baseline's level, restricted to the study's horizon: height and speed together.
            `change` is a difference, below 0 where the arm is sooner.
        reached: seeds that got to the baseline's level.
        seeds: how many there are.
    """

    plateau: Estimate
    own: Steps
    level: Steps
    reached: int
    seeds: int

    @property
    def outcome(self) -> Pace | None:
        """What the steps to the own plateau say; None where nothing was compared."""
        if self.own.change is None:
            return None
        if not self.own.p_value < LEVEL:
            return "undecided"
        return "sooner" if self.own.change.value < 1 else "later"

    def to_dict(self) -> dict[str, Any]:
        return {
            "plateau": self.plateau.to_dict(),
            "own_plateau": {**_steps_json(self.own, "factor"), "outcome": self.outcome},
            "baseline_level": {**_steps_json(self.level, "difference"), "reached": self.reached},
        }


@dataclass(frozen=True)
class Convergence:
    """Speed of the arms, the baseline first.

    Attributes:
        target: the baseline's level, `SHARE` of its runs' mean plateau in dev Pearson.
        horizon: steps that every arm was trained for.
        curves: each arm's runs; none for an arm whose runs kept no history.
        arms: None for an arm without curves.
    """

    target: float
    horizon: float
    curves: Mapping[str, tuple[Curve, ...]]
    arms: Mapping[str, Speed | None]

    def to_dict(self) -> dict[str, Any]:
        arms = {name: speed and speed.to_dict() for name, speed in self.arms.items()}
        return {"share": SHARE, "target": self.target, "horizon": self.horizon, "arms": arms}


def convergence(arms: Arms) -> Convergence | None:
    """Steps of each arm's runs to their own plateau and to the baseline's level, and both against it.

    The steps to the own plateau are compared as logarithms. Those to the baseline's level are Royston and
    Parmar's (2013, BMC Medical Research Methodology 13, 152) restricted mean, the area under the curve of the
    runs that are not there yet: one that never gets there counts as the whole horizon, the steps of the arm
    that was trained shortest. Seeds are judged as scores are (`judged_together`). Of folds, a seed's steps
    are the mean of its runs. Arms whose runs were evaluated at other steps are compared as if the curve were
    straight in between, which makes the one with fewer evaluations later than it is.

    None where the baseline's runs kept no dev evaluations, or were never better than chance.
    """
    if not arms.baseline.curves:
        return None
    level = float(np.mean([plateau(curve.pearson) for curve in arms.baseline.curves]))
    if not level > 0:
        return None
    known = [arm for arm in arms.arms if arm.curves]
    target = SHARE * level
    horizon = min(max(_last(curve) for curve in arm.curves) for arm in known)
    # Who is there at the first evaluation was there before: at its earliest when all had been evaluated.
    start = max(float(curve.steps[0]) for arm in known for curve in arm.curves)

    def to_own(curve: Curve) -> float:
        return float(np.maximum(steps_to_plateau(curve.steps, curve.pearson), start))

    def to_level(curve: Curve) -> float:
        return min(max(steps_to_reach(curve.steps, curve.pearson, target), start), horizon)

    def reaches(curve: Curve) -> float:
        return float(steps_to_reach(curve.steps, curve.pearson, target) <= horizon)

    def settled(curve: Curve) -> float:
        return plateau(curve.pearson)

    own = _compared([np.log(_of_seeds(arm, to_own, arms.folds)) for arm in known], arms)
    levels = _compared([_of_seeds(arm, to_level, arms.folds) for arm in known], arms)
    found = {
        arm.name: Speed(
            plateau=t_interval(_of_seeds(arm, settled, arms.folds), overlap=arms.overlap),
            own=_as_factors(own[place]),
            level=levels[place],
            reached=int((_of_seeds(arm, reaches, arms.folds) == 1).sum()),
            seeds=arm.count,
        )
        for place, arm in enumerate(known)
    }
    curves = {arm.name: arm.curves for arm in arms.arms}
    return Convergence(target, horizon, curves, {name: found.get(name) for name in arms.names})


def _last(curve: Curve) -> float:
    return float(curve.steps[-1])


def _of_seeds(arm: Arm, measured: Callable[[Curve], float], folds: int) -> Array:
    """Of each seed, (k,)."""
    values = np.array([measured(curve) for curve in arm.curves])
    return np.asarray(values.reshape(-1, folds).mean(axis=1))


def _compared(values: Sequence[Array], arms: Arms) -> list[Steps]:
    """The arms' numbers a seed, the baseline's first, each against the baseline's."""
    means = [t_interval(each, overlap=arms.overlap) for each in values]
    if arms.compared == "models" or len(values) == 1:
        return [Steps(mean) for mean in means]
    no_pairs = [(0.0, 0.0)] * (len(values) - 1)
    how: Any = {"paired": arms.paired, "overlap": arms.overlap}
    changes: list[Difference] = list(judged_together(values, no_pairs, 1, **how))
    p_values = holm([each.p_value for each in changes])
    compared = [
        Steps(mean, change.interval, float(p_value))
        for mean, change, p_value in zip(means[1:], changes, p_values, strict=True)
    ]
    return [Steps(means[0]), *compared]


def _as_factors(logarithms: Steps) -> Steps:
    change = logarithms.change
    return dataclasses.replace(
        logarithms, steps=_exponential(logarithms.steps), change=change and _exponential(change)
    )


def _exponential(estimate: Estimate) -> Estimate:
    return Estimate(*(float(np.exp(each)) for each in (estimate.value, estimate.low, estimate.high)))


def _steps_json(steps: Steps, change: str) -> dict[str, Any]:
    return {
        "steps": steps.steps.to_dict(),
        change: steps.change and steps.change.to_dict(),
        "p_value": json_number(steps.p_value),
    }
