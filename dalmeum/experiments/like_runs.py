"""Finished runs that say beforehand how much a study's runs will vary, and how long they will take."""

import contextlib
import datetime
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dalmeum.comparison import BASELINE
from dalmeum.comparison.rows import Scored, with_sentences
from dalmeum.data import PairTable
from dalmeum.data.groups import judged_by
from dalmeum.errors import InputError
from dalmeum.experiments.arms import RunGroup, scored_rows
from dalmeum.experiments.study import Cell, Tables, cell_recipes
from dalmeum.machine import processor
from dalmeum.recipe import Recipe
from dalmeum.recipe.study import Study
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import read_predictions
from dalmeum.runs.record import DataFile, DataName
from dalmeum.runs.reuse import Wanted, runs_by_key
from dalmeum.runs.settings import PART_NUMBER, SEED, settings_of
from dalmeum.stats import (
    DifferenceSpread,
    SeedDifference,
    TrainingSets,
    differences_to,
    metric_named,
    of_columns,
)
from dalmeum.stats.seeds import FEWEST_SEEDS

Files = Mapping[DataName, DataFile]

LEARNED: tuple[DataName, ...] = ("train", "unlabelled")

OF_A_RUN = {SEED, PART_NUMBER, "data.fold", "data.train", "data.dev"}
"""Settings in which runs of one recipe differ, or that are compared by what the files hold."""


@dataclass(frozen=True)
class LikeRun:
    """A finished run with the kind of model, the encoder and the data of one of a study's runs, `cell`."""

    run: Run
    cell: Cell


@dataclass(frozen=True)
class LikeRuns:
    """What of a study is finished, and what is like it.

    Attributes:
        recipes, files: of all the study's runs.
        done: finished runs that the study will not make again.
        like: those, and all others under its `output` that are like one of its own.
    """

    study: Study
    recipes: Mapping[Cell, Recipe]
    files: Mapping[Cell, Files]
    done: Mapping[Cell, Run]
    like: tuple[LikeRun, ...]

    @classmethod
    def find(cls, study: Study, data: Mapping[Cell, Tables]) -> "LikeRuns":
        """`data` are those of each of the study's runs. Errors as in `Wanted.of`."""
        recipes = cell_recipes(study)
        files = {cell: data_files(recipes[cell], tables) for cell, tables in data.items()}
        wanted = {cell: Wanted.of(recipe, files[cell]) for cell, recipe in recipes.items()}
        finished = runs_by_key(Path(study.baseline.output), {"finished"})
        found = {cell: each.first_of(finished.get(each.key, ())) for cell, each in wanted.items()}
        cells: dict[str, list[Cell]] = {}
        for cell, recipe in recipes.items():
            cells.setdefault(_kind_and_data(study, recipe, files[cell]), []).append(cell)
        like = []
        # A run of several models says nothing of what one scores, or how long it takes.
        single = (run for runs in finished.values() for run in runs if not run.recipe().trainings)
        for run in single:
            same = cells.get(_kind_and_data(study, run.recipe(), run.record.data), ())
            first = next((each for each in same if _same_encoder(run, recipes[each], wanted[each])), None)
            if first is not None:
                like.append(LikeRun(run, first))
        done = {cell: run for cell, run in found.items() if run is not None}
        return cls(study, recipes, files, done, tuple(like))

    def groups(self) -> list[RunGroup]:
        """The like runs by recipe, that of the baseline first: the seeds of which every fold is there."""
        names = {run.folder: cell.arm for cell, run in self.done.items()}
        found: dict[str, dict[int, dict[int, Run]]] = {}
        for each in self.like:
            seeds = found.setdefault(self._recipe_of(each), {})
            folds = seeds.setdefault(each.run.recipe().training.one_seed, {})
            folds.setdefault(each.cell.fold or 0, each.run)
        groups = []
        for seeds in found.values():
            whole = {
                seed: seeds[seed] for seed in sorted(seeds) if len(seeds[seed]) == (self.study.folds or 1)
            }
            runs = tuple(folds[fold] for folds in whole.values() for fold in sorted(folds))
            if runs:
                name = next((names[run.folder] for run in runs if run.folder in names), runs[0].id)
                groups.append(RunGroup(name, runs, tuple(whole)))
        return sorted(groups, key=lambda group: group.name != BASELINE)

    def _recipe_of(self, like: LikeRun) -> str:
        """The same for all seeds and folds of a recipe."""
        settings = settings_of(like.run).decisive.items()
        data = self.recipes[like.cell].data.model_dump(mode="json", exclude={"fold", "part"})
        return json.dumps([{key: value for key, value in settings if key not in OF_A_RUN}, data])

    def seconds(self) -> tuple[dict[Cell, float], list[Run]]:
        """What each run that is still to be made will take, and the runs that say so; none where none does.

        As the finished runs of its arm took, in the middle; without any, as like runs for as many pairs, each
        counted as often as it is trained on. Of runs on several machines those on this one say it, if any.
        """
        known = [(each.run, seconds) for each in self.like if (seconds := _seconds(each.run)) is not None]
        here = [each for each in known if each[0].record.machine.get("processor") == processor()]
        timed = here or known
        if not timed:
            return {}, []
        rate = median(seconds / _pairs_trained(run.recipe(), run.record.data) for run, seconds in timed)
        taken = {run.folder: seconds for run, seconds in timed}
        of_arm: dict[str, list[float]] = {}
        for cell, run in self.done.items():
            if run.folder in taken:
                of_arm.setdefault(cell.arm, []).append(taken[run.folder])
        left = [cell for cell in self.recipes if cell not in self.done]
        return {
            cell: median(of_arm[cell.arm])
            if cell.arm in of_arm
            else rate * _pairs_trained(self.recipes[cell], self.files[cell])
            for cell in left
        }, [run for run, _ in timed]


