"""A run folder into MLflow: one run there for all that come to the same, however often and by whomever it is
brought.

MLflow holds nobody off: of runs that two make at the same moment the one with the smallest id stays, or the
one that the team's store names.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from dalmeum.errors import DalmeumError
from dalmeum.experiments.mirror.client import Mlflow, Patience
from dalmeum.experiments.mirror.shown import AUTHOR, CONTENT, FILES, RUN, SHOWN, STATE, Shown
from dalmeum.runs.folder import Lived

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

Result = Literal["new", "updated", "unchanged"]

Chooses = Callable[[Shown, Sequence[str]], str]
"""Of several MLflow runs of one content, by their ids, the one that stays."""

STATUS: Mapping[Lived, str] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "lost": "KILLED",
}
FURTHER: Mapping[str, int] = {"finished": 3, "running": 2, "failed": 1, "lost": 1}
"""Of two folders of one content that of the higher number is shown, else the one that is there."""

ATTEMPTS = 10
BATCH = 100
"""Params, and tags, that MLflow takes at once; of metrics it takes ten times as many."""

Each = TypeVar("Each")


def smallest(_: Shown, found: Sequence[str]) -> str:
    return min(found)


def bring(
    mlflow: Mlflow, shown: Shown, patience: Patience, chooses: Chooses = smallest
) -> tuple[Result, str]:
    """Show a run, and all of it, in MLflow, where what is there stays; and the id of its run there.

    A run of the same content from another folder is shown in its place where that is further.
    Raises `MlflowError` where MLflow can't be used, `InputError` for a damaged run.
    """
    from mlflow.exceptions import MlflowException

    whole = shown.hash  # what is damaged is told before anything is written
    with mlflow.working(patience) as client:
        for _ in range(ATTEMPTS):
            found, made = find_or_make(mlflow.experiment, client, shown, chooses)
            identifier = found.info.run_id
            complete = found.data.tags.get(SHOWN) == whole and found.info.status == STATUS[shown.state]
            if not may_show(shown, found) or (complete and shown.state != "running"):
                return "unchanged", identifier
            try:
                _write(client, shown, found)
            except MlflowException:
                if is_active(client, identifier):
                    raise
                continue  # another has made one at the same moment, which stays
            return "new" if made else "updated", identifier
    raise _too_many(shown)


def find_or_make(
    experiment: str, client: "MlflowClient", shown: Shown, chooses: Chooses = smallest
) -> tuple["MlflowRun", bool]:
    """The one MLflow run of a content, and whether it was made now."""
    made: str | None = None
    for _ in range(ATTEMPTS):
        runs = find(experiment, client, shown.content)
        if not runs and made is None:
            tags = {**dict(list(shown.tags.items())[:BATCH]), CONTENT: shown.content, STATE: shown.state}
            made = client.create_run(
                experiment, start_time=shown.began, tags=tags, run_name=shown.run.id
            ).info.run_id
            continue  # somebody else may have made one at the same moment
        chosen = chooses(shown, sorted(runs)) if runs else None
        if chosen is None or chosen not in runs:  # made or deleted by another since
            time.sleep(0.1)
            continue
        for other in runs.keys() - {chosen}:
            _delete(client, other)
        return runs[chosen], chosen == made
    raise _too_many(shown)


def find(experiment: str, client: "MlflowClient", content: str) -> dict[str, "MlflowRun"]:
    """The MLflow runs of a content by their ids: one, but for moments."""
    runs = client.search_runs([experiment], f"tags.`{CONTENT}` = '{content}'")
    return {run.info.run_id: run for run in runs}


def may_show(shown: Shown, found: "MlflowRun") -> bool:
    """Whether an MLflow run is this folder's, or a further one of its content is to be shown instead."""
    tags = found.data.tags
    there = FURTHER.get(tags.get(STATE, ""), 0)
    if tags.get(STATE) != "running" and not tags.get(SHOWN):
        there = 0  # whoever brought it did not come to the end
    # Of two people's runs of one second the names may be the same.
    if tags.get(RUN) == shown.run.id and tags.get(AUTHOR, "") == shown.tags.get(AUTHOR, ""):
        return there < FURTHER["finished"] or shown.state == "finished"
    return FURTHER[shown.state] > there


