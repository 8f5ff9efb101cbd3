"""`training.report_to: mlflow`: a run that is there from its beginning, and no training that waits for it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerCallback

from dalmeum.competition.push import push
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.mirror import live as live_module
from dalmeum.experiments.mirror.importer import log_curves
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.runs.folder import open_run
from tests.conftest import run_folders
from tests.mirrored import all_runs, curve

pytestmark = pytest.mark.usefixtures("mlflow_file")
Write = Callable[..., Path]


@pytest.fixture
def recipe(mlflow_file: Path, tiny: dict[str, Any], write_pairs: Write) -> Recipe:
    write_pairs("train.csv", 48)
    write_pairs("dev.csv", 16, seed=1)
    training = {**tiny["training"], "epochs": 2, "report_to": "mlflow"}
    return load_recipe(data={"train": "train.csv", "dev": "dev.csv"}, model=tiny["model"], training=training)


class Looks(TrainerCallback):
    """Does something at the end of the first epoch."""

    def __init__(self, does: Callable[[], object]) -> None:
        self.does = does
        self.saw: Any = None

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.saw is None:
            self.saw = self.does() or True


def test_a_run_grows_while_it_is_trained(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "EVERY", 0.0)

    def look() -> tuple[str, list[Any]]:
        (found,) = all_runs()
        return found.info.status, curve(found, "loss")

    looks = Looks(look)
    run = train(recipe, "test", callbacks=[looks])
    status, points = looks.saw
    assert status == "RUNNING"
    history = [(entry["step"], entry["loss"]) for entry in run.history() if "loss" in entry]
    assert 0 < len(points) < len(history)
    assert points == history[: len(points)]
    (found,) = all_runs()
    assert (found.info.status, found.info.run_name) == ("FINISHED", run.id)
    assert curve(found, "loss") == history
    assert found.data.metrics["dev_pearson"] == run.metrics()["dev"]["pearson"]["value"]


@pytest.mark.parametrize("trainings", ["data.folds", "training.seed"])
def test_curves_of_several_trainings(recipe: Recipe, trainings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent live under the names that the run's log has in the end."""
    monkeypatch.setattr(live_module, "EVERY", 0.0)
    change = (
        {"data": {"folds": 2, "dev": None}} if trainings == "data.folds" else {"training": {"seed": [1, 2]}}
    )
    sent: set[str] = set()
    send = log_curves

    def note(client: Any, found: Any, points: Any, there: Any) -> None:
        sent.update(name for name, _, _ in points)
        send(client, found, points, there)

    monkeypatch.setattr(live_module, "log_curves", note)
    run = train(load_recipe(recipe, **change), "test")
    names = {f"curves/{name}" for entry in run.history() for name in entry if name not in ("step", "epoch")}
    assert sent == names
    (found,) = all_runs()
    assert {name for name in found.data.metrics if name.startswith("curves/")} == names


def test_one_that_fails_and_one_that_is_interrupted(recipe: Recipe) -> None:
    def fail() -> None:
        raise DalmeumError("no memory left")

    with pytest.raises(DalmeumError, match="no memory left"):
        train(recipe, "test", callbacks=[Looks(fail)])
    (found,) = all_runs()
    assert (found.info.status, found.data.tags["dalmeum.error"]) == ("FAILED", "no memory left")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, "test", resume=True, callbacks=[Looks(interrupt)])
    (lost,) = all_runs()
    assert (lost.info.run_id, lost.info.status) == (found.info.run_id, "KILLED")
    assert (lost.data.tags["dalmeum.state"], lost.data.tags["dalmeum.error"]) == ("lost", "")
    run = train(recipe, "test", resume=True)
    (finished,) = all_runs()
    assert (finished.info.run_id, finished.info.status) == (found.info.run_id, "FINISHED")
    history = [(entry["step"], entry["loss"]) for entry in run.history() if "loss" in entry]
    assert curve(finished, "loss") == history


PROGRAM = 'import dalmeum; dalmeum.train("recipe.yaml")'


@pytest.mark.slow
def test_one_that_is_killed(recipe: Recipe) -> None:
    """It says that it runs until somebody pushes; then it is lost, and taken up again by a resume."""
    longer = load_recipe(recipe, training={"epochs": 60})
    Path("recipe.yaml").write_text(longer.to_yaml(), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not list(Path("runs").glob("*/checkpoints/checkpoint-*")) and time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    (found,) = all_runs()
    assert found.info.status == "RUNNING"
    (folder,) = run_folders("runs")
    assert push([], Path("runs")).updated == {folder.name: found.info.run_id}
    assert all_runs()[0].info.status == "KILLED"
    run = train(longer, "recipe", resume=True)
    (finished,) = all_runs()
    assert (finished.info.run_id, finished.info.status) == (found.info.run_id, "FINISHED")
    assert [step for step, _ in curve(finished, "loss")] == [
        entry["step"] for entry in run.history() if "loss" in entry
    ]


def test_a_server_that_cant_be_reached_stops_nothing(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told once, at the beginning; nothing of its password is in the run."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://kim:s3cret@127.0.0.1:1")
    run = train(recipe, "test")
    assert run.record.state == "finished"
    err = capsys.readouterr().err
    told = [line for line in err.splitlines() if "MLflow" in line]
    assert told == [
        f"not all of this run is in MLflow, dalmeum push runs/{run.id} brings it later: http://127.0.0.1:1: "
        "MLflow can't be used: nothing answers there: is the server running?"
    ]
    kept = [path.read_bytes() for path in run.folder.rglob("*") if path.is_file()]
    assert not any(b"s3cret" in each for each in (*kept, err.encode()))
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert all_runs() == []


def test_one_that_is_lost_on_the_way_is_whole_at_the_end(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "EVERY", 0.0)
    calls = []

    def lost(*_: object) -> None:
        calls.append(1)
        raise OSError("connection reset")

    monkeypatch.setattr(live_module, "log_curves", lost)
    run = train(recipe, "test")
    assert len(calls) == 1
    assert capsys.readouterr().err.count("not all of this run is in MLflow") == 1
    (found,) = all_runs()
    assert found.info.status == "FINISHED"
    assert len(curve(found, "loss")) == sum("loss" in entry for entry in run.history())


def test_what_is_wrong_in_the_mirror_itself_stops_nothing(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(live_module, "bring", wrong)
    assert train(recipe, "test").record.state == "finished"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_finished_one_of_the_same_content_stays(recipe: Recipe) -> None:
    first = train(recipe, "first")
    train(recipe, "second")
    assert [run.info.run_name for run in all_runs()] == [first.id]


def test_a_wrong_address_is_told_before_any_work(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "./mlruns")
    with pytest.raises(InputError, match="MLFLOW_TRACKING_URI: give http"):
        train(recipe, "test")
    assert not Path("runs").exists()


def test_it_says_nothing_of_itself(recipe: Recipe, capfd: pytest.CaptureFixture[str]) -> None:
    run = train(recipe, "test")
    out, err = capfd.readouterr()
    assert "mlflow" not in (out + err).lower()
    assert open_run(run.folder).record.state == "finished"
