"""From untrained members to an ensemble that answers on the label scale."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from dalmeum.data import Predictions
from dalmeum.data.predictions import mean_predictions
from dalmeum.languages import Text
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.scorer import PairScorer
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.training.fit import Fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.scale import is_constant, label_scale

MEMBER = Text("member {name} ({number} of {count})", "구성 모델 {name} ({count}개 중 {number}번째)")
OF_A_MEMBER = Text.same("{name}: {told}")
LEFT_OUT = Text(
    "it gives all training pairs one score, and has no weight in the ensemble",
    "모든 학습 문장쌍에 같은 점수를 주어 앙상블에서 가중치가 없습니다",
)

OF_A_STEP = ("step", "epoch")


class FitOne(Protocol):
    """`fit`, of one member."""

    def __call__(
        self,
        name: str,
        scorer: PairScorer,
        recipe: Recipe,
        train: EncodedPairs,
        dev: EncodedPairs | None,
        checkpoints: Path,
    ) -> Fit: ...


def fit_ensemble(
    scorer: PairScorer,
    recipe: Recipe,
    train: EncodedPairs,
    dev: EncodedPairs | None,
    checkpoints: Path,
    fit_one: FitOne,
) -> Fit:
    """Train each member in turn as if it were alone, and put them together in place.

    Members have checkpoints in a folder each: of a run that is taken up, those that were done take no further
    step. What they say is standardised on the training pairs and averaged with equal weights, and the
    least-squares line to the labels is folded in. The members have learned from these pairs: one that fits
    them closely does so with less spread on others, where it counts a little less than the rest.

    Returns:
        What `fit` does; `history` has each member's log under `NAME.KEY`, by its own steps, and
        `dev_predictions` is empty, since the ensemble itself is never evaluated in training.
    """
    assert isinstance(scorer.model, Ensemble)
    fits: dict[str, Fit] = {}
    for place, (name, member) in enumerate(scorer.model.members.items()):
        tell(MEMBER.format(name=name, number=place + 1, count=len(recipe.members)))
        own_train, own_dev = (pairs and _of_member(pairs, place) for pairs in (train, dev))
        assert own_train is not None
        fits[name] = fit_one(name, member, recipe.members[name], own_train, own_dev, checkpoints / name)
    told = [(name, warning) for name, each in fits.items() for warning in each.warnings]
    said = {name: each.train_predictions.similarity for name, each in fits.items()}
    constant = {name for name, similarity in said.items() if is_constant(similarity)}
    told += [(name, LEFT_OUT) for name in constant]
    weights = {
        name: 0.0 if name in constant else 1 / ((len(said) - len(constant)) * float(similarity.std()))
        for name, similarity in said.items()
    }
    standard = sum(weights[name] * (similarity - similarity.mean()) for name, similarity in said.items())
    slope, intercept, warnings = label_scale(scorer, np.asarray(standard), train.labels.double().numpy())
    together = mean_predictions([each.train_predictions for each in fits.values()])
    if not warnings:
        mean = sum(weight * float(said[name].mean()) for name, weight in weights.items())
        scorer.model.put(weights, -mean)
        scorer.fold(slope, intercept)
        together = Predictions(slope * np.asarray(standard) + intercept, together.binary)
    return Fit(
        history=tuple(entry for name, each in fits.items() for entry in _log_of(name, each)),
        steps=sum(each.steps for each in fits.values()),
        best_step=sum(each.best_step for each in fits.values()),
        dev_predictions={},
        train_predictions=together,
        slope=slope,
        intercept=intercept,
        rise=None,
        seconds=sum(each.seconds for each in fits.values()),
        warnings=(*(OF_A_MEMBER.format(name=name, told=warning) for name, warning in told), *warnings),
        members=fits,
    )


def _of_member(pairs: EncodedPairs, place: int) -> EncodedPairs:
    return dataclasses.replace(pairs, items=[item[place] for item in pairs.items])


def _log_of(name: str, member: Fit) -> Iterator[dict[str, float]]:
    for entry in member.history:
        yield {key if key in OF_A_STEP else f"{name}.{key}": value for key, value in entry.items()}
