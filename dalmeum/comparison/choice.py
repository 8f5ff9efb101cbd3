"""What picking the best by its dev score, an arm or a checkpoint, is worth on new pairs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.comparison.arms import Arm, Arms
from dalmeum.stats import Estimate, Optimism, metric_named, optimism_of_choice, t_interval

DEV = "dev"
"""The split on which choices are made."""

SPLITS = 500
"""Of the pairs, for each of many runs."""


@dataclass(frozen=True)
class Choice:
    """The best of the arms on dev, each scored by the mean prediction of its seeds, and its optimism."""

    arms: tuple[str, ...]
    optimism: Optimism

    @property
    def best(self) -> str:
        return self.arms[self.optimism.best]

    def to_dict(self) -> dict[str, Any]:
        return {
            "best": self.best,
            "score": self.optimism.score,
            "optimism": self.optimism.optimism,
            "corrected": self.optimism.corrected,
            "chosen": dict(zip(self.arms, self.optimism.chosen, strict=True)),
        }


def choice_on_dev(arms: Arms, metric: str = "pearson") -> Choice | None:
    """None where dev is not judged, between trained models, where it holds too few pairs, and where an arm
    has no score there (constant predictions).
    """
    if DEV not in arms.pairs or arms.compared == "models":
        return None
    means = np.stack([arm.predictions[DEV].mean(axis=0) for arm in arms.arms])
    row = metric_named(metric)
    try:
        optimism = optimism_of_choice(
            arms.pairs[DEV].labels, means, metric=row, higher_is_better=row.higher_is_better
        )
    except ValueError:
        return None
    return Choice(arms.names, optimism)


def checkpoint_optimism(arm: Arm, folds: int = 1, overlap: float = 0.0) -> Estimate | None:
    """By how much having kept the best of its evaluations flatters a run's dev Pearson: mean over seeds.

    `folds` runs after one another are one seed; `overlap` is that of `Arms`. None where the runs kept no
    evaluations, or they allow no estimate (too few pairs, constant predictions).
    """
    if not arm.checkpoints:
        return None
    try:
        found = [
            optimism_of_choice(kept.labels, kept.predictions, splits=SPLITS).optimism
            for kept in arm.checkpoints
        ]
    except ValueError:
        return None
    return t_interval(np.reshape(found, (-1, folds)).mean(axis=1), overlap=overlap)
