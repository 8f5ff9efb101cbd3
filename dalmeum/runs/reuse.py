"""Runs that would come to the same result: what is finished is not run again, what is not is taken up."""

import contextlib
import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from dalmeum.errors import InputError
from dalmeum.recipe import Recipe, own_code
from dalmeum.runs.folder import DataFile, Run, State, open_run


def find_resumable(output: Path, recipe: Recipe, data: Mapping[str, DataFile]) -> Run | None:
    """The newest unfinished run under `output` with the same recipe on the same data."""
    key, found = run_key(recipe, data), []
    for run in runs_in(output, {"running", "failed"}):
        with contextlib.suppress(InputError):
            if run_key(run.recipe(), run.record.data, run.record.code) == key:
                found.append(run)
    return max(found, key=age, default=None)


def finished_runs(output: Path) -> dict[str, Run]:
    """The newest finished run under `output` of each recipe on each data, by its `run_key`."""
    found: dict[str, Run] = {}
    for run in runs_in(output, {"finished"}):
        with contextlib.suppress(InputError):
            key = run_key(run.recipe(), run.record.data, run.record.code)
            found[key] = max(found.get(key, run), run, key=age)
    return found


def run_key(
    recipe: Recipe, data: Mapping[str, DataFile], code: Mapping[str, str | None] | None = None
) -> str:
    """The same for all runs that would come to the same result.

    `code` is that of the run's record; without, own code counts as it is now. Code whose source is not known
    makes a key that no other equals.
    """
    code = own_code(recipe) if code is None else code
    hashes = {split: file.sha256 for split, file in data.items()}
    known = {name: digest or f"unknown: {uuid.uuid4()}" for name, digest in code.items()}
    return json.dumps([_decisive(recipe), hashes, known], sort_keys=True)


def runs_in(output: Path, states: Collection[State] = get_args(State)) -> Iterator[Run]:
    """Those in a state; other programs' folders, and runs killed before their first file, are passed over."""
    for file in output.glob("*/run.json"):
        with contextlib.suppress(InputError):
            if (run := open_run(file.parent)).record.state in states:
                yield run


def age(run: Run) -> tuple[str, str]:
    """Sorts runs, the oldest first."""
    return run.record.created, run.id


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides a run's result: data count by their hashes, not by where they lie."""
    return recipe.model_dump(
        mode="json",
        exclude={
            "question": True,
            "output": True,
            "data": {"train", "dev", "test"},
            "training": {"report_to"},
        },
    )
