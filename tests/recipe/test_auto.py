"""Learning rate, epochs and batch are the kind's where nobody names them, and numbers in a built recipe."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dalmeum.errors import RecipeError
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.recipe.study import Study, arm_recipes, load_study
from dalmeum.runs.reuse import run_key

DATA = {"train": "train.csv", "dev": "dev.csv"}
CROSS = {"kind": "cross", "encoder": "klue/roberta-base"}
OFFLINE = {"kind": "offline", "encoder": None}
NUMBERS = {
    "cross": (2e-5, 3, 32),
    "bi": (2e-5, 3, 32),
    "offline": (1e-3, 8, 32),
    "my_kinds:Mine": (2e-5, 3, 32),
}
AUTO = {"learning_rate": "auto", "epochs": "auto", "effective_batch_size": "auto"}


def numbers(recipe: Recipe) -> tuple[float, int, int]:
    training = recipe.training
    return training.learning_rate, training.epochs, training.effective_batch_size


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("training", [{}, AUTO])
def test_numbers_by_kind(kind: str, training: dict[str, Any]) -> None:
    model = {"kind": kind, "encoder": "klue/roberta-base" if kind in ("cross", "bi") else None}
    assert numbers(load_recipe(data=DATA, model=model, training=training)) == NUMBERS[kind]
    assert numbers(Recipe(data=DATA, model=model, training=training)) == NUMBERS[kind]  # type: ignore[arg-type]


def test_what_is_named_counts() -> None:
    recipe = load_recipe(data=DATA, model=OFFLINE, training={"epochs": 2, "learning_rate": "auto"})
    assert numbers(recipe) == (1e-3, 2, 32)
    assert numbers(load_recipe(recipe, ["training.learning_rate=5e-4"])) == (5e-4, 2, 32)
    assert numbers(load_recipe(recipe, ["training.epochs=auto"])) == (1e-3, 8, 32)


def test_another_kind_laid_over_it_brings_its_own() -> None:
    """From Python, as an override and on top of both, but for what was named."""
    recipe = load_recipe(data=DATA, model=CROSS, training={"effective_batch_size": 64})
    assert numbers(load_recipe(recipe, model=OFFLINE)) == (1e-3, 8, 64)
    assert numbers(load_recipe(recipe, ["model={kind: offline}"])) == (1e-3, 8, 64)
    assert numbers(load_recipe(load_recipe(recipe, model=OFFLINE), model=CROSS)) == (2e-5, 3, 64)


def test_the_runs_recipe_has_the_numbers(tmp_path: Path) -> None:
    recipe = load_recipe(data=DATA, model=OFFLINE)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    written = yaml.safe_load(path.read_text(encoding="utf-8"))["training"]
    assert (written["learning_rate"], written["epochs"], written["effective_batch_size"]) == (1e-3, 8, 32)
    assert load_recipe(path) == recipe
    # They are numbers then: the kind that made them may mean others some day.
    assert numbers(load_recipe(path, model=CROSS)) == (1e-3, 8, 32)


def test_runs_are_the_same_whether_numbers_were_named_or_not() -> None:
    """And those of a recipe that was written before there were `auto` and `report_to`."""
    auto = load_recipe(data=DATA, model=OFFLINE, training=AUTO)
    older = yaml.safe_load(auto.to_yaml())
    del older["training"]["report_to"]
    assert run_key(auto, {}) == run_key(load_recipe(older), {})
    assert run_key(auto, {}) == run_key(
        load_recipe(
            data=DATA,
            model=OFFLINE,
            training={"learning_rate": 1e-3, "epochs": 8, "effective_batch_size": 32},
        ),
        {},
    )
    assert run_key(auto, {}) != run_key(load_recipe(data=DATA, model=OFFLINE, training={"epochs": 3}), {})


ARMS = {"offline": {"model.kind": "offline", "model.encoder": None}, "whole": {"model": OFFLINE}}


def arms_of(study: Study) -> dict[str, tuple[float, int, int]]:
    return {name: numbers(recipe) for name, recipe in arm_recipes(study).items()}


@pytest.mark.parametrize("baseline", ["mapping", "recipe"])
def test_arms_of_another_kind_have_its_numbers(baseline: str, tmp_path: Path) -> None:
    values: dict[str, Any] = {"data": DATA, "model": CROSS, "training": {"epochs": 5}}
    arms = {"offline": ARMS["offline"], "auto": {"training.epochs": "auto"}}
    given = values if baseline == "mapping" else load_recipe(values)
    study = load_study(question="?", baseline=given, arms=arms)
    expected = {"baseline": (2e-5, 5, 32), "offline": (1e-3, 5, 32), "auto": (2e-5, 3, 32)}
    assert arms_of(study) == expected
    path = tmp_path / "study.yaml"
    path.write_text(study.to_yaml(), encoding="utf-8")
    assert arms_of(load_study(path)) == expected


def test_arms_that_come_to_the_same_are_told() -> None:
    with pytest.raises(RecipeError, match=r"arms.whole: is the same as offline"):
        load_study(question="?", baseline={"data": DATA, "model": CROSS}, arms=ARMS)
    with pytest.raises(RecipeError, match=r"arms.three: changes nothing of the baseline"):
        load_study(
            question="?", baseline={"data": DATA, "model": CROSS}, arms={"three": {"training.epochs": 3}}
        )


@pytest.mark.parametrize("value", ["atuo", "Auto", "[auto]", "{}", "0"])
def test_other_words_are_no_numbers(value: str) -> None:
    with pytest.raises(RecipeError, match=r"training.learning_rate"):
        load_recipe({"data": DATA, "model": CROSS}, [f"training.learning_rate={value}"])
