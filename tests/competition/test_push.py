"""Runs brought to MLflow: verdicts beside them, and each once in the team's store."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dalmeum.competition.push import push, show_verdicts, team_chooses
from dalmeum.competition.store import SETTING, open_store
from dalmeum.competition.team_runs import TeamRun, register, team_runs
from dalmeum.errors import InputError
from dalmeum.experiments.mirror.problems import MlflowError
from dalmeum.experiments.mirror.shown import Shown
from dalmeum.recipe import load_recipe
from dalmeum.runs.folder import Run
from dalmeum.runs.identity import content_hash, idea_hash
from dalmeum.runs.lock import RunLock
from tests.experiments.made_runs import make_run
from tests.mirrored import all_runs, client_of

pytestmark = pytest.mark.usefixtures("mlflow_file")
SCORES = {"dev": {"pearson": {"value": 0.9, "low": 0.85, "high": 0.95}}}
RUNS = Path("runs")


def made(seed: int, folder: Path = RUNS) -> Run:
    run = make_run(folder, 0.1, seed)
    run.write_metrics(SCORES)
    return run.update(author="Kim")


def judge(run: Run, outcome: str) -> None:
    study = Path("studies", "alpha")
    study.mkdir(parents=True, exist_ok=True)
    arms = {"baseline": {"runs": []}, "mixture": {"runs": [run.id]}}
    verdict = {"baseline": {"verdict": None}, "mixture": {"verdict": {"outcome": outcome}}}
    values = {"arms": arms, "splits": {"dev": {"arms": verdict}}}
    (study / "study.json").write_text(json.dumps(values), encoding="utf-8")


def test_all_runs_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """New, there already, updated, still running, damaged: each is counted, and one line told of the last."""
    first, second = made(1), made(2)
    failed = make_run(RUNS, 0.2, 3).update(state="failed", error="no memory")
    lost = make_run(RUNS, 0.2, 4).update(state="running")
    running = make_run(RUNS, 0.2, 5).update(state="running")
    damaged = made(6)
    (damaged.folder / "recipe.yaml").unlink()
    with RunLock.take(running.folder):
        pushed = push([], RUNS)
        assert list(pushed.new) == [first.id, second.id, failed.id, lost.id]
        assert (pushed.updated, pushed.unchanged) == ({}, {})
        assert (pushed.still_running, pushed.damaged) == ([running.id], [damaged.id])
    line = f"{damaged.id}: left out: {damaged.folder}/recipe.yaml: is missing: the run folder is damaged\n"
    assert capsys.readouterr().err == line
    states = {run.info.run_name: run.info.status for run in all_runs()}
    assert states == {first.id: "FINISHED", second.id: "FINISHED", failed.id: "FAILED", lost.id: "KILLED"}
    judge(first, "better")
    again = push([], RUNS)
    assert again.updated == {first.id: pushed.new[first.id]}
    assert list(again.new) == [running.id]  # lost by now
    assert again.unchanged == {run.id: pushed.new[run.id] for run in (second, failed, lost)}
    tags = client_of().get_run(pushed.new[first.id]).data.tags
    assert (tags["dalmeum.verdict"], tags["dalmeum.study"]) == ("better", "alpha: mixture")


def test_a_running_one_that_mlflow_has_as_lost_is_taken_up_again() -> None:
    run = make_run(RUNS, 0.2, 4).update(state="running")
    identifier = push([run.id], RUNS).new[run.id]
    with RunLock.take(run.folder):
        assert push([run.id], RUNS).updated == {run.id: identifier}
        assert [each.info.status for each in all_runs()] == ["RUNNING"]


def test_runs_by_name() -> None:
    first, second = made(1), made(2)
    assert list(push([first.id], RUNS).new) == [first.id]
    assert list(push([str(second.folder)], Path("none")).new) == [second.id]
    with pytest.raises(InputError, match=r"nobody: no such run"):
        push([first.id, "nobody"], RUNS)
    (first.folder / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"metrics.json: can't be read"):
        push([first.id], RUNS)
    with pytest.raises(InputError, match=r"none: no such folder of runs"):
        push([], Path("none"))


def test_the_teams_store_knows_each_finished_run_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, url)
    run, failed = made(1), make_run(RUNS, 0.2, 3).update(state="failed")
    judge(run, "better")
    identifier = push([], RUNS).new[run.id]
    with open_store(url) as store:
        row = TeamRun(content_hash(run), idea_hash(run), run.id, "Kim", "better", identifier)
        assert team_runs(store, [idea_hash(run), idea_hash(failed)]) == [row]
    # The same run of somebody else is no second one.
    other = made(1, Path("elsewhere")).update(id="other", author="이")
    assert push([str(other.folder)], RUNS).unchanged == {"other": identifier}
    assert len(all_runs()) == 2
    with open_store(url) as store:
        assert team_runs(store, [idea_hash(run)]) == [row]


def test_the_teams_store_says_which_of_two_stays(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, url)
    run = made(1)
    shown = Shown.of(run)
    assert team_chooses(shown, ["b", "c"]) == "b"
    assert team_chooses(shown, ["a", "b"]) == "b"  # whoever came first
    assert team_chooses(Shown(run, "lost"), ["a", "b"]) == "b"
    assert team_chooses(shown, ["d", "e"]) == "d"  # b is gone from MLflow
    assert team_chooses(shown, ["c", "d"]) == "d"
    monkeypatch.delenv(SETTING)
    assert team_chooses(shown, ["c", "d"]) == "c"


def test_several_at_once_on_one_store(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All make an MLflow run at the same moment, in each one's view its own and some others': one stays."""
    monkeypatch.setenv(SETTING, url)
    open_store(url).close()
    shown, meet = Shown.of(made(1)), threading.Barrier(6, timeout=60)
    assert shown.content
    assert shown.idea

    def choose(number: int) -> str:
        meet.wait()
        return team_chooses(shown, sorted({f"run-{number}", "run-3"}))

    with ThreadPoolExecutor(6) as threads:
        chosen = set(threads.map(choose, range(6)))
    with open_store(url) as store:
        (row,) = team_runs(store, [shown.idea])
    assert row.mlflow_id in chosen
    assert {team_chooses(shown, [f"run-{number}" for number in range(6)])} == {row.mlflow_id}


