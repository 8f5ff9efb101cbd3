"""Two processes on one study, or on one recipe, at once: no run is trained twice, and none is destroyed."""

import contextlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe
from dalmeum.recipe.study import load_study
from dalmeum.runs import lock as locks
from dalmeum.runs.folder import open_run
from dalmeum.runs.lock import HeldError, LostRunError, RunLock
from tests.conftest import run_folders
from tests.kill import broken_files, leftovers

pytestmark = pytest.mark.timeout(900)

Process = subprocess.Popen[str]


@pytest.fixture
def values(here: Path, tiny: dict[str, Any], write_pairs: Callable[..., Path]) -> dict[str, Any]:
    write_pairs("train.csv", 64, seed=1)
    write_pairs("dev.csv", 32, seed=2)
    return {**tiny, "data": {"train": "train.csv", "dev": "dev.csv"}}


@pytest.fixture
def study(values: dict[str, Any]) -> Path:
    study = {"question": "?", "baseline": values, "arms": {"mae": {"loss.alpha": 1.0}}, "seeds": [1, 2]}
    Path("study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return Path("study.yaml")


@contextlib.contextmanager
def started(*command: str) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dalmeum", *command],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_a_run(process: Process) -> Path:
    deadline = time.monotonic() + 300
    while not (found := [folder for folder in run_folders("runs") if (folder / locks.LEASE).is_file()]):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[0]


def assert_each_run_once() -> None:
    recipes = [open_run(folder).recipe() for folder in run_folders("runs")]
    made = Counter((recipe.loss.alpha, recipe.training.seed) for recipe in recipes)
    assert made == {(alpha, seed): 1 for alpha in (0.1, 1.0) for seed in (1, 2)}
    assert [*broken_files(Path()), *leftovers(Path())] == []


@pytest.mark.slow
def test_two_studies_share_the_work(study: Path) -> None:
    longer = ("study", str(study), "--jobs", "1", "baseline.training.epochs=30")
    with started(*longer) as first, started(*longer) as second:
        said = [process.communicate(timeout=600)[1] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    # Both come to the first run at nearly the same time.
    assert any("made by another process" in each for each in said), said
    assert_each_run_once()
    assert len(json.loads(Path("studies/study/study.json").read_text())["arms"]) == 2


@pytest.mark.slow
def test_the_second_study_takes_over_where_the_first_is_killed(study: Path) -> None:
    with started("study", str(study), "--jobs", "1") as first:
        run = wait_for_a_run(first)
        with started("study", str(study), "--jobs", "1") as second:
            time.sleep(1)
            os.killpg(first.pid, signal.SIGKILL)
            said = second.communicate(timeout=600)[1]
    assert second.returncode == 0, said
    assert open_run(run).record.state == "finished"
    assert_each_run_once()


def test_a_second_resume_leaves_a_run_that_is_worked_on_alone(values: dict[str, Any]) -> None:
    recipe = build_recipe(values, "test")
    first = train(recipe, "first").update(state="running")
    before = (first.folder / "recipe.yaml").stat().st_mtime_ns
    with RunLock.take(first.folder) as lock:
        second = train(recipe, "second", resume=True)
        assert second.folder != first.folder
        warning = second.record.warnings[0].en
        assert warning == (
            f"{first.folder} is being trained by another process ({lock.holder}): started a new one"
        )
        assert (first.folder / "recipe.yaml").stat().st_mtime_ns == before
    assert train(recipe, "third", resume=True).folder == first.folder


def test_a_study_awaits_what_another_process_makes(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dalmeum.experiments.missing.LOOK_EVERY", 0.01)
    loaded = load_study(study)
    done = conduct(loaded, "lr", jobs=1)
    run, _ = done.runs["mae"]
    looks: list[None] = []
    run.update(state="running")
    lock = RunLock.take(run.folder)
    with pytest.raises(HeldError):
        train(run.recipe(), "lr", resume=True, parent_study="lr")

    def finished_meanwhile(_: float) -> None:
        looks.append(None)
        if len(looks) == 3:
            run.finish()
            lock.release()

    monkeypatch.setattr(time, "sleep", finished_meanwhile)
    capsys.readouterr()
    again = conduct(loaded, "lr", jobs=1)
    assert [each.id for each in again.runs["mae"]] == [each.id for each in done.runs["mae"]]
    said = capsys.readouterr().err
    assert "0 of 4 runs to do" in said
    assert f"another process ({lock.holder}) makes, and this one awaits: mae, seed 1\n" in said
    assert f"{run.folder}, made by another process (" in said
    assert len(run_folders("runs")) == 4


@pytest.mark.parametrize("moment", ["runs_like", "RunLock.take"])
def test_a_run_that_is_finished_while_a_study_looks_for_it_is_not_made_again(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    recipe = build_recipe(values, "test")
    run = train(recipe, "first", parent_study="study").update(state="running")
    function = f"dalmeum.runs.begin.{moment}"
    looks_or_takes = pkgutil.resolve_name(function)

    def finished_meanwhile(*arguments: Any) -> Any:
        if moment == "RunLock.take":
            run.finish()
        found = looks_or_takes(*arguments)
        run.finish()
        return found

    monkeypatch.setattr(function, finished_meanwhile)
    assert train(recipe, "second", resume=True, parent_study="study").folder == run.folder
    assert run_folders("runs") == [run.folder]


def test_who_wakes_late_stops_before_its_next_checkpoint(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process sleeps so long that another host takes its run over, and finishes it."""
    recipe = build_recipe(values | {"training": {**values["training"], "epochs": 2}}, "test")
    monkeypatch.setattr(locks, "STALE_AFTER", 0.0)
    check = RunLock.check
    taken: list[Any] = []

    def sleeps(self: RunLock) -> None:
        if not taken:
            taken.append(None)
            with monkeypatch.context() as patch:
                patch.setattr(locks, "host", lambda: "elsewhere")
                (self.folder / locks.LOCK).unlink()  # which that host does not see
                taken.append(train(recipe, "second", resume=True))
        check(self)

    monkeypatch.setattr(RunLock, "check", sleeps)
    with pytest.raises(LostRunError) as caught:
        train(recipe, "first")
    (folder,) = run_folders("runs")
    assert str(caught.value).startswith(f"{folder}: another process has taken this run over")
    assert caught.value.exit_code == 1
    assert open_run(folder).record == taken[1].record
    assert open_run(folder).record.state == "finished"
    assert [*leftovers(Path())] == []
