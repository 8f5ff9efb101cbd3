"""dalmeum push, as it is typed."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import call
from tests.mirrored import SETTINGS, all_runs

pytest.importorskip("mlflow")


@pytest.fixture
def run(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return own_run


def test_pushing_twice(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path("mlflow.db").absolute()
    assert call("push") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{place}, experiment dalmeum",
        "1 run new",
        "0 runs updated",
        "0 runs there already",
    ]
    assert err == ""
    assert call("push", run.name, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    (found,) = all_runs()
    assert told == {
        "place": str(place),
        "experiment": "dalmeum",
        "new": {},
        "updated": {},
        "unchanged": {run.name: found.info.run_id},
        "still_running": [],
        "damaged": [],
    }
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert found.data.metrics["dev_pearson_low"] == metrics["dev"]["pearson"]["low"]
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert call("push", "latest") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "새로 올린 실행 0개",
        "갱신한 실행 0개",
        "이미 있는 실행 1개",
    ]
    assert not Path("mlruns").exists()


@pytest.mark.parametrize(
    ("uri", "arguments", "told"),
    [
        ("", ("nobody",), "nobody: no such run, neither a folder with a run.json nor an id under runs/"),
        ("", ("--output", "none"), "none: no such folder of runs: train one, or name another with --output"),
        (
            "http://me:s3cret@127.0.0.1:1",
            (),
            "http://127.0.0.1:1: MLflow can't be used: nothing answers there",
        ),
        (
            "./mlruns",
            (),
            "MLFLOW_TRACKING_URI: give http://HOST:PORT or https://HOST of an MLflow server, or",
        ),
        ("http://me:s3cret/x@host", (), "MLFLOW_TRACKING_URI: "),
    ],
)
def test_calls_that_are_wrong(
    run: Path,
    uri: str,
    arguments: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert call("push", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert err.count("\n") == 1
    assert "s3cret" not in err


def test_without_the_extra(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalmeum.experiments.mirror.place.find_spec", lambda name: None)
    assert call("push") == 2
    assert capsys.readouterr().err == "MLflow's client is not installed: pip install 'dalmeum[team]'\n"


def test_training_alone_imports_no_mlflow(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    assert call("train", "recipe.yaml", "training.seed=5") == 0
    assert not [name for name in sys.modules if name.split(".")[0] == "mlflow"]
