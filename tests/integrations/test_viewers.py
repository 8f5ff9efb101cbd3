"""Curves go where a recipe says, and a package that is missing is told before any work."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError, RecipeError
from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.recipe.study import load_study
from dalmeum.runs.reuse import run_key

Write = Callable[..., Path]


@pytest.fixture
def recipe(here: Path, tiny: dict[str, Any], write_pairs: Write) -> Recipe:
    write_pairs("train.csv", 48)
    write_pairs("dev.csv", 16, seed=1)
    return load_recipe(data={"train": "train.csv", "dev": "dev.csv"}, **tiny)


def reporting(recipe: Recipe, to: object) -> Recipe:
    return load_recipe(recipe, training={"report_to": to})


def test_values(recipe: Recipe) -> None:
    assert recipe.training.report_to == "none"
    assert reporting(recipe, "wandb").training.report_to == ("wandb",)
    assert reporting(recipe, ["tensorboard", "wandb", "wandb"]).training.report_to == ("tensorboard", "wandb")
    nowhere: object
    for nowhere in ([], None, "none"):
        assert reporting(recipe, nowhere).training.report_to == "none"
    Path("recipe.yaml").write_text(reporting(recipe, "tensorboard").to_yaml(), encoding="utf-8")
    assert "report_to: tensorboard" in Path("recipe.yaml").read_text(encoding="utf-8")
    assert load_recipe("recipe.yaml") == reporting(recipe, ["tensorboard"])


@pytest.mark.parametrize("to", ["csv", "all", True, ["none"], ["tensorboard", 3], {"wandb": 1}])
def test_other_values(recipe: Recipe, to: object) -> None:
    with pytest.raises(
        RecipeError, match="report_to: must be none, tensorboard, wandb, mlflow, or a list of them, not"
    ):
        reporting(recipe, to)


def test_runs_that_differ_in_it_are_the_same(recipe: Recipe) -> None:
    assert run_key(reporting(recipe, "wandb"), {}) == run_key(recipe, {})
    with pytest.raises(RecipeError, match=r"training.report_to can't differ by arm"):
        load_study(question="?", baseline=recipe, arms={"seen": {"training.report_to": "wandb"}})


@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_a_missing_package_is_told_before_any_work(
    recipe: Recipe, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a folder of its name lies about, as W&B leaves one."""
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is here")
    told = f"training.report_to: {package} is not installed: pip install {package}, or leave "
    study = load_study(
        question="?", baseline=reporting(recipe, package), arms={"mae": {"loss.alpha": 1}}, seeds=[1, 2]
    )
    Path(package).mkdir()
    for on_path in (False, True):
        if on_path:
            monkeypatch.syspath_prepend(".")
        with pytest.raises(InputError, match=told):
            train(reporting(recipe, package), "test")
        with pytest.raises(InputError, match=told):
            conduct(study, "study")
    assert not Path("runs").exists()


def test_a_package_that_is_damaged_is_told(recipe: Recipe, own_module: Callable[[str, str], Path]) -> None:
    own_module("wandb", "import a_package_that_it_needs")
    told = r"wandb can't be imported \(No module named 'a_package_that_it_needs'\)"
    with pytest.raises(InputError, match=told):
        train(reporting(recipe, "wandb"), "test")


def test_tensorboard_gets_the_curves(recipe: Recipe) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(reporting(recipe, "tensorboard"), "test")
    events = EventAccumulator(str(run.folder / "logs")).Reload()
    shown = {event.step: event.value for event in events.Scalars("train/train_pearson")}
    kept = {entry["step"]: entry["train_pearson"] for entry in run.history() if "train_pearson" in entry}
    assert shown == pytest.approx(kept)
    assert events.Scalars("eval/pearson")
