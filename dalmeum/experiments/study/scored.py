"""Labels and predictions of a study's runs, read from their folders.

With folds, the runs of a seed that leave out one fold each give one row together: on dev each pair's
prediction by the run that did not learn from it (out of fold), on test the mean of them all.
"""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.experiments.runs import Run

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """One arm's predictions on one split.

    Attributes:
        path: the first run's file.
        ids: n of them, in the order of the columns.
        labels: (n,).
        predictions: (k, n), a row a seed.
    """

    path: Path
    ids: tuple[str, ...]
    labels: Array
    predictions: Array

    def are_on_the_pairs_of(self, other: "ScoredPairs") -> bool:
        return self.ids == other.ids and np.array_equal(self.labels, other.labels)


def read_arm(runs: Sequence[Run], split: str, folds: int = 1) -> ScoredPairs:
    """The predictions of runs on a labelled split; `InputError` where seeds are not on the same pairs.

    `folds` runs after one another, a fold each in turn, are one seed.
    """
    seeds = (runs[start : start + folds] for start in range(0, len(runs), folds))
    first, *others = (_read_seed(seed, split) for seed in seeds)
    for other in others:
        _check_same(first, other)
    rows = np.concatenate([each.predictions for each in (first, *others)])
    return ScoredPairs(first.path, first.ids, first.labels, rows)


def read_arms(arms: Mapping[str, Sequence[Run]], split: str, folds: int = 1) -> dict[str, ScoredPairs]:
    """The predictions of each arm on a labelled split, as `read_arm` reads them.

    Raises `InputError` where runs were not scored on the same pairs, or their labels do not vary.
    """
    found = {name: read_arm(runs, split, folds) for name, runs in arms.items()}
    first, *others = found.values()
    for other in others:
        _check_same(first, other)
    if np.ptp(first.labels) == 0:
        raise InputError(
            f"{first.path}: all labels are {first.labels[0]:g}: nothing can be judged on these pairs"
        )
    return found


def read_predictions(path: Path) -> tuple[tuple[str, ...], Array, Array]:
    """Ids, labels (n,) and predictions (n,) of a run's split.

    Raises `InputError` where the file is missing, damaged, or without labels.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["id"], row["label"], float(row["prediction"])) for row in csv.DictReader(file)]
        ids, labels, predictions = zip(*rows, strict=True)
        if not all(labels):
            raise InputError(f"{path}: holds pairs without labels: only labelled pairs can be judged")
        return ids, np.array([float(label) for label in labels]), np.array(predictions)
    except FileNotFoundError:
        raise InputError(f"{path}: is missing: the run has no such split; train it again with it") from None
    except (OSError, KeyError, TypeError, ValueError, csv.Error):
        raise InputError(f"{path}: is damaged: train the run again") from None


def read_evaluations(run: Run) -> tuple[Array, Array] | None:
    """Labels (n,) and predictions (k, n) on dev at every evaluation; None for a run that kept none.

    Raises `InputError` where a file is damaged, or the two are not of the same pairs.
    """
    if not run.evaluations.is_file():
        return None
    ids, labels, _ = read_predictions(run.predictions("dev"))
    try:
        with run.evaluations.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
        if tuple(name for name, *_ in rows) == ids:
            return labels, np.array([[float(value) for value in values] for _, *values in rows]).T
    except (OSError, ValueError, csv.Error):
        pass
    raise InputError(f"{run.evaluations}: is damaged: train the run again")


def _read_seed(runs: Sequence[Run], split: str) -> ScoredPairs:
    first, *others = parts = [_read_run(run, split) for run in runs]
    if not others:
        return first
    if split != "dev":
        for other in others:
            _check_same(first, other)
        mean = np.mean([part.predictions for part in parts], axis=0)
        return dataclasses.replace(first, predictions=mean)
    return ScoredPairs(
        path=first.path,
        ids=tuple(name for part in parts for name in part.ids),
        labels=np.concatenate([part.labels for part in parts]),
        predictions=np.concatenate([part.predictions for part in parts], axis=1),
    )


def _read_run(run: Run, split: str) -> ScoredPairs:
    path = run.predictions(split)
    ids, labels, predictions = read_predictions(path)
    return ScoredPairs(path, ids, labels, predictions[None])


def _check_same(first: ScoredPairs, other: ScoredPairs) -> None:
    if not first.are_on_the_pairs_of(other):
        raise InputError(
            f"{other.path}: was not scored on the same pairs and labels as {first.path}: "
            "compare runs on one file, or train them again"
        )
