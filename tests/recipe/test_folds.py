"""Recipes over folds and seeds, and what older recipes and studies with folds still mean."""

from typing import Any

import pytest

from dalmeum.errors import RecipeError
from dalmeum.recipe import Recipe, build_recipe, load_recipe
from dalmeum.recipe.study import arm_recipes, build_study, load_study

OFFLINE = {"kind": "offline"}


def recipe(training: dict[str, Any] | None = None, **data: Any) -> Recipe:
    values = {"data": {"train": "t.csv", **data}, "model": OFFLINE, "training": training or {}}
    return build_recipe(values, "recipe")


def test_folds_without_a_fold_are_a_training_each() -> None:
    every = recipe(folds=3)
    assert every.data.all_folds == 3
    assert every.data.fold_groups == "near_duplicates"
    assert list(every.trainings) == ["fold-0", "fold-1", "fold-2"]
    for fold, each in enumerate(every.trainings.values()):
        assert each == recipe(folds=3, fold=fold, fold_groups="near_duplicates")
        assert each.trainings == {}


def test_several_seeds_are_a_training_each_and_of_every_fold() -> None:
    seeds = recipe({"seed": [7, 3]})
    assert seeds.training.seed == (7, 3)
    assert {name: each.training.seed for name, each in seeds.trainings.items()} == {"seed-7": 7, "seed-3": 3}
    both = recipe({"seed": [7, 3]}, folds=2)
    assert list(both.trainings) == ["fold-0-seed-7", "fold-0-seed-3", "fold-1-seed-7", "fold-1-seed-3"]
    assert both.trainings["fold-1-seed-3"] == recipe(
        {"seed": 3}, folds=2, fold=1, fold_groups="near_duplicates"
    )
    for one in (seeds, both):
        assert load_recipe(one.model_dump(mode="json")) == one
        assert load_recipe(one.to_change()) == one
    assert recipe({"seed": 7}).trainings == {}


def test_a_single_fold_is_written_as_it_always_was() -> None:
    data = recipe(folds=10, fold=0).model_dump(mode="json")["data"]
    assert "fold_groups" not in data
    assert recipe(folds=10, fold=0).data.fold_groups == "sentences"
    near = recipe(folds=10, fold=0, fold_groups="near_duplicates")
    assert near.model_dump(mode="json")["data"]["fold_groups"] == "near_duplicates"
    assert load_recipe(near.model_dump(mode="json")) == near != recipe(folds=10, fold=0)
    # Older recipes wrote fold 0 where there were no folds.
    assert recipe(folds=None, fold=0) == recipe()
    assert "fold_groups" not in recipe().model_dump(mode="json")["data"]
    assert load_recipe(recipe().model_dump(mode="json"), ["data.folds=4"]).data.all_folds == 4


@pytest.mark.parametrize(
    ("data", "training", "problem"),
    [
        (
            {"fold_groups": "sentences"},
            {},
            "data: fold_groups sentences of which folds? Set folds, or leave it",
        ),
        (
            {"folds": 3, "fold_groups": "near"},
            {},
            "data.fold_groups: input should be 'auto', 'sentences' or 'near_duplicates'",
        ),
        ({"folds": 3, "fold": 3}, {}, "data: fold 3: 3 folds count from 0 to 2"),
        ({}, {"seed": [1, 1]}, "training: seed [1, 1]: one stands there twice, and would learn the same"),
        ({}, {"seed": [1]}, "training.seed: at least 2 is needed"),
        ({}, {"seed": [1, True]}, "training.seed.1: input should be a valid integer, not True"),
        ({}, {"seed": "1"}, "training.seed: input should be a valid integer, not '1': leave the quotes out"),
    ],
)
def test_folds_and_seeds_that_make_no_sense(
    data: dict[str, Any], training: dict[str, Any], problem: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(training, **data)
    assert problem in str(caught.value)


def study(data: dict[str, Any], **keys: Any) -> dict[str, Any]:
    baseline = {"data": {"train": "t.csv", **data}, "model": OFFLINE, **keys.pop("baseline", {})}
    return {"question": "?", "baseline": baseline, "arms": {"mae": {"loss.name": "mae"}}, **keys}


def test_studies_with_folds_mean_what_they_meant() -> None:
    # A study's run is one model. Without a fold the first was dev, and pairs were kept together by sentences.
    for values in (study({"folds": 10}), study({}, folds=10), study({"folds": 10}, folds=10)):
        built = build_study(values, "study")
        for each in arm_recipes(built).values():
            assert (each.data.folds, each.data.fold, each.data.fold_groups) == (10, 0, "sentences")
        assert load_study(built.to_change()) == built
    near = build_study(study({"fold_groups": "near_duplicates"}, folds=10), "study")
    assert near.baseline.data.fold_groups == "near_duplicates"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            study({"folds": 3, "fold": None}),
            "baseline.data.fold: each run of a study is a single model: write folds: 3 in the study for all "
            "folds in turn, or fold: 0",
        ),
        (
            study({"dev": "d.csv"}, baseline={"training": {"seed": [1, 2]}}),
            "baseline.training.seed: each run of a study has one: write them as seeds",
        ),
        (
            study({"folds": 3, "fold": 0}, arms={"near": {"data.fold_groups": "near_duplicates"}}),
            "data.fold_groups can't differ by arm",
        ),
    ],
)
def test_what_a_study_can_not_train(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build_study(values, "study")
    assert problem in str(caught.value)


def test_both_orders_are_one_for_a_bi_encoder() -> None:
    values = {
        "data": {"train": "t.csv"},
        "model": {"kind": "bi", "encoder": "e"},
        "inference": {"swap": True},
    }
    with pytest.raises(RecipeError, match=r"inference\.swap has no use with model\.kind bi"):
        build_recipe(values, "recipe")