def is_active(client: "MlflowClient", identifier: str) -> bool:
    """Whether an MLflow run is not deleted."""
    return bool(client.get_run(identifier).info.lifecycle_stage == "active")


def _write(client: "MlflowClient", shown: Shown, found: "MlflowRun") -> None:
    """All of a run; what is there of it is not sent again. What is killed on the way is not whole."""
    identifier, there = found.info.run_id, found.data
    if shown.state == "running":
        client.update_run(identifier, status=STATUS["running"])
    if found.info.run_name != shown.run.id:
        client.update_run(identifier, name=shown.run.id)
    log(client, found, params=shown.params, tags={**shown.tags, SHOWN: ""})
    log_curves(client, found, shown.curves, steps_there(client, found))
    scores = [(name, 0, value) for name, value in shown.metrics.items() if there.metrics.get(name) != value]
    log(client, found, points=scores)
    if there.tags.get(FILES) != shown.files_hash:
        _upload(client, identifier, shown)
        client.set_tag(identifier, FILES, shown.files_hash)
    if shown.state != "running":
        client.set_terminated(identifier, STATUS[shown.state], shown.ended)
        client.set_tag(identifier, SHOWN, shown.hash)


def log(
    client: "MlflowClient",
    found: "MlflowRun",
    *,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    points: Sequence[tuple[str, int, float]] = (),
) -> None:
    """Params that are not there, tags, and points of curves: name, step, value."""
    from mlflow.entities import Metric, Param, RunTag

    identifier, began = found.info.run_id, found.info.start_time
    new = [Param(*each) for each in (params or {}).items() if each[0] not in found.data.params]
    for batch in _batches(new, BATCH):
        client.log_batch(identifier, params=batch)
    for some in _batches([RunTag(*each) for each in (tags or {}).items()], BATCH):
        client.log_batch(identifier, tags=some)
    # A step counts as a second, whenever and by whomever it is sent: MLflow knows the same point again.
    metrics = [Metric(name, value, began + 1000 * step, step) for name, step, value in points]
    for part in _batches(metrics, 10 * BATCH - 1):
        client.log_batch(identifier, metrics=part)


def log_curves(
    client: "MlflowClient",
    found: "MlflowRun",
    points: Sequence[tuple[str, int, float]],
    there: Mapping[str, set[int]],
) -> None:
    """Points of curves at steps that are not there: after a resume they may differ in the last digits, and
    some may be missing that a killed process had not sent.
    """
    log(client, found, points=[point for point in points if point[1] not in there.get(point[0], ())])


def steps_there(client: "MlflowClient", found: "MlflowRun") -> dict[str, set[int]]:
    """The steps of each curve that an MLflow run has."""
    curves = [name for name in found.data.metrics if name.startswith("curves/")]
    identifier = found.info.run_id
    return {name: {p.step for p in client.get_metric_history(identifier, name)} for name in curves}


def _upload(client: "MlflowClient", identifier: str, shown: Shown) -> None:
    with tempfile.TemporaryDirectory(prefix="dalmeum-") as folder:
        for name, content in shown.files():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(identifier, folder)


def _delete(client: "MlflowClient", identifier: str) -> None:
    from mlflow.exceptions import MlflowException

    with contextlib.suppress(MlflowException):  # another has deleted it already
        client.delete_run(identifier)


def _batches(values: Sequence[Each], size: int) -> Iterator[list[Each]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _too_many(shown: Shown) -> DalmeumError:
    return DalmeumError(f"{shown.run.id}: others bring the same run to MLflow at this moment: call again")
