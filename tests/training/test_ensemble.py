"""Ensembles in training: each member as if alone, and the line that puts them together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.data import Predictions
from dalmeum.errors import DalmeumError
from dalmeum.models.ensemble import Ensemble
from dalmeum.models.kinds import new_scorer
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.training.ensemble import fit_ensemble
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import EncodedPairs, encode_pairs
from tests.training.test_version import table

Tiny = Callable[[str], str]

TRAIN, DEV = table(64, 1), table(32, 2)
BINARY, DEV_BINARY = (np.where(np.array(each.label) >= 2.5, 1, 0) for each in (TRAIN, DEV))


def recipe_for(encoder: str) -> Recipe:
    return build_recipe(
        {
            "data": {"train": "train.csv", "dev": "dev.csv"},
            "model": {
                "kind": "ensemble",
                "max_length": 32,
                "members": {
                    "offline": {"kind": "offline", "training": {"epochs": 3, "learning_rate": 1e-3}},
                    "both": {"kind": "cross", "encoder": encoder, "training": {"epochs": 2}},
                },
            },
            "tasks": {"binary": {"threshold": 2.5}},
            "training": {
                "effective_batch_size": 16,
                "learning_rate": 1e-4,
                "precision": "float32",
                "seed": 3,
            },
        },
        "test",
    )


def plain(
    name: str, scorer: PairScorer, recipe: Recipe, train: EncodedPairs, dev: EncodedPairs | None, place: Path
) -> Fit:
    return fit(scorer, recipe, train, dev, place)


def fitted(recipe: Recipe, place: Path, fit_one: Any = plain, dev: bool = True) -> tuple[PairScorer, Fit]:
    scorer = new_scorer(recipe, TRAIN)
    pairs = encode_pairs(scorer, TRAIN, BINARY)
    return scorer, fit_ensemble(
        scorer, recipe, pairs, encode_pairs(scorer, DEV, DEV_BINARY) if dev else None, place, fit_one
    )


def test_members_come_to_what_they_would_alone_and_are_put_together(
    tiny_encoder: Tiny, tmp_path: Path
) -> None:
    recipe = recipe_for(tiny_encoder("bert"))
    scorer, result = fitted(recipe, tmp_path / "together")
    alone, history = {}, []
    for name, single in recipe.members.items():
        member = new_scorer(single, TRAIN)
        train, dev = encode_pairs(member, TRAIN, BINARY), encode_pairs(member, DEV, DEV_BINARY)
        one = fit(member, single, train, dev, tmp_path / name)
        alone[name] = (one.train_predictions, member.predictions(member.logits(dev.items)))
        history += [{key: value for key, value in entry.items() if "loss" in key} for entry in one.history]
        assert result.members[name].history[0]["loss"] == one.history[0]["loss"]
    # z-scores on train, their mean, and the least-squares line of that.
    spreads = {name: (train.similarity.mean(), train.similarity.std()) for name, (train, _) in alone.items()}
    standard = [
        np.mean(
            [(said[place].similarity - spreads[name][0]) / spreads[name][1] for name, said in alone.items()],
            0,
        )
        for place in (0, 1)
    ]
    assert TRAIN.label is not None
    slope, intercept = np.polyfit(standard[0], TRAIN.label, 1)
    assert (result.slope, result.intercept) == pytest.approx((slope, intercept), rel=1e-6)
    np.testing.assert_allclose(
        result.train_predictions.similarity, slope * standard[0] + intercept, atol=1e-5
    )
    assert scorer.score(list(zip(DEV.sentence1, DEV.sentence2, strict=True))) == pytest.approx(
        slope * standard[1] + intercept, abs=1e-4
    )
    binary = [train.binary for train, _ in alone.values()]
    np.testing.assert_allclose(result.train_predictions.binary, np.mean(binary, axis=0), atol=1e-6)  # type: ignore[arg-type]
    assert (result.steps, result.best_step) == (
        sum(each.steps for each in result.members.values()),
        sum(each.best_step for each in result.members.values()),
    )
    assert result.dev_predictions == {}
    assert len(result.history) == sum(len(each.history) for each in result.members.values())
    first, last = result.history[0], result.history[-1]
    assert {"step", "epoch", "offline.loss"} <= first.keys()
    assert {key.partition(".")[0] for key in last} == {"step", "epoch", "both"}


def test_a_run_that_is_taken_up_trains_no_member_again(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(tiny_encoder("bert"))
    whole, result = fitted(recipe, tmp_path / "whole")
    saved = []

    def ending(name: str, *given: Any) -> Fit:
        def end() -> None:
            saved.append(name)
            if saved.count("both") == 2:
                raise DalmeumError("ended")

        return fit(*given, before_saving=end)

    with pytest.raises(DalmeumError, match="ended"):
        fitted(recipe, tmp_path / "ended", ending)
    assert saved == ["offline"] * 3 + ["both"] * 2
    steps: list[str] = []

    def counting(name: str, *given: Any) -> Fit:
        return fit(*given, before_saving=lambda: steps.append(name))

    scorer, resumed = fitted(recipe, tmp_path / "ended", counting)
    assert steps == ["both"]
    assert resumed.history == result.history
    np.testing.assert_array_equal(resumed.train_predictions.similarity, result.train_predictions.similarity)
    assert isinstance(scorer.model, Ensemble)
    assert isinstance(whole.model, Ensemble)
    assert scorer.model.weights == whole.model.weights


def test_a_member_of_one_score_has_no_weight_and_without_any_other_the_mean_stays(
    tiny_encoder: Tiny, tmp_path: Path
) -> None:
    recipe = recipe_for(tiny_encoder("bert"))

    def constant(*names: str) -> Any:
        def fit_one(name: str, scorer: PairScorer, single: Recipe, *given: Any) -> Fit:
            if name in names:
                scorer.fold(0.0, 2.0)
                single = single.model_copy(
                    update={"training": single.training.model_copy(update={"learning_rate": 1e-30})}
                )
            return fit(scorer, single, *given)

        return fit_one

    scorer, result = fitted(recipe, tmp_path / "one", constant("both"), dev=False)
    assert isinstance(scorer.model, Ensemble)
    assert scorer.model.weights["both"] == 0.0
    assert any(
        warning.en.startswith("both: its scores do not rise with the training labels, so it has no weight")
        for warning in result.warnings
    )
    member = result.members["offline"].train_predictions.similarity
    np.testing.assert_allclose(result.train_predictions.similarity, member, atol=1e-6)
    scorer, result = fitted(recipe, tmp_path / "none", constant("both", "offline"), dev=False)
    assert isinstance(scorer.model, Ensemble)
    assert scorer.model.weights == {"offline": 0.5, "both": 0.5}
    assert (result.slope, result.intercept) == (1.0, 0.0)
    np.testing.assert_allclose(result.train_predictions.similarity, 2.0, atol=1e-4)


def answering(*said: Any) -> Any:
    """A fit of each member that says these on train and on dev, in turn."""
    left = iter(said)

    def fit_one(
        name: str, scorer: PairScorer, recipe: Recipe, train: EncodedPairs, dev: Any, place: Path
    ) -> Fit:
        on_train, on_dev = next(left)
        return Fit(
            history=(),
            steps=1,
            best_step=1,
            dev_predictions={1: on_dev},
            train_predictions=Predictions(on_train, None),
            slope=1.0,
            intercept=0.0,
            rise=None,
            seconds=0.0,
        )

    return fit_one


def test_a_member_that_learned_nothing_has_no_weight(tiny_encoder: Tiny, tmp_path: Path) -> None:
    """Its scores hardly differ and fall with the labels: standardised, they would count as much as any."""
    labels, dev_labels = (np.array(each.label) for each in (TRAIN, DEV))
    noise = np.random.default_rng(1).normal(size=len(labels))
    useless = 3 - 1e-3 * (labels + noise)
    said = answering((labels + noise, dev_labels), (useless, -dev_labels))
    scorer, result = fitted(recipe_for(tiny_encoder("bert")), tmp_path, said)
    assert isinstance(scorer.model, Ensemble)
    assert scorer.model.weights["both"] == 0
    assert np.corrcoef(result.train_predictions.similarity, labels + noise)[0, 1] == pytest.approx(1)
    assert [warning.en for warning in result.warnings] == [
        "both: its scores do not rise with the training labels, so it has no weight in the ensemble"
    ]


def test_an_ensemble_that_does_worse_on_dev_than_a_member_says_so(tiny_encoder: Tiny, tmp_path: Path) -> None:
    labels, dev_labels = (np.array(each.label) for each in (TRAIN, DEV))
    noise = np.random.default_rng(1).normal(size=len(dev_labels))
    better = dev_labels - 0.1 * noise
    for other, told in [(dev_labels + 3 * noise, True), (dev_labels + 0.1 * noise, False)]:
        said = answering((labels, better), (labels, other))
        _, result = fitted(recipe_for(tiny_encoder("bert")), tmp_path, said)
        together, alone = (np.corrcoef(each, dev_labels)[0, 1] for each in (better + other, better))
        expected = (
            f"on dev the ensemble has a Pearson of {together:.4f}, offline alone {alone:.4f}: train the "
            "others longer, or leave them out"
        )
        assert [warning.en for warning in result.warnings] == ([expected] if told else [])
