"""From untrained members to an ensemble that answers on the label scale."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import Predictions
from dalmeum.data.predictions import mean_predictions
from dalmeum.languages import Text
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.scorer import PairScorer
from dalmeum.numbers import number
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.stats.metrics import pearson
from dalmeum.training.fit import Fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.scale import is_constant, label_scale

MEMBER = Text("member {name} ({number} of {count})", "구성 모델 {name} ({count}개 중 {number}번째)")
OF_A_MEMBER = Text.same("{name}: {told}")
LEFT_OUT = Text(
    "its scores do not rise with the training labels, so it has no weight in the ensemble",
    "학습 레이블이 커져도 점수가 커지지 않아 앙상블에서 가중치가 없습니다",
)
WORSE = Text(
    "on dev the ensemble has a Pearson of {together}, {name} alone {best}: train the others longer, or leave "
    "them out",
    "dev에서 앙상블의 피어슨은 {together}, {name}만 쓰면 {best}입니다. 다른 모델을 더 학습하거나 빼세요",
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

    Members have checkpoints in a folder each: of a run that is taken up, a member that was done goes on from
    its best one, to the same result. What they say is standardised on the training pairs and averaged with
    equal weights, and the least-squares line to the labels is folded in. The members have learned from these
    pairs: one that fits them closely does so with less spread on others, where it counts a little less than
    the rest. One whose scores do not rise with the labels has no weight.

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
    labels = train.labels.double().numpy()
    useful = [name for name, similarity in said.items() if _rises(similarity, labels)]
    told += [(name, LEFT_OUT) for name in said if name not in useful]
    weights = {
        name: 1 / (len(useful) * float(similarity.std())) if name in useful else 0.0
        for name, similarity in said.items()
    }
    standard = sum(weights[name] * (similarity - similarity.mean()) for name, similarity in said.items())
    slope, intercept, warnings = label_scale(scorer, np.asarray(standard), labels)
    together = mean_predictions([each.train_predictions for each in fits.values()])
    if not warnings:
        mean = sum(weight * float(said[name].mean()) for name, weight in weights.items())
        scorer.model.put(weights, -mean)
        scorer.fold(slope, intercept)
        together = Predictions(slope * np.asarray(standard) + intercept, together.binary)
    if dev is not None and not warnings:
        warnings = _told_if_worse(fits, weights, dev.labels.double().numpy())
    return Fit(
        history=tuple(entry for name, each in fits.items() for entry in log_of(name, each.history)),
        steps=sum(each.steps for each in fits.values()),
        best_step=sum(each.best_step for each in fits.values()),
        dev_predictions={},
        train_predictions=together,
        slope=slope,
        intercept=intercept,
        rise=None,
        seconds=sum(each.seconds for each in fits.values()),
        processor_seconds=sum(each.processor_seconds for each in fits.values()),
        warnings=(*(OF_A_MEMBER.format(name=name, told=warning) for name, warning in told), *warnings),
        members=fits,
    )


def _rises(similarity: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    return not is_constant(similarity) and float((similarity - similarity.mean()) @ labels) > 0


def _told_if_worse(
    fits: Mapping[str, Fit], weights: Mapping[str, float], labels: NDArray[np.float64]
) -> tuple[Text, ...]:
    """A warning where the best member does better on dev without the others."""
    said = {
        name: each.slope * each.dev_predictions[each.best_step]
        for name, each in fits.items()
        if weights[name]
    }
    scores = {name: pearson(similarity, labels) for name, similarity in said.items()}
    together = pearson(np.sum([weights[name] * each for name, each in said.items()], axis=0), labels)
    best = max(scores, key=lambda name: scores[name])
    if not scores[best] > together:
        return ()
    return (WORSE.format(together=number(together, 4), name=best, best=number(scores[best], 4)),)


def _of_member(pairs: EncodedPairs, place: int) -> EncodedPairs:
    return dataclasses.replace(pairs, items=[item[place] for item in pairs.items])


def log_of(name: str, history: Iterable[Mapping[str, float]]) -> Iterator[dict[str, float]]:
    """A member's log as part of that of them all."""
    for entry in history:
        yield {key if key in OF_A_STEP else f"{name}.{key}": value for key, value in entry.items()}