def test_a_store_that_cant_be_reached_is_told_and_the_runs_are_brought(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(1)
    monkeypatch.setenv(SETTING, "postgresql://me:secret@127.0.0.1:1/db")
    assert list(push([], RUNS).new) == [run.id]
    err = capsys.readouterr().err
    assert err.startswith(
        "the team's store can't be asked, runs are told apart by MLflow alone: postgresql://me@"
    )
    assert "secret" not in err
    assert err.count("\n") == 1


def test_an_mlflow_that_cant_be_reached_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made(1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://kim:secret@127.0.0.1:1")
    with pytest.raises(
        MlflowError, match=r"^http://127.0.0.1:1: MLflow can't be used: nothing answers there"
    ):
        push([], RUNS)


def test_verdicts_of_a_study_that_reports_to_mlflow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(1)
    push([], RUNS)
    judge(run, "worse")
    show_verdicts(run.recipe(), [run], Path("studies"))
    assert all_runs()[0].data.tags["dalmeum.verdict"] == ""
    reporting = load_recipe(run.recipe(), training={"report_to": "mlflow"})
    show_verdicts(reporting, [run], Path("studies"))
    (found,) = all_runs()
    assert found.data.tags["dalmeum.verdict"] == "worse"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    show_verdicts(reporting, [run], Path("studies"))
    err = capsys.readouterr().err
    assert err.startswith(
        "the verdicts are not in MLflow yet, dalmeum push brings them later: http://127.0.0.1"
    )


def test_an_id_that_is_gone_from_mlflow_gives_way(url: str) -> None:
    with open_store(url) as store:
        register(store, TeamRun("content", "idea", "run", mlflow_id="m1"))
        assert register(store, TeamRun("content", "idea", "run", mlflow_id="m2"), gone="m0").mlflow_id == "m1"
        assert register(store, TeamRun("content", "idea", "run", mlflow_id="m2"), gone="m1").mlflow_id == "m2"
        (row,) = team_runs(store, ["idea"])
        assert row.mlflow_id == "m2"
