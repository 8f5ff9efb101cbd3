"""Running what a study is missing: every arm with every seed, in parallel where there is room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.experiments.runs import DataFile, Run, find_finished, open_run
from dalmeum.experiments.splits import Split, binary_labels, data_files, read_splits
from dalmeum.experiments.study.plan import Study, arm_recipes, with_seed
from dalmeum.experiments.study.workers import Order, Workers, default_jobs
from dalmeum.progress import Progress
from dalmeum.recipe import Recipe

Cell = tuple[str, int]
"""An arm and a seed: one run."""


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
    recipes = arm_recipes(study)
    files = _check_data(recipes, study.splits)
    cells = {(arm, seed): with_seed(recipes[arm], seed) for seed in study.seeds for arm in recipes}
    runs: dict[Cell, Run] = {}
    for cell, recipe in cells.items():
        if run := find_finished(Path(recipe.output), recipe, files[cell[0]]):
            runs[cell] = run
    orders = {
        cell: Order(f"{name}-{cell[0]}-{cell[1]}", name, recipe)
        for cell, recipe in cells.items()
        if cell not in runs
    }
    failures: dict[Cell, str] = {}
    with Progress(len(cells), "runs") as progress:
        progress.line(f"{len(orders)} of {len(cells)} runs to do")
        progress.advance(len(runs))
        if not orders:
            return Outcome(runs, failures)
        with Workers(min(jobs or default_jobs(), len(orders))) as workers:
            for cell, answer in workers.map(orders):
                if answer.folder is not None:
                    runs[cell] = open_run(answer.folder)
                    progress.line(f"{cell[0]}, seed {cell[1]}: {answer.folder}")
                else:
                    failures[cell] = answer.error
                    progress.line(f"{cell[0]}, seed {cell[1]}: failed: {answer.error}")
                progress.advance()
    return Outcome(runs, failures)


def _check_data(recipes: Mapping[str, Recipe], judged: Sequence[Split]) -> dict[str, dict[str, DataFile]]:
    """The data files of each arm; errors as in `read_splits` and `binary_labels`, and where nothing can be
    judged on a split: now, and not after hours of training.
    """
    read: dict[str, dict[Split, PairTable]] = {}
    files: dict[str, dict[str, DataFile]] = {}
    for arm, recipe in recipes.items():
        key = recipe.data.model_dump_json()
        if key not in read:
            read[key] = read_splits(recipe)
        for split, table in read[key].items():
            if split != "test":
                binary_labels(recipe, table)
            if split in judged and (table.label is None or np.ptp(table.label) == 0):
                raise InputError(f"{table.name}: has no labels that vary: nothing can be judged on {split}")
        files[arm] = data_files(read[key])
    return files
