"""What a search may try, as people write it."""

from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import RecipeError
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.space import Choices, Range, search_space, setting, with_settings

DATA = {"train": "train.csv", "dev": "dev.csv"}


def recipe(kind: str = "offline", **sections: Any) -> Recipe:
    model = {"kind": kind} if kind == "offline" else {"kind": kind, "encoder": "an/encoder"}
    return build_recipe({"data": DATA, "model": model, **sections}, "test")


def problems(*given: str, **sections: Any) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        search_space(recipe(**sections), given)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("training.learning_rate=1e-5..1e-3:log", Range("training.learning_rate", 1e-5, 1e-3, log=True)),
        ("training.warmup=0..0.2", Range("training.warmup", 0.0, 0.2)),
        ("loss.alpha=0..1", Range("loss.alpha", 0.0, 1.0)),
        ("loss.alpha=.25..1:step=.25", Range("loss.alpha", 0.25, 1.0, step=0.25)),
        ("training.epochs=2..8", Range("training.epochs", 2, 8, whole=True)),
        ("training.epochs=1..64:log", Range("training.epochs", 1, 64, log=True, whole=True)),
        ("training.epochs=2..8:step=2", Range("training.epochs", 2, 8, whole=True, step=2)),
        ("loss.name=mixture, cosent", Choices("loss.name", {"mixture": "mixture", "cosent": "cosent"})),
        ("training.early_stopping=null,2", Choices("training.early_stopping", {"null": None, "2": 2})),
        (
            "loss.alpha={start: 0.0, end: 0.5}, .1",
            Choices("loss.alpha", {'{"start": 0.0, "end": 0.5}': {"start": 0.0, "end": 0.5}, "0.1": 0.1}),
        ),
    ],
)
def test_ranges_and_choices(written: str, meant: Range | Choices) -> None:
    (found,) = search_space(recipe(), [written])
    assert found == meant
    # What is shown says the same when it is given again.
    assert isinstance(found, Choices) or search_space(recipe(), [f"{found.key}={found}"]) == (found,)


def test_a_file_and_what_is_laid_over_it(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("training.epochs: 2..4\nloss.name: [mixture, mse]\n", encoding="utf-8")
    found = search_space(recipe(), [str(file), "training.epochs=3..9"])
    assert found == (
        Range("training.epochs", 3, 9, whole=True),
        Choices("loss.name", {"mixture": "mixture", "mse": "mse"}),
    )


@pytest.mark.parametrize("kind", ["offline", "cross", "bi"])
def test_the_default_holds_the_recipe_as_it_is(kind: str) -> None:
    base = recipe(kind)
    space = search_space(base)
    default = {each.key: each.value(each.parameter(setting(base, each.key))) for each in space}  # type: ignore[arg-type]
    assert len(space) >= 5
    assert with_settings(base, default, "test") == base


def test_the_default_leaves_out_what_decides_nothing() -> None:
    keys = [each.key for each in search_space(recipe(loss={"name": "mse"}, training={"max_steps": 10}))]
    assert "training.learning_rate" in keys
    assert not {"loss.alpha", "training.epochs"} & set(keys)


def test_values_come_out_as_the_recipe_has_them() -> None:
    epochs, rate = Range("training.epochs", 2, 8, whole=True), Range("training.learning_rate", 1e-5, 1e-3)
    changed = with_settings(recipe(), {"training.epochs": epochs.value(4.0), "loss.name": "mse"}, "test")
    assert (changed.training.epochs, changed.loss.name) == (4, "mse")
    assert type(epochs.value(4.0)) is int
    assert type(rate.value(1)) is float


@pytest.mark.parametrize(
    ("dimension", "value", "parameter"),
    [
        (Range("a", 2, 8, whole=True, step=2), 4, 4),
        (Range("a", 2, 8, whole=True, step=2), 5, None),
        (Range("a", 2, 8, whole=True), 2.5, None),
        (Range("a", 0.0, 0.3, step=0.1), 0.2, 0.2),
        (Range("a", 1e-5, 1e-3, log=True), 1e-2, None),
        (Range("a", 0.0, 1.0), {"start": 0.0, "end": 0.5}, None),
        (Range("a", 0.0, 1.0), True, None),
        (Choices("a", {"null": None, "2": 2}), None, "null"),
        (Choices("a", {"null": None, "2": 2}), 3, None),
    ],
)
def test_whether_a_search_can_come_to_a_value(
    dimension: Range | Choices, value: object, parameter: object
) -> None:
    assert dimension.parameter(value) == parameter


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("training.epochs=0..3", "epochs: input should be greater than or equal to 1, not 0"),
        ("training.learning_rte=1e-5..1e-3", "did you mean learning_rate?"),
        ("training.learning_rate=1e-3..1e-5", "must go from low to high"),
        ("loss.alpha=0..1:log", "log needs a low end above 0"),
        ("loss.alpha=0..1:step=.3", "steps of 0.3 do not lead from 0 to 1"),
        ("training.learning_rate=1e-5..1e-3:log,step=1e-5", "log and step exclude each other"),
        ("training.warmup=0..0.2:sqrt", "'sqrt' is no option of a range"),
        ("loss.alpha=0..1.5:int", "no whole number"),
        ("training.epochs=3", "neither a range nor choices"),
        ("loss.name=mse,mse", "stands there twice"),
        ("loss.name=mse,msse", "did you mean mse?"),
        ("training.seed=1,2", "a seed is luck"),
        ("output=a,b", "changes no score"),
        ("epochs", "behind KEY=, or name a YAML file"),
        ("none.yaml", "none.yaml: no such search space"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(written: str, told: str) -> None:
    (problem,) = problems(written)
    assert told in problem


def test_all_problems_at_once() -> None:
    assert len(problems("training.epochs=0..3", "training.seed=1,2", "loss.alpha=0..1")) == 2


def ensemble(**own: Any) -> Recipe:
    """Of two members, each with these keys of its own."""
    members = {"one": {"kind": "offline", **own}, "two": {"kind": "cross", "encoder": "an/encoder", **own}}
    return build_recipe({"data": DATA, "model": {"kind": "ensemble", "members": members}}, "test")


def test_an_ensemble_says_which_members_settings_to_try() -> None:
    with pytest.raises(RecipeError, match=r"model\.members\.one\.training\.learning_rate=1e-4"):
        search_space(ensemble())
    (found,) = search_space(ensemble(), ["model.members.one.training.epochs=2..4"])
    assert found == Range("model.members.one.training.epochs", 2, 4, whole=True)
    with pytest.raises(RecipeError, match="changes nothing of the recipe"):
        search_space(ensemble(training={"epochs": 3}), ["training.epochs=2..4"])
