"""Several people who train, claim and push at once, and are killed in the middle: in MLflow nothing is lost
and nothing stands twice, no idea is claimed twice, and what was lost is told from what failed.
"""

import math
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dalmeum.competition.claims import claims
from dalmeum.competition.push import push
from dalmeum.competition.store import SETTING, open_store
from dalmeum.competition.team_runs import team_runs
from dalmeum.runs.folder import Run
from dalmeum.runs.identity import content_hash, idea_hash
from dalmeum.runs.reuse import runs_in
from tests.mirrored import SETTINGS, all_runs, client_of
from tests.mlflow_server import mlflow_server

from .test_together import holds, nobody_held_what_another_had, read_log, work_together

OPERATIONS = int(os.environ.get("DALMEUM_OPERATIONS", "60"))
"""Of all people together; 200 of them take a quarter of an hour."""

STATUS = {"finished": "FINISHED", "failed": "FAILED", "lost": "KILLED"}
ORDER = ("lost", "failed", "finished")
"""Of several runs of one content the last of these is shown."""


@pytest.fixture
def mlflow_address(
    url: str,
    empty_mlflow: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """A server on PostgreSQL, or for people who share one machine a file."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    if url.startswith("postgresql"):
        new_database: Callable[[], str] = request.getfixturevalue("new_database")
        with mlflow_server(new_database().replace("postgresql://", "postgresql+psycopg://")) as address:
            yield address
    else:
        shutil.copy(empty_mlflow, tmp_path / "mlflow.db")
        yield f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_with_kills(
    url: str,
    mlflow_address: str,
    tmp_path: Path,
    write_pairs: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = ["Kim", "Lee", "Park"] if url.startswith("postgresql") else ["Kim", "Lee"]
    write_pairs("train.csv", 40)
    write_pairs("dev.csv", 20, seed=1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_address)
    monkeypatch.setenv(SETTING, url)
    each = math.ceil(OPERATIONS / len(people))
    said = work_together(url, people, each, tmp_path, "trainer")
    assert not any("Traceback" in told for told in said)
    logs = {name: read_log(tmp_path / name) for name in people}
    for log in logs.values():
        assert {entry["operation"] for entry in log if entry["ended"]} == set(range(each))
    held = [hold for name, log in logs.items() for hold in holds(name, log)]
    nobody_held_what_another_had(held, OPERATIONS // 20)
    with open_store(url) as store:
        assert {hold["idea"]: hold["name"] for hold in held if hold["until"] == math.inf} == {
            idea: claim.author for idea, claim in claims(store).items()
        }
    for name in people:
        push([], tmp_path / f"{name}-works" / "runs")
    all_is_in_mlflow_once(url, mlflow_address, people, tmp_path)
    for name in people:
        again = push([], tmp_path / f"{name}-works" / "runs")
        assert (again.new, again.updated, again.damaged) == ({}, {}, [])


def all_is_in_mlflow_once(url: str, address: str, people: list[str], folder: Path) -> None:
    folders: defaultdict[str, list[Run]] = defaultdict(list)
    for name in people:
        for run in runs_in(folder / f"{name}-works" / "runs"):
            folders[content_hash(run)].append(run)
    found = {run.data.tags["dalmeum.content"]: run for run in all_runs(address)}
    assert len(found) == len(all_runs(address))
    assert found.keys() == folders.keys()
    for content, runs in folders.items():
        is_as_its_folder(found[content], runs, address)
    # Some trained what another had trained, and each was killed in a training that nobody went on with.
    authors = [{run.record.author for run in runs} for runs in folders.values()]
    assert any(len(those) > 1 for those in authors)
    statuses = [run.info.status for run in found.values()]
    assert statuses.count("KILLED") >= len(people)
    assert "FAILED" in statuses
    assert statuses.count("FINISHED") > 1
    finished = [run for runs in folders.values() for run in runs if run.record.state == "finished"]
    with open_store(url) as store:
        rows = team_runs(store, {idea_hash(run) for runs in folders.values() for run in runs})
    assert {row.content: row.mlflow_id for row in rows} == {
        content: found[content].info.run_id for content in map(content_hash, finished)
    }


def is_as_its_folder(found: Any, runs: list[Run], address: str) -> None:
    state = max((run.lived() for run in runs), key=ORDER.index)
    assert found.info.status == STATUS[state]
    assert found.data.tags["dalmeum.state"] == state
    (shown,) = [run for run in runs if run.id == found.info.run_name and run.lived() == state][:1]
    client = client_of(address)
    for name in found.data.metrics:
        if name.startswith("curves/"):
            steps = [point.step for point in client.get_metric_history(found.info.run_id, name)]
            assert len(set(steps)) == len(steps)
    if state == "finished":
        assert found.data.metrics["dev_pearson"] == shown.metrics()["dev"]["pearson"]["value"]
        losses = client.get_metric_history(found.info.run_id, "curves/loss")
        assert [point.step for point in losses] == [
            entry["step"] for entry in shown.history() if "loss" in entry
        ]
        assert "predictions" in {each.path for each in client.list_artifacts(found.info.run_id)}
    if state == "failed":
        assert found.data.tags["dalmeum.error"] == "no memory left"