def spread_of_recipes(
    study: Study, groups: list[RunGroup], table: PairTable | None, sets: TrainingSets | None
) -> tuple[DifferenceSpread | None, list[RunGroup]]:
    """What seeds and pairs do to the differences of a study's arms on its first split, and the recipes that
    say so: of two seeds or more, and with predictions that can be read. None where there are none.

    Where two of the study's own arms are among them, these alone: others may be trained for one epoch or for
    twenty.

    `table` are the pairs that the study will be judged on, with their sentences; `sets` its training sets.
    """
    read = functools.cache(read_predictions)
    found: dict[str, Scored] = {}
    for group in groups:
        if len(group.seeds) >= FEWEST_SEEDS:
            with contextlib.suppress(InputError):  # a damaged run: it tells nothing
                found[group.name] = scored_rows(group.runs, study.splits[0], study.folds or 1, read)
    if not found:
        return None, []
    own = {name: scored for name, scored in found.items() if name in study.names}
    found = own if len(own) > 1 else found
    pairs = with_sentences(next(iter(found.values()))[0], table)
    first, *others = (rows for _, rows in found.values())
    # What is judged seed by seed takes the same number of them.
    like = {str(i): rows for i, rows in enumerate(others) if not study.by_seed or len(rows) == len(first)}
    differences: Mapping[str, object] = {}
    if like:
        how: Any = {"groups": judged_by(pairs.groups), "overlap": sets.overlap if sets else 0.0}
        differences = differences_to(study.metric, pairs.labels, like, first, study.by_seed, **how)
    metric = metric_named(study.metric)
    spread = DifferenceSpread.estimated(
        [
            np.array([of_columns(metric, pairs.labels, row) for row in rows])
            for rows in (first, *like.values())
        ],
        [each for each in differences.values() if isinstance(each, SeedDifference)],
        len(pairs.labels),
        arms=len(study.arms),
        paired=study.by_seed,
        training_sets=sets,
    )
    return spread, [group for group in groups if group.name in found]


def _kind_and_data(study: Study, recipe: Recipe, files: Files) -> str:
    splits: dict[DataName, None] = dict.fromkeys(("train", "dev", study.splits[0]))
    kinds = [each.model.kind for each in recipe.singles]
    return json.dumps([kinds, [files[each].sha256 if each in files else None for each in splits]])


def _same_encoder(run: Run, recipe: Recipe, wanted: Wanted) -> bool:
    """By its content or, where that is not known of one of them, by its name."""
    known = None not in (run.record.encoder, wanted.contents.encoder)
    one, other = ([single.model.encoder for single in each.singles] for each in (run.recipe(), recipe))
    named = one == other
    return wanted.contents.agree_with(run.record) and (known or named)


def _seconds(run: Run) -> float | None:
    """From the making of its folder to its end: of one that was interrupted more than it took."""
    if run.record.finished is None:
        return None
    begun, ended = map(datetime.datetime.fromisoformat, (run.record.created, run.record.finished))
    return (ended - begun).total_seconds()


def _pairs_trained(recipe: Recipe, files: Files) -> int:
    return sum(
        training.max_steps * int(training.effective_batch_size)
        if training.max_steps
        else int(training.epochs) * sum(files[name].rows for name in LEARNED if name in files)
        for training in (each.training for each in recipe.singles)
    )
