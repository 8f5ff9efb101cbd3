"""Files that no recipe can be, and numbers that no run can have, end in a line at once."""

import functools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError, RecipeError
from dalmeum.recipe import load_recipe
from dalmeum.recipe.study import load_study
from dalmeum.training.callbacks import IntermediateEvaluations
from tests.recipe.test_types import OFFLINE, nested

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
MERGES = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


def quick(call: Callable[[], object]) -> str:
    """The one line of a call that is refused within two seconds of processor time."""
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        call()
    assert time.process_time() - start < 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(LAUGHS, "holds more than 50,000 values, with all that its aliases repeat", id="laughs"),
        pytest.param(MERGES, "holds more than 50,000 values, with all that its aliases repeat", id="merges"),
        pytest.param("a: &a [*a]\n", "line 1: what an alias names holds the alias itself", id="circle"),
        pytest.param("a: &a {b: *a}\n", "line 1: what an alias names holds the alias itself", id="mapping"),
        pytest.param("data: " + "1" * 5000, "is not valid YAML", id="long number"),
        pytest.param("data: 2020-13-45", "is not valid YAML: month must be in 1..12", id="13th month"),
        pytest.param("data: *none\n", "found undefined alias 'none'", id="alias of nothing"),
        pytest.param(
            "a: !!python/object/apply:os.system [ls]", "could not determine a constructor", id="code"
        ),
        pytest.param("data: \x00", "is not valid YAML", id="NUL"),
    ],
)
def test_yaml_that_takes_no_time(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    for read in (load_recipe, load_study):
        line = quick(lambda read=read: read(path))  # type: ignore[misc]
        assert line.startswith(str(path))
        assert said in line
    override = text.partition(": ")[2].splitlines()[0]
    if said != "holds more than 50,000 values, with all that its aliases repeat":
        quick(lambda: load_recipe(OFFLINE, [f"data.train={override}"]))


def test_an_alias_may_be_used(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "data: {train: &file a.csv, dev: *file}\nmodel: {kind: offline}\n"
        "training: &base {seed: 7}\nquestion: null\n",
        encoding="utf-8",
    )
    recipe = load_recipe(path)
    assert (recipe.data.dev, recipe.training.seed) == ("a.csv", 7)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "large").write_text("a: 1\n" * 200_000)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 33)
    for name, said in {
        "pipe": "is a device or a pipe; name the recipe's YAML file",
        "binary": "is not UTF-8 text; save the recipe as UTF-8",
        "large": "holds more than 500 kB: that is no recipe",
        "huge": "holds more than 500 kB: that is no recipe",
        "": "is a folder; name the recipe's YAML file",
    }.items():
        path = tmp_path / name
        assert quick(lambda path=path: load_recipe(path)) == f"{path}: {said}"  # type: ignore[misc]
    for device in ("/dev/zero", "/proc/kmsg", "/proc/version"):
        assert "is a device or a pipe" in quick(functools.partial(load_recipe, device))
    quick(lambda: load_recipe("a\0b"))
    quick(lambda: load_recipe("x" * 5000))


def test_a_pipe_of_a_shell_is_read() -> None:
    end, start = os.pipe()
    text = b"data: {train: a.csv}\nmodel: {kind: offline}\n"

    def write() -> None:
        os.write(start, text)
        os.close(start)

    threading.Thread(target=write).start()
    try:
        assert load_recipe(f"/dev/fd/{end}").data.train == "a.csv"
    finally:
        os.close(end)


@pytest.mark.parametrize(
    "key",
    [
        "training.epochs",
        "training.max_steps",
        "training.effective_batch_size",
        "training.micro_batch_size",
        "training.micro_batch_size.tokens",
        "training.evaluations_per_epoch",
        "training.early_stopping",
        "training.seed",
        "model.max_length",
        "data.folds",
    ],
)
def test_absurd_numbers_are_refused(key: str) -> None:
    values: dict[str, Any] = nested(key, 10**12)
    line = quick(lambda: load_recipe({"data": {"train": "a.csv"}, "model": {"kind": "offline"}}, **values))
    assert f"{key}: input should be less than" in line
    quick(lambda: load_recipe(OFFLINE, [f"{key}=1e12"]))


def test_evaluations_are_at_most_one_a_step() -> None:
    start = time.process_time()
    assert IntermediateEvaluations(6, 1_000_000).at == {1, 2, 3, 4, 5}
    assert IntermediateEvaluations(6, 3).at == {2, 4}
    assert time.process_time() - start < 1


def test_a_study_of_absurdly_many_runs_is_refused() -> None:
    study = {"question": "?", "baseline": {**OFFLINE, "data": {"train": "a.csv"}}, "folds": 1000}
    arms = {f"arm{number}": {"loss.alpha": number / 1000} for number in range(1, 100)}
    with pytest.raises(RecipeError, match="arms, seeds and folds make 300,000 runs, more than 10,000"):
        load_study({**study, "arms": arms})
    planned = {"max_seeds": 100_000_000, "arms": {"arm": {"loss.alpha": 0.3}}, "folds": None}
    with pytest.raises(
        RecipeError, match="arms, max_seeds and folds make 200,000,000 runs, more than 10,000"
    ):
        load_study({**study, **planned, "baseline": {**OFFLINE, "data": {"train": "a.csv", "dev": "b.csv"}}})
