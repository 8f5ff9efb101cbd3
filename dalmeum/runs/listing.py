"""The runs in a folder, as a list shows them."""

import contextlib
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from dalmeum.errors import InputError
from dalmeum.pages.listing import ListedRun
from dalmeum.runs.folder import Run
from dalmeum.runs.reuse import runs_in

Order = Literal["age", "score", "name", "state"]

_ORDERS: Mapping[Order, Callable[[ListedRun], Any]] = {
    "age": lambda run: run.age,
    "score": lambda run: -_value(run),
    "name": lambda run: (run.name, run.id),
    "state": lambda run: (run.state, run.age),
}


def listed_runs(output: Path, order: Order = "age") -> list[ListedRun]:
    """The newest first, or by another order: the best, by name, by state.

    Raises `InputError` where `output` is no folder; what in it is no run is passed over.
    """
    if not output.is_dir():
        raise InputError(f"{output}: no such folder of runs: train one, or name another with --output")
    now = datetime.datetime.now().astimezone()
    return sorted((_listed(run, now) for run in runs_in(output)), key=_ORDERS[order])


def _listed(run: Run, now: datetime.datetime) -> ListedRun:
    score, question, age = None, None, 0.0
    # Of a run that is damaged, or not finished, what there is.
    with contextlib.suppress(InputError, AttributeError, KeyError, TypeError):
        question = run.recipe().question
    with contextlib.suppress(InputError, AttributeError, KeyError, TypeError):
        score = {name: run.metrics()["dev"]["pearson"][name] for name in ("value", "low", "high")}
    with contextlib.suppress(ValueError, TypeError):
        age = (now - datetime.datetime.fromisoformat(run.record.created)).total_seconds()
    return ListedRun(
        id=run.id,
        name=run.record.recipe,
        state=run.lived(),
        created=run.record.created,
        age=age,
        question=question,
        score=score,
        folder=str(run.folder),
        page=quote(f"{run.folder.name}/{run.report.name}") if run.report.is_file() else "",
    )


def _value(run: ListedRun) -> float:
    value = None if run.score is None else run.score["value"]
    return float("-inf") if value is None else value
