"""Running what a study is missing: every arm with every seed and fold, in parallel where there is room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalmeum.data import PairTable
from dalmeum.data.splits import PairReader, Split, binary_labels, read_splits
from dalmeum.errors import InputError
from dalmeum.experiments.runs import DataFile, Run, data_files, finished_runs, open_run, run_key
from dalmeum.experiments.study.plan import Study, arm_recipes, with_fold, with_seed
from dalmeum.experiments.study.workers import Order, Workers, default_jobs
from dalmeum.progress import Progress
from dalmeum.recipe import Recipe


@dataclass(frozen=True)
class Cell:
    """One run: an arm with a seed and, in a study with folds, a fold."""

    arm: str
    seed: int
    fold: int | None

    @property
    def name(self) -> str:
        """As part of a run's id."""
        return f"{self.arm}-{self.seed}" + ("" if self.fold is None else f"-{self.fold}")

    def __str__(self) -> str:
        return f"{self.arm}, seed {self.seed}" + ("" if self.fold is None else f", fold {self.fold}")


@dataclass(frozen=True)
class Outcome:
    """The runs of a study: those that finished, and why the others did not."""

    runs: Mapping[Cell, Run]
    failures: Mapping[Cell, str]


def run_study(study: Study, name: str, jobs: int | None = None) -> Outcome:
    """Run every arm with every seed, but for runs that are finished already: same recipe, same data.

    A run that an earlier, interrupted call left unfinished goes on where its last checkpoint stands. `jobs`
    processes work at once, by default one a GPU, or one a core.

    Raises `InputError` where data or recipes are no good, before anything is run.
    """
    recipes = _recipes(study)
    files = _check_data(recipes, study.splits)
    finished = finished_runs(Path(study.baseline.output))
    runs: dict[Cell, Run] = {}
    for cell, recipe in recipes.items():
        if run := finished.get(run_key(recipe, files[cell])):
            runs[cell] = run
    orders = {
        cell: Order(f"{name}-{cell.name}", name, recipe)
        for cell, recipe in recipes.items()
        if cell not in runs
    }
    failures: dict[Cell, str] = {}
    with Progress(len(recipes), "runs") as progress:
        progress.line(f"{len(orders)} of {len(recipes)} runs to do")
        progress.advance(len(runs))
        if not orders:
            return Outcome(runs, failures)
        with Workers(min(jobs or default_jobs(), len(orders))) as workers:
            for cell, answer in workers.map(orders):
                if answer.folder is not None:
                    runs[cell] = open_run(answer.folder)
                    progress.line(f"{cell}: {answer.folder}")
                else:
                    failures[cell] = answer.error
                    progress.line(f"{cell}: failed: {answer.error}")
                progress.advance()
    return Outcome(runs, failures)


def study_cells(study: Study) -> list[Cell]:
    """All runs, those of an arm by seed and then by fold; a seed of all arms before the next seed."""
    folds = [None] if study.folds is None else range(study.folds)
    return [Cell(arm, seed, fold) for seed in study.seeds for arm in study.names for fold in folds]


def _recipes(study: Study) -> dict[Cell, Recipe]:
    arms = arm_recipes(study)
    recipes = {}
    for cell in study_cells(study):
        recipe = with_seed(arms[cell.arm], cell.seed)
        if cell.fold is not None:
            recipe = with_fold(recipe, cell.fold)
        recipes[cell] = recipe
    return recipes


def _check_data(recipes: Mapping[Cell, Recipe], judged: Sequence[Split]) -> dict[Cell, dict[str, DataFile]]:
    """The data files of each run; errors as in `read_splits` and `binary_labels`, and where nothing can be
    judged on a split: now, and not after hours of training.
    """
    read: dict[str, dict[Split, PairTable]] = {}
    files: dict[str, dict[str, DataFile]] = {}
    reader = PairReader()
    for recipe in recipes.values():
        key = recipe.data.model_dump_json()
        if key not in read:
            read[key] = read_splits(recipe, reader)
            files[key] = data_files(read[key])
        for split, table in read[key].items():
            if split != "test":
                binary_labels(recipe, table)
            if split in judged and (table.label is None or np.ptp(table.label) == 0):
                raise InputError(f"{table.name}: has no labels that vary: nothing can be judged on {split}")
    return {cell: files[recipe.data.model_dump_json()] for cell, recipe in recipes.items()}
