"""Predictions as files: those of a run's own splits, written and read, and one for a board."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison import Pairs
from dalmeum.data import PairTable, Predictions
from dalmeum.errors import InputError
from dalmeum.files import replace_file

Array = NDArray[np.float64]


OPTIONAL = ("label", "binary_prediction")
"""Columns that may be empty."""


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """A file of predictions: n ids, labels (n,), None unless all pairs have one, and predictions."""

    path: Path
    ids: tuple[str, ...]
    labels: Array | None
    predictions: Predictions


def read_predictions(path: Path) -> ScoredPairs:
    """What `write_predictions` wrote; `InputError` where the file is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (row["id"], float(row["prediction"]), *(float(row[name] or "nan") for name in OPTIONAL))
                for row in csv.DictReader(file)
            ]
        ids, *columns = zip(*rows, strict=True)
    except FileNotFoundError:
        raise InputError(f"{path}: is missing: the run has no such split; train it again with it") from None
    except (OSError, KeyError, TypeError, ValueError, csv.Error):
        raise _damaged(path) from None
    prediction, label, binary = (np.array(column, np.float64) for column in columns)
    return ScoredPairs(path, ids, _whole(label), Predictions(prediction, _whole(binary)))


def labelled(scored: ScoredPairs) -> tuple[Pairs, Array]:
    """The pairs and the similarities (n,) that were predicted; `InputError` for pairs without labels."""
    if scored.labels is None:
        raise InputError(f"{scored.path}: holds pairs without labels: only labelled pairs can be judged")
    return Pairs(scored.ids, scored.labels, str(scored.path)), scored.predictions.similarity


def _whole(column: Array) -> Array | None:
    return None if np.isnan(column).any() else column


def read_evaluations(path: Path, ids: tuple[str, ...]) -> Array:
    """Predictions (evaluations, n) on the pairs with these ids, as `write_evaluations` wrote them.

    Raises `InputError` where the file is damaged, or of other pairs.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
        if tuple(name for name, *_ in rows) == ids:
            return np.array([[float(value) for value in values] for _, *values in rows]).T
    except (OSError, ValueError, csv.Error):
        pass
    raise _damaged(path)


def write_predictions(path: Path, table: PairTable, predictions: Predictions) -> None:
    """CSV `id,label,prediction,binary_prediction`; a column without values stays empty."""
    values = (table.label, predictions.similarity, predictions.binary)
    columns = [_column(each, len(table)) for each in values]
    with replace_file(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "label", "prediction", "binary_prediction"])
        writer.writerows(zip(table.id, *columns, strict=True))


def write_evaluations(path: Path, table: PairTable, evaluations: Mapping[int, NDArray[np.float64]]) -> None:
    """CSV `id` and a column a step: what the network answered at every evaluation."""
    columns = [_column(predictions, len(table)) for predictions in evaluations.values()]
    with replace_file(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", *evaluations])
        writer.writerows(zip(table.id, *columns, strict=True))


def write_submission(path: Path, table: PairTable, predictions: Predictions) -> None:
    """CSV `id,target`, clipped to the table's label range: what a board takes."""
    with replace_file(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "target"])
        clipped = np.clip(predictions.similarity, *table.label_range)
        writer.writerows(zip(table.id, _column(clipped, len(table)), strict=True))


def _column(values: NDArray[np.float64] | None, rows: int) -> list[str]:
    """Numbers that read back as the same float64."""
    return [""] * rows if values is None else [repr(float(value)) for value in values]


def _damaged(path: Path) -> InputError:
    return InputError(f"{path}: is damaged: train the run again")
