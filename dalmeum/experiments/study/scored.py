"""Labels and predictions of a study's runs, read from their folders."""

import csv
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
        predictions: (k, n), a row a run.
    """

    path: Path
    ids: tuple[str, ...]
    labels: Array
    predictions: Array

    def are_on_the_pairs_of(self, other: "ScoredPairs") -> bool:
        return self.ids == other.ids and np.array_equal(self.labels, other.labels)


def read_arm(runs: Sequence[Run], split: str) -> ScoredPairs:
    """The predictions of runs on a labelled split; `InputError` where they are not on the same pairs."""
    first, *others = (_read_run(run, split) for run in runs)
    for other in others:
        _check_same(first, other)
    rows = np.concatenate([each.predictions for each in (first, *others)])
    return ScoredPairs(first.path, first.ids, first.labels, rows)


def read_arms(arms: Mapping[str, Sequence[Run]], split: str) -> dict[str, ScoredPairs]:
    """The predictions of each arm on a labelled split.

    Raises `InputError` where runs were not scored on the same pairs, or their labels do not vary.
    """
    found = {name: read_arm(runs, split) for name, runs in arms.items()}
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
