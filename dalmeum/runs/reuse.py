"""Runs that would come to the same result: what is finished is not run again, what is not is taken up."""

import contextlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from dalmeum.errors import InputError
from dalmeum.recipe import Recipe, own_code
from dalmeum.runs.contents import Contents
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.record import DataFile, DataName, State


@dataclass(frozen=True)
class Wanted:
    """A run that is to be: its `run_key`, and what else decides its result."""

    key: str
    contents: Contents

    @classmethod
    def of(cls, recipe: Recipe, data: Mapping[DataName, DataFile]) -> "Wanted":
        """Errors as in `run_key` and `Contents.of`."""
        return cls(run_key(recipe, data), Contents.of(recipe))

    def first_of(self, runs: Iterable[Run]) -> Run | None:
        """The first of these runs, all of this key, that would come to the same.

        One whose record does not say what it began with may be it, but one that does comes before it.
        """
        same = [run for run in runs if self.contents.agree_with(run.record)]
        return min(same, key=lambda run: not run.record.is_certain, default=None)


def runs_like(output: Path, wanted: Wanted) -> list[Run]:
    """The runs under `output` that would come to the same, newest first, another process's too."""
    found = runs_by_key(output).get(wanted.key, [])
    return [run for run in found if wanted.contents.agree_with(run.record)]


def runs_by_key(output: Path, states: Collection[State] = get_args(State)) -> dict[str, list[Run]]:
    """The runs under `output` in one of these states, newest first, by their `run_key`."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs_in(output, states), key=age, reverse=True):
        with contextlib.suppress(InputError):
            key = run_key(run.recipe(), run.record.data, run.record.code)
            found.setdefault(key, []).append(run)
    return found


def run_key(
    recipe: Recipe, data: Mapping[DataName, DataFile], code: Mapping[str, str | None] | None = None
) -> str:
    """The same for all runs of one recipe on the same data.

    `code` is that of the run's record; without, own code counts as it is now. Code whose source is not known
    makes a key that no other equals.
    """
    code = own_code(recipe) if code is None else code
    hashes = {split: file.sha256 for split, file in data.items()}
    known = {name: digest or f"unknown: {uuid.uuid4()}" for name, digest in code.items()}
    return json.dumps([decisive(recipe), hashes, known], sort_keys=True)


def idea_key(
    recipe: Recipe, data: Mapping[DataName, DataFile], code: Mapping[str, str | None] | None = None
) -> str:
    """The same for all runs of one idea: as `run_key`, but for the seed and the part of a pool."""
    training = recipe.training.model_copy(update={"seed": 0})
    part = recipe.data.part and recipe.data.part.model_copy(update={"number": 0})
    drawn = {"training": training, "data": recipe.data.model_copy(update={"part": part})}
    pools = {split: file.pool or file for split, file in data.items()}
    return run_key(recipe.model_copy(update=drawn), pools, code)


def are_alike(one: Run, other: Run) -> bool:
    """Whether both would come to the same. Errors as in `Run.recipe`."""
    keys = {run_key(run.recipe(), run.record.data, run.record.code) for run in (one, other)}
    contents = Contents(other.record.encoder, other.record.training_version)
    return len(keys) == 1 and contents.agree_with(one.record)


def runs_in(output: Path, states: Collection[State] = get_args(State)) -> Iterator[Run]:
    """Those in a state; other programs' folders, and runs killed before their first file, are passed over."""
    for file in output.glob("*/run.json"):
        with contextlib.suppress(InputError):
            if (run := open_run(file.parent)).record.state in states:
                yield run


def age(run: Run) -> tuple[str, str]:
    """Sorts runs, the oldest first."""
    return run.record.created, run.id


def decisive(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides a run's result: data and teacher count by hashes, not by place."""
    return recipe.model_dump(
        mode="json",
        exclude={
            "question": True,
            "output": True,
            "data": {"train", "dev", "test", "unlabelled"},
            "loss": {"teacher"},
            "training": {"report_to"},
        },
    )
