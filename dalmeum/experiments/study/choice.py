"""What picking the best by its dev score, an arm or a checkpoint, is worth on new pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.judge import HIGHER_IS_BETTER
from dalmeum.experiments.study.scored import read_arms, read_evaluations
from dalmeum.stats import Estimate, Optimism, optimism_of_choice, t_interval, weighted

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


def choice_on_dev(arms: Mapping[str, Sequence[Run]], metric: str, folds: int = 1) -> Choice | None:
    """None where dev holds too few pairs, or an arm has no score there (constant predictions)."""
    scored = read_arms(arms, "dev", folds)
    labels = next(iter(scored.values())).labels
    means = np.stack([each.predictions.mean(axis=0) for each in scored.values()])
    try:
        optimism = optimism_of_choice(
            labels, means, metric=getattr(weighted, metric), higher_is_better=HIGHER_IS_BETTER[metric]
        )
    except ValueError:
        return None
    return Choice(tuple(scored), optimism)


def checkpoint_optimism(runs: Sequence[Run], folds: int = 1) -> Estimate | None:
    """By how much having kept the best of its evaluations flatters a run's dev Pearson: mean over seeds.

    `folds` runs after one another are one seed. None where a run kept no evaluations, or they allow no
    estimate (too few pairs, constant predictions).
    """
    found = []
    for run in runs:
        evaluations = read_evaluations(run)
        if evaluations is None:
            return None
        try:
            found.append(optimism_of_choice(*evaluations, splits=SPLITS).optimism)
        except ValueError:
            return None
    return t_interval(np.reshape(found, (-1, folds)).mean(axis=1))
