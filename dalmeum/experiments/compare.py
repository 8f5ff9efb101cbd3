"""Runs that exist, compared on the same pairs: recipes where each has seeds, else the trained models."""

from collections.abc import Mapping, Sequence
from typing import Any

from dalmeum.comparison import Findings, compare_arms
from dalmeum.data import PairTable
from dalmeum.data.splits import Split, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.arms import groups_of, named_groups, read_arms, single_runs, training_sets_of
from dalmeum.runs.folder import Run

PAGE = "compare.html"

SPLITS: tuple[Split, ...] = ("dev", "test")


def compare_runs(
    runs: Sequence[Run],
    *,
    split: Split = "dev",
    metric: str = "pearson",
    smallest_effect: float = 0.005,
    names: Sequence[str] | None = None,
) -> Findings:
    """Judge finished runs on a labelled split, the first one's recipe being the baseline.

    `names` are the runs' arms; without, runs whose recipes differ in their seed alone are of one arm.

    Raises `InputError` where they are all of one recipe, were not scored on the same pairs, or the labels do
    not vary.
    """
    groups = groups_of(runs) if names is None else named_groups(runs, names)
    _check_split(runs, split)
    if names is None and min(len(group.runs) for group in groups) < 2:
        groups = single_runs(runs)
    sets, tables = training_sets_of(groups), _sentences(groups[0].runs[0])
    how: dict[str, Any] = {"paired": sets is not None, "training_sets": sets}
    arms = read_arms(groups, [split], baseline=groups[0].name, tables=tables, **how)
    return compare_arms(arms, metric=metric, smallest_effect=smallest_effect)


def _sentences(run: Run) -> Mapping[str, PairTable | None]:
    """By split; nothing where a file is not there any more."""
    try:
        return dict(read_splits(run.recipe()).items())
    except DalmeumError:
        return {}


def _check_split(runs: Sequence[Run], split: str) -> None:
    """`InputError` for a run that was not scored on the split, naming the split that all were."""
    lacking = next((run for run in runs if not run.predictions(split).is_file()), None)
    if lacking is None:
        return
    shared = [
        other for other in SPLITS if other != split and all(run.predictions(other).is_file() for run in runs)
    ]
    mend = f"all runs have {shared[0]}: --split {shared[0]}" if shared else "train it again with it"
    raise InputError(f"{lacking.predictions(split)}: is missing: the run has no such split; {mend}")
