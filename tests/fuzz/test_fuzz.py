"""Bytes that nobody meant: no traceback, no hang, exit code 0, 1 or 2, whatever a file or a call holds.

`DALMEUM_FUZZ=100000` runs a night's worth, `DALMEUM_FUZZ_SEED=N` other examples.
"""

import json
import random
import shutil
import typing
from pathlib import Path

import pytest
import yaml
from hypothesis import given, seed
from hypothesis import strategies as st
from pydantic import BaseModel

from dalmeum.recipe import Recipe
from tests.fuzz.calls import call, changed, hold_promises
from tests.fuzz.mutations import SCALARS, SEED, json_file, mutated, share, yaml_file
from tests.fuzz.seeds import FILES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

ONE_STEP = ("training.max_steps=1", "model.kind=offline", "output=out")
"""Laid over a recipe that turned out good: it runs, but not for long."""


@pytest.fixture
def folder(tmp_path: Path, pairs_csv: Path, offline_run: Path) -> Path:
    """With pairs in it; the first run, which is asked for, has imported and loaded what takes long."""
    assert offline_run.is_dir()
    shutil.copy(pairs_csv, tmp_path / "pairs.csv")
    return tmp_path


@pytest.mark.parametrize("suffix", FILES)
def test_data_files(folder: Path, suffix: str) -> None:
    path = folder / f"data.{suffix}"

    @seed(SEED)
    @share(0.5 / len(FILES))
    @given(st.one_of(mutated(FILES[suffix]), mutated(FILES[suffix]), st.binary(max_size=200)), st.booleans())
    def fuzz(content: bytes, as_json: bool) -> None:
        path.write_bytes(content)
        hold_promises(call("check", path.name, *(["--json"] if as_json else []), folder=folder))

    fuzz()


RECIPE = {
    "question": "그런가?",
    "data": {"train": "pairs.csv", "dev": "pairs.csv", "label_range": [0, 5], "columns": {"label": "label"}},
    "model": {"kind": "offline", "max_length": 128},
    "loss": {"name": "mixture", "alpha": {"start": 0.0, "end": 0.5}, "scope": "auto"},
    "tasks": {"binary": {"weight": 0.2, "threshold": None}},
    "training": {
        "epochs": 1,
        "effective_batch_size": 4,
        "micro_batch_size": {"tokens": 64},
        "learning_rate": 0.001,
        "warmup": 0.1,
        "seed": 42,
        "evaluations_per_epoch": 1,
    },
    "output": "out",
}


def test_recipes(folder: Path) -> None:
    @seed(SEED)
    @share(0.15)
    @given(yaml_file(RECIPE))
    def fuzz(content: bytes) -> None:
        (folder / "recipe.yaml").write_bytes(content)
        hold_promises(call("train", "recipe.yaml", *ONE_STEP, folder=folder))

    fuzz()


def keys(model: type[BaseModel], stem: str = "") -> list[str]:
    """Dotted names of a recipe's settings."""
    found = []
    for name, field in model.model_fields.items():
        found.append(stem + name)
        for kind in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += keys(kind, f"{stem}{name}.")
    return found


def test_overrides(folder: Path) -> None:
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE, allow_unicode=True), encoding="utf-8")
    values = st.one_of(
        st.sampled_from([json.dumps(value) for value in SCALARS]),
        st.sampled_from(["", "[", "{a: 1}", "[0, 1]", "1e9", "pairs.csv", "/dev/null", ".", "&a [*a]"]),
        st.text(max_size=12).filter(lambda text: "/" not in text),
    )
    names = st.one_of(st.sampled_from(keys(Recipe)), st.text(max_size=12))

    @seed(SEED)
    @share(0.15)
    @given(st.lists(st.builds("{}={}".format, names, values), min_size=1, max_size=3))
    def fuzz(overrides: list[str]) -> None:
        hold_promises(call("train", "recipe.yaml", *overrides, *ONE_STEP, folder=folder))

    fuzz()


RUN_FILES = ("run.json", "recipe.yaml", "metrics.json", "history.json", "predictions/dev.csv")


def test_run_folders(folder: Path, offline_run: Path) -> None:
    run = shutil.copytree(offline_run, folder / "runs" / "other")
    twin = shutil.copytree(offline_run, folder / "runs" / "twin")
    contents = {name: (run / name).read_bytes() for name in RUN_FILES}
    commands = st.sampled_from(
        [
            ("predict", "other", "pairs.csv", "-o", "out.csv"),
            ("compare", "other", "twin", "--metric", "pearson"),
        ]
    )
    assert twin.is_dir()

    def content(name: str) -> st.SearchStrategy[tuple[str, bytes]]:
        if name.endswith(".json"):
            return st.tuples(st.just(name), json_file(contents[name]))
        if name.endswith(".yaml"):
            return st.tuples(st.just(name), yaml_file(yaml.safe_load(contents[name])))
        return st.tuples(st.just(name), mutated([contents[name]]))

    @seed(SEED)
    @share(0.1)
    @given(st.sampled_from(RUN_FILES).flatmap(content), commands)
    def fuzz(file: tuple[str, bytes], words: tuple[str, ...]) -> None:
        with changed(run / file[0], file[1]):
            hold_promises(call(*words, folder=folder))

    fuzz()


def test_model_folders(folder: Path, cross_model: Path) -> None:
    files = sorted(path.name for path in cross_model.iterdir() if path.is_file())
    assert {"config.json", "model.safetensors", "tokenizer_config.json"} <= set(files)
    small = {name: (cross_model / name).read_bytes() for name in files if name not in {"tokenizer.json"}}
    commands = st.sampled_from(
        [
            ("predict", str(cross_model), "pairs.csv", "-o", "out.csv"),
            ("check", "pairs.csv", "--encoder", str(cross_model)),
        ]
    )

    def content(name: str) -> st.SearchStrategy[tuple[str, bytes]]:
        if name.endswith(".json"):
            return st.tuples(st.just(name), json_file(small[name]))
        # What a header says of the weights; the weights themselves are any numbers.
        head, rest = small[name][:2000], small[name][2000:]
        return st.tuples(st.just(name), mutated([head]).map(lambda changed_head: changed_head + rest))

    # Most of what can be told apart stands in the configuration.
    names = st.sampled_from(["config.json", "config.json", *small])

    @seed(SEED)
    @share(0.1)
    @given(names.flatmap(content), commands)
    def fuzz(file: tuple[str, bytes], words: tuple[str, ...]) -> None:
        with changed(cross_model / file[0], file[1]):
            hold_promises(call(*words, folder=folder))

    fuzz()


def test_the_harness_tells_of_what_breaks_a_promise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.calls.main", lambda: print("\x1b[2J"))
    with pytest.raises(AssertionError):
        hold_promises(call("check", "pairs.csv", folder=folder))
    monkeypatch.setattr("tests.fuzz.calls.main", lambda: random.Random().sample(range(1), 2))
    with pytest.raises(ValueError, match="Sample larger"):
        call("check", "pairs.csv", folder=folder)
