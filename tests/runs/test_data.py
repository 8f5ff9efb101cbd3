"""What a run's record says of its teacher, and when two runs with teachers are the same."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data.parquet import write_parquet
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import InputError
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.data import data_files, scores_file, teacher_file
from dalmeum.runs.folder import create_run, open_run
from dalmeum.runs.identity import content_hash, idea_hash, idea_hash_of
from dalmeum.runs.reuse import run_key
from dalmeum.runs.settings import settings_of


def make_model(folder: Path, weights: str) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"weights": weights}))


@pytest.fixture
def recipe(here: Path) -> Callable[..., Recipe]:
    Path("train.csv").write_text(
        "sentence1,sentence2,label\n" + "".join(f"a{n},b{n},{n}\n" for n in range(6))
    )
    Path("more.csv").write_text("sentence1,sentence2\na0,b0\nc,d\ne,f\n")
    make_model(Path("teacher"), "first")

    def build(**sections: dict[str, Any]) -> Recipe:
        values: dict[str, Any] = {
            "data": {"train": "train.csv", "unlabelled": "more.csv"},
            "model": {"kind": "offline"},
            "loss": {"teacher": "teacher"},
        }
        for section, changes in sections.items():
            values[section] = values.get(section, {}) | changes
        return build_recipe(values, "test")

    return build


def key_of(recipe: Recipe) -> str:
    return run_key(recipe, data_files(recipe, read_splits(recipe)))


def test_a_teacher_counts_by_its_model_and_not_by_its_place(recipe: Callable[..., Recipe]) -> None:
    files = data_files(recipe(), read_splits(recipe()))
    assert list(files) == ["train", "unlabelled", "teacher"]
    assert (files["unlabelled"].rows, files["teacher"].rows) == (2, 3)  # one pair has a label in train
    assert files["unlabelled"].pool is not None
    assert files["unlabelled"].pool.rows == 3
    assert files["teacher"].sha256 == folder_hash(Path("teacher"))
    first = key_of(recipe())
    shutil.copytree("teacher", "elsewhere")
    shutil.copy("more.csv", "again.csv")
    moved = recipe(loss={"teacher": "elsewhere"}, data={"unlabelled": "again.csv"})
    assert key_of(moved) == first
    make_model(Path("other"), "second")
    assert key_of(recipe(loss={"teacher": "other"})) != first
    with Path("more.csv").open("a") as file:
        file.write("g,h\n")
    assert key_of(recipe()) != first


def test_without_a_teacher_a_run_is_what_it_always_was(recipe: Callable[..., Recipe]) -> None:
    alone = recipe(loss={"teacher": None}, data={"unlabelled": None})
    assert "teacher" not in alone.model_dump()["loss"]
    assert "unlabelled" not in alone.model_dump()["data"]
    assert list(data_files(alone, read_splits(alone))) == ["train"]
    assert key_of(alone) != key_of(recipe())


def made(recipe: Recipe, name: str) -> "dalmeum.Run":
    tables = read_splits(recipe)
    run, lock = create_run(Path("runs"), recipe, name, data_files(recipe, tables), None, PairReader())
    lock.release()
    return run


def test_the_record_is_read_back_and_tells_runs_apart(recipe: Callable[..., Recipe]) -> None:
    one, other = made(recipe(), "one"), made(recipe(loss={"teacher": None}, data={"unlabelled": None}), "two")
    assert open_run(one.folder).record.data == one.record.data
    assert content_hash(one) != content_hash(other)
    changes = settings_of(one).changes(settings_of(other))
    assert settings_of(one).decisive["loss.teacher"] == one.record.data["teacher"].sha256
    assert changes == {"data.unlabelled": "more.csv", "loss.teacher": "teacher"}


def test_parts_of_a_pool_are_of_one_idea_with_a_teacher_too(recipe: Callable[..., Recipe]) -> None:
    parts = [recipe(data={"part": {"pairs": 3, "number": number}}) for number in range(2)]
    left_out = [data_files(each, read_splits(each))["unlabelled"].rows for each in parts]
    assert sorted(left_out) == [2, 3]  # the pair that train labels is in one of the two
    ideas = {idea_hash_of(each, PairReader()) for each in parts}
    assert len(ideas) == 1
    runs = [made(each, str(number)) for number, each in enumerate(parts)]
    assert len({idea_hash(run) for run in runs}) == 1
    assert len({settings_of(run).recipe for run in runs}) == 1
    assert len({content_hash(run) for run in runs}) == 2


def test_a_teacher_that_is_gone_is_known_by_what_it_said(recipe: Callable[..., Recipe]) -> None:
    taught = recipe()
    unlabelled = read_splits(taught)["train"].unlabelled
    assert unlabelled is not None
    known = teacher_file(taught, unlabelled)
    made(taught, "earlier")
    shutil.rmtree("teacher")
    with pytest.raises(InputError, match=r"^loss\.teacher: teacher: no such run"):
        teacher_file(taught, unlabelled)
    assert unlabelled.pool is not None
    place = scores_file(taught, unlabelled, known.sha256)
    place.parent.mkdir()
    write_parquet(place, dataclasses.replace(unlabelled.pool, label=np.array([1.0, 2.0, 3.0])))
    assert teacher_file(taught, unlabelled) == known
    # On another label scale they were never scored.
    wide = recipe(data={"label_range": [0, 10]})
    with pytest.raises(InputError, match="no such run"):
        teacher_file(wide, unlabelled)


def test_a_teacher_has_a_name_of_its_own(recipe: Callable[..., Recipe]) -> None:
    latest = recipe(loss={"teacher": "latest"})
    with pytest.raises(InputError, match=r"^loss\.teacher: latest is another run after each training"):
        data_files(latest, read_splits(latest))


def test_a_teacher_that_is_not_finished_is_told(recipe: Callable[..., Recipe]) -> None:
    run = made(recipe(loss={"teacher": None}, data={"unlabelled": None}), "unfinished")
    taught = recipe(loss={"teacher": str(run.folder)})
    with pytest.raises(InputError, match=r"^loss\.teacher: .*: the run is not finished"):
        data_files(taught, read_splits(taught))
