"""What was tampered with in a run's folder counts as nothing else, and is told in a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum.errors import InputError
from dalmeum.runs.folder import Run, open_run
from tests.experiments.made_runs import make_run


def tampered(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", 1),
        ("id", None),
        ("state", "done"),
        ("state", True),
        ("created", 20260101),
        ("created", "yesterday"),
        ("finished", "soon"),
        ("recipe", ["x"]),
        ("data", []),
        ("data", {"train": {"path": "x", "rows": "9", "sha256": "1"}}),
        ("data", {"train": {"path": "x", "rows": 9.5, "sha256": "1"}}),
        ("data", {"train": {"path": "x", "rows": True, "sha256": "1"}}),
        ("data", {"train": {"path": "x", "rows": 9}}),
        ("data", {"other": {"path": "x", "rows": 9, "sha256": "1"}}),
        ("versions", {"torch": 2}),
        ("machine", "a fast one"),
        ("training", 7),
        ("warnings", "one"),
        ("warnings", [1]),
        ("warnings", [{"en": "x"}]),
        ("warnings", [{"en": "x", "ko": 1}]),
        ("error", 1),
        ("parent_study", False),
        ("code", {"a:b": 1}),
        ("encoder", 1),
        ("training_version", "1"),
        ("training_version", True),
        ("no_such_key", 1),
    ],
)
def test_a_tampered_record(tmp_path: Path, key: str, value: Any) -> None:
    run = make_run(tmp_path, 0.4, 1)
    tampered(run.folder / "run.json", {key: value})
    with pytest.raises(InputError) as caught:
        open_run(run.folder)
    expected = f"{run.folder}/run.json: is no record that this version of dalmeum reads (key {key})"
    assert str(caught.value) == expected


SCORE = {"value": 0.5, "low": 0.4, "high": 0.6}


@pytest.mark.parametrize(
    ("file", "read", "written", "twice"),
    [
        ("run.json", lambda run: open_run(run.folder), '"state": ', '"state": "running", "state": '),
        ("run.json", lambda run: open_run(run.folder), '"machine": {', '"machine": {"cpu": "a", "cpu": "b"'),
        ("metrics.json", Run.metrics, '"value": ', '"value": 0.9, "value": '),
        ("history.json", Run.history, '"step": ', '"step": 1, "step": '),
    ],
)
def test_a_key_that_stands_twice(
    tmp_path: Path, file: str, read: Callable[[Run], object], written: str, twice: str
) -> None:
    run = make_run(tmp_path, 0.4, 1).update(machine={})
    run.write_metrics({"dev": {"pearson": SCORE}})
    run.write_history([{"step": 2, "loss": 0.5}])
    path = run.folder / file
    text = path.read_text(encoding="utf-8")
    assert written in text
    read(run)
    path.write_text(text.replace(written, twice, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(run)
    key = "cpu" if "cpu" in twice else written.split('"')[1]
    told = f"can't be read: the key '{key}' stands there twice: leave one out; the run folder is damaged"
    assert str(caught.value) == f"{path}: {told}"


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        '{"dev": 1}',
        '{"dev": {"pearson": 0.9}}',
        '{"dev": {"pearson": {"value": "0.9", "low": null, "high": null}}}',
        '{"dev": {"pearson": {"value": true, "low": null, "high": null}}}',
        '{"dev": {"pearson": {"value": NaN, "low": null, "high": null}}}',
        '{"dev": {"pearson": {"value": 0.9}}}',
        '{"nowhere": {}}',
    ],
)
def test_tampered_metrics(tmp_path: Path, content: str) -> None:
    run = make_run(tmp_path, 0.4, 1)
    (run.folder / "metrics.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="the run folder is damaged") as caught:
        run.metrics()
    assert str(caught.value).startswith(f"{run.folder}/metrics.json: ")


@pytest.mark.parametrize(
    "entry",
    [
        {"step": "1"},
        {"step": 1.5},
        {"step": True},
        {"step": -1},
        {"step": 1, "loss": "0.1"},
        {"step": 1, "loss": True},
        {"step": 1, "loss": [1]},
    ],
)
def test_a_tampered_history(tmp_path: Path, entry: dict[str, Any]) -> None:
    run = make_run(tmp_path, 0.4, 1)
    (run.folder / "history.json").write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.raises(InputError, match=r"history\.json: is no log of training: the run folder is damaged"):
        run.history()


def test_what_a_run_wrote_reads_back_as_it_was(tmp_path: Path) -> None:
    run = make_run(tmp_path, 0.4, 1)
    run.write_metrics({"dev": {"pearson": {"value": 0.5, "low": None, "high": 1.0}, "f1": None}})
    assert run.metrics() == {"dev": {"pearson": {"value": 0.5, "low": None, "high": 1.0}, "f1": None}}
    run.write_history([{"step": 1, "loss": float("nan")}, {"step": 2, "loss": 0.1}])
    assert run.history() == [{"step": 1, "loss": None}, {"step": 2, "loss": 0.1}]
    assert open_run(run.folder) == run
