"""What picking the best by its dev score, an arm or a checkpoint, is worth on new pairs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arm import Arm, Array, Checkpoints
from dalmeum.comparison.arms import Arms
from dalmeum.stats import (
    Estimate,
    Optimism,
    metric_named,
    optimism_of_both_choices,
    optimism_of_choice,
    t_interval,
)

DEV = "dev"
"""The split on which choices are made."""

SPLITS = 500
"""Of the pairs, for each of many runs."""


@dataclass(frozen=True)
class Choice:
    """The best of the arms on dev, each scored by the mean prediction of its seeds, and its optimism.

    Attributes:
        of_arm: of having picked the arm, its checkpoints given.
        optimism: of having kept the best checkpoint of each of its runs on dev, too; that of the arm alone
            where not every run kept its evaluations.
        corrected: the score to expect on new pairs.
        with_checkpoints: whether their choice is in it.
    """

    arms: tuple[str, ...]
    of_arm: Optimism
    optimism: float
    corrected: float
    with_checkpoints: bool

    @property
    def best(self) -> str:
        return self.arms[self.of_arm.best]

    def to_dict(self) -> dict[str, Any]:
        return {
            "best": self.best,
            "score": self.of_arm.score,
            "optimism": self.optimism,
            "optimism_of_arm": self.of_arm.optimism,
            "with_checkpoints": self.with_checkpoints,
            "corrected": self.corrected,
            "chosen": dict(zip(self.arms, self.of_arm.chosen, strict=True)),
        }


def choice_on_dev(arms: Arms, metric: str = "pearson") -> Choice | None:
    """None where dev is not judged, between trained models, where it holds too few pairs, and where an arm
    has no score there (constant predictions).
    """
    if DEV not in arms.pairs or arms.compared == "models":
        return None
    means = np.stack([arm.predictions[DEV].mean(axis=0) for arm in arms.arms])
    row, labels = metric_named(metric), arms.pairs[DEV].labels
    how: Any = {"metric": row, "higher_is_better": row.higher_is_better}
    try:
        of_arm = optimism_of_choice(labels, means, **how)
    except ValueError:
        return None
    joint = _of_both(arms, labels, how)
    optimism = of_arm.optimism if joint is None else joint
    corrected = of_arm.score - (optimism if row.higher_is_better else -optimism)
    return Choice(arms.names, of_arm, optimism, corrected, joint is not None)


def _of_both(arms: Arms, labels: Array, how: Any) -> float | None:
    """None where a run kept no evaluations, or they allow no estimate."""
    seeds = [
        [arm.checkpoints[start : start + arms.folds] for start in range(0, len(arm.checkpoints), arms.folds)]
        for arm in arms.arms
    ]
    of_same_pairs = (
        np.array_equal(np.concatenate([kept.labels for kept in runs]), labels)
        for of_arm in seeds
        for runs in of_arm
    )
    if not all(seeds) or not all(of_same_pairs):
        return None
    evaluations = [[[kept.predictions for kept in runs] for runs in of_arm] for of_arm in seeds]
    try:
        return optimism_of_both_choices(labels, evaluations, splits=SPLITS, **how)
    except ValueError:
        return None


def checkpoint_optimism(arm: Arm, folds: int = 1, overlap: float = 0.0) -> Estimate | None:
    """By how much having kept the best of its evaluations flatters a run's dev Pearson: mean over seeds.

    `folds` runs after one another are one seed; `overlap` is that of `Arms`. None where the runs kept no
    evaluations, or they allow no estimate (too few pairs, constant predictions).
    """
    found = [optimism_of_kept(kept) for kept in arm.checkpoints]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None
    return t_interval(np.reshape(known, (-1, folds)).mean(axis=1), overlap=overlap)


def optimism_of_kept(checkpoints: Checkpoints) -> float | None:
    """The same of one run."""
    try:
        return optimism_of_choice(checkpoints.labels, checkpoints.predictions, splits=SPLITS).optimism
    except ValueError:
        return None
