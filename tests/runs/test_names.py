"""Names of recipes and outputs as people have them: told before training, or made to work."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError
from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe
from dalmeum.runs.folder import open_run
from tests.conftest import run_folders


@pytest.fixture
def values(here: Path, tiny: dict[str, Any], write_pairs: Callable[..., Path]) -> dict[str, Any]:
    write_pairs("train.csv", 32, seed=1)
    write_pairs("dev.csv", 24, seed=2)
    return {**tiny, "data": {"train": "train.csv", "dev": "dev.csv"}}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("na\udcffme", "na_me"),
        ("a\x1b[31mb", "a_[31mb"),
        ("가" * 83, "가" * 66),
    ],
)
def test_any_name_of_a_recipe_is_part_of_an_id(values: dict[str, Any], name: str, part: str) -> None:
    run = train(build_recipe(values, "test"), name)
    assert run.id[16:] == part
    assert open_run(run.folder).record.state == "finished"
    assert [folder.name for folder in run_folders("runs")] == [run.id]


def test_data_with_a_name_that_is_no_utf8(values: dict[str, Any]) -> None:
    os.rename("train.csv", "tr\udcffain.csv")
    recipe = build_recipe(values | {"data": {"train": "tr\udcffain.csv", "dev": "dev.csv"}}, "test")
    run = train(recipe, "run")
    assert open_run(run.folder).recipe() == recipe


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("q\0x", "holds a NUL character"),
        ("q\udcffx", "is not UTF-8: choose another name for the output"),
        ("/".join(["d" * 200] * 30), "can't be written: file name too long"),
        ("가" * 86, "can't be written: file name too long"),
        ("train.csv", "a file stands where a folder is needed"),
        ("other/predictions", "lies in the folder of a run"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_training(
    values: dict[str, Any], output: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("other").mkdir()
    for name in ("run.json", "recipe.yaml"):
        Path("other", name).write_text("{}", encoding="utf-8")
    monkeypatch.setattr("dalmeum.experiments.train.fit", lambda *_, **__: pytest.fail("was trained"))
    with pytest.raises(InputError, match=problem) as caught:
        train(build_recipe({**values, "output": output}, "test"), "run")
    assert "\n" not in str(caught.value)
    assert run_folders(".") == [Path("other")]


def test_a_path_that_leaves_no_room_for_checkpoints_is_told_before_training(values: dict[str, Any]) -> None:
    # All but 60 bytes of what a path may have, whatever the length of the folder that the tests are in.
    whole, rest = divmod(4096 - 60 - len(os.getcwd()), 101)
    output = "/".join([*["d" * 100] * whole, "d" * rest]).rstrip("/")
    with pytest.raises(InputError, match="can't be written: file name too long"):
        train(build_recipe({**values, "output": output}, "test"), "run")


def test_many_nested_folders_are_made(values: dict[str, Any], deep: Path) -> None:
    run = train(build_recipe({**values, "output": str(deep)}, "test"), "run")
    assert run.folder.parent == deep
    assert run.record.state == "finished"
