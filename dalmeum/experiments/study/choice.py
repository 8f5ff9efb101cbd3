"""What picking the best arm by its dev score is worth on new pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dalmeum.experiments.runs import Run
from dalmeum.experiments.study.judge import HIGHER_IS_BETTER
from dalmeum.experiments.study.scored import read_arms
from dalmeum.stats import Optimism, optimism_of_choice, weighted


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
