"""How soon the runs of an arm get near the baseline's best score on dev."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arms import Arms, Array, Curve
from dalmeum.stats import Estimate, steps_to_reach, t_interval

SHARES = (0.95, 0.99)
"""Targets, as shares of the baseline's best dev Pearson."""


@dataclass(frozen=True)
class Steps:
    """Optimiser steps to one target.

    Attributes:
        steps: mean over seeds; NaN unless every seed got there.
        difference: less the baseline's, seed by seed: below 0 the arm is sooner. NaN unless all seeds of
            both got there. None for the baseline, and where seeds are not the baseline's.
        reached: seeds that got there.
        seeds: how many there are.
    """

    steps: Estimate
    difference: Estimate | None
    reached: int
    seeds: int

    def to_dict(self) -> dict[str, Any]:
        difference = self.difference and self.difference.to_dict()
        return {"steps": self.steps.to_dict(), "difference": difference, "reached": self.reached}


@dataclass(frozen=True)
class Convergence:
    """Speed of the arms, the baseline first.

    Attributes:
        targets: dev Pearson to reach, one for each of `SHARES`.
        curves: each arm's runs; none for an arm whose runs kept no history.
        arms: each arm's steps, one for each target; None for an arm without curves.
    """

    targets: tuple[float, ...]
    curves: Mapping[str, tuple[Curve, ...]]
    arms: Mapping[str, tuple[Steps, ...] | None]

    def to_dict(self) -> dict[str, Any]:
        arms: dict[str, list[dict[str, Any]] | None] = {
            name: None if steps is None else [each.to_dict() for each in steps]
            for name, steps in self.arms.items()
        }
        return {"shares": list(SHARES), "targets": list(self.targets), "arms": arms}


def convergence(arms: Arms) -> Convergence | None:
    """Steps of each arm's runs to shares of the best Pearson, over evaluations, of the baseline's mean run.

    No arm is compared with the baseline where their seeds are not the same, nor between trained models. Of
    folds, a seed's steps are the mean of its runs.

    None where the baseline's runs kept no dev evaluations, or were never better than chance.
    """
    curves = {arm.name: arm.curves for arm in arms.arms}
    if not arms.baseline.curves:
        return None
    best = float(np.mean([curve.pearson.max() for curve in arms.baseline.curves]))
    if best <= 0:
        return None
    targets = tuple(share * best for share in SHARES)
    reached = {
        name: [_steps_to(those, target, arms.folds) for target in targets] for name, those in curves.items()
    }
    steps = {
        name: tuple(
            _steps(own, base if arms.same_seeds and name != arms.baseline.name else None, arms.overlap)
            for own, base in zip(reached[name], reached[arms.baseline.name], strict=True)
        )
        if those
        else None
        for name, those in curves.items()
    }
    return Convergence(targets, curves, steps)


def _steps_to(curves: Sequence[Curve], target: float, folds: int) -> Array:
    """Steps of each seed, (k,)."""
    steps = np.array([steps_to_reach(curve.steps, curve.pearson, target) for curve in curves])
    return np.asarray(steps.reshape(-1, folds).mean(axis=1))


def _steps(own: Array, base: Array | None, overlap: float) -> Steps:
    reached = np.isfinite(own)
    if base is None:
        return Steps(t_interval(own, overlap=overlap), None, int(reached.sum()), len(own))
    together = own - base if (reached & np.isfinite(base)).all() else np.full(len(own), np.nan)
    steps, less = (t_interval(each, overlap=overlap) for each in (own, together))
    return Steps(steps, less, int(reached.sum()), len(own))
