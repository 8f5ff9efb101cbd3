"""Runs as arms: those whose recipes differ in their seed alone are seeds of one arm."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum.errors import InputError
from dalmeum.experiments.report.text import shorten
from dalmeum.experiments.runs import Run, open_run
from dalmeum.experiments.study.plan import BASELINE

SEED = "training.seed"
LONGEST_NAME = 60


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes:
        name: what it changes of the baseline, or its first run's id where that has no name.
        changes: keys and values of its recipe that are not the baseline's; empty for the baseline.
        runs: by rising seed.
        seeds: of the runs.
    """

    name: str
    changes: Mapping[str, Any]
    runs: tuple[Run, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class _Settings:
    """A run's recipe as `section.key: value`.

    Attributes:
        shown: as the recipe has them.
        decisive: data by what the files held, not by where they lie.
    """

    run: Run
    shown: Mapping[str, Any]
    decisive: Mapping[str, Any]

    @property
    def seed(self) -> int:
        seed: int = self.shown[SEED]
        return seed

    @property
    def recipe(self) -> str:
        """The same for all seeds of an arm."""
        return json.dumps({**self.decisive, SEED: None}, sort_keys=True)

    def changes(self, baseline: "_Settings") -> dict[str, Any]:
        return {
            key: self.shown[key]
            for key, value in self.decisive.items()
            if key not in baseline.decisive or baseline.decisive[key] != value
        }


def open_runs(names: Sequence[str], output: Path) -> list[Run]:
    """The finished runs with these folders or ids; `InputError` where one is none, or is named twice."""
    runs: dict[Path, Run] = {}
    for name in names:
        run = open_run(name, output)
        if run.folder.resolve() in runs:
            raise InputError(f"{run.folder}: is given twice: leave one out")
        if run.record.state != "finished":
            raise InputError(
                f"{run.folder}: is not finished ({run.record.state}): finish it with dalmeum train --resume, "
                "or leave it out"
            )
        runs[run.folder.resolve()] = run
    folds = {run.recipe().data.fold: run for run in runs.values()}
    if len(folds) > 1:
        first, second, *_ = folds.values()
        raise InputError(
            f"{first.folder} and {second.folder}: are of different folds: compare runs of one fold, or let "
            "dalmeum study judge over all of them (its key folds)"
        )
    if len(runs) < 2:
        raise InputError(f"{', '.join(names)}: one run has nothing to be compared with: name another, too")
    return list(runs.values())


def arms_of(runs: Sequence[Run]) -> list[Arm]:
    """Runs by recipe, the first run's recipe first.

    Raises `InputError` where all have one recipe, or two have one recipe and one seed.
    """
    settings = [_settings(run) for run in runs]
    arms: dict[str, dict[int, _Settings]] = {}
    for each in settings:
        seeds = arms.setdefault(each.recipe, {})
        if each.seed in seeds:
            raise InputError(
                f"{seeds[each.seed].run.folder} and {each.run.folder}: have one recipe and one seed, "
                f"{each.seed}: leave one out"
            )
        seeds[each.seed] = each
    if len(arms) == 1:
        raise InputError(
            f"{runs[0].folder} and {runs[-1].folder}: all runs are seeds of one recipe, so there is nothing "
            "to compare: name runs of another recipe, too, or let dalmeum study run one"
        )
    groups = [[seeds[seed] for seed in sorted(seeds)] for seeds in arms.values()]
    return _named(groups, lambda key: key != SEED)


def models_of(runs: Sequence[Run]) -> list[Arm]:
    """Each run an arm of its own, the first one the baseline."""
    return _named([[_settings(run)] for run in runs], lambda key: True)


def _named(groups: Sequence[Sequence[_Settings]], tells: Callable[[str], bool]) -> list[Arm]:
    """Groups as arms, named by those changes of which `tells` is true."""
    arms: dict[str, Arm] = {}
    for group in groups:
        changes = {key: value for key, value in group[0].changes(groups[0][0]).items() if tells(key)}
        name = shorten(", ".join(f"{key}={_text(value)}" for key, value in changes.items()), LONGEST_NAME)
        if not arms:
            name = BASELINE
        elif not name or name in arms:
            name = group[0].run.id
        arms[name] = Arm(name, changes, tuple(each.run for each in group), tuple(each.seed for each in group))
    return list(arms.values())


def _settings(run: Run) -> _Settings:
    recipe = run.recipe().model_dump(
        mode="json", exclude={"question": True, "output": True, "data": {"test"}}
    )
    shown = _flat(recipe)
    hashes = {
        f"data.{split}": file.sha256
        for split, file in run.record.data.items()
        if shown.get(f"data.{split}") is not None
    }
    return _Settings(run, shown, {**shown, **hashes})


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
