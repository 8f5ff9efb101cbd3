"""Predictions as files: those of a run's own splits, written and read, and one for a board."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison import Pairs
from dalmeum.data import PairTable, Predictions
from dalmeum.errors import InputError
from dalmeum.files import replace_file, write_bytes

Array = NDArray[np.float64]


COLUMNS = ("id", "label", "prediction", "binary_prediction")
SUBMISSION_HEADER = ("id", "target")

LARGEST = 1e9
"""No score of a model that learned anything is larger, on whatever label scale."""


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
            header, *rows = csv.reader(file, strict=True)
        if tuple(header) != COLUMNS or not rows:
            raise damaged(path)
        ids, *columns = zip(*rows, strict=True)
        label, prediction, binary = (_numbers(column) for column in columns)
    except FileNotFoundError:
        raise InputError(f"{path}: is missing: the run has no such split; train it again with it") from None
    except (OSError, ValueError, csv.Error):
        raise damaged(path) from None
    probabilities = binary is None or ((binary >= 0) & (binary <= 1)).all()
    if prediction is None or not probabilities or len(set(ids)) < len(ids):
        raise damaged(path)
    return ScoredPairs(path, ids, label, Predictions(prediction, binary))


def labelled(scored: ScoredPairs) -> tuple[Pairs, Array]:
    """The pairs and the similarities (n,) that were predicted; `InputError` for pairs without labels."""
    if scored.labels is None:
        raise InputError(f"{scored.path}: holds pairs without labels: only labelled pairs can be judged")
    return Pairs(scored.ids, scored.labels, str(scored.path)), scored.predictions.similarity


def held_out(folder: Path) -> ScoredPairs:
    """What a run's folder keeps of pairs that no model of it learned from, in the order of their file: of a
    run over folds all of its training file, out of fold (its record's `out_of_fold`), else its dev set.

    Raises `InputError` as `read_predictions` does.
    """
    return read_predictions(folder / "predictions" / "dev.csv")


def _numbers(column: Sequence[str]) -> Array | None:
    """None for a column that is empty; `ValueError` where it is so in places, or holds what is no score."""
    if not any(column):
        return None
    numbers = np.array([float(value) for value in column], np.float64)
    if not (np.abs(numbers) <= LARGEST).all() or any("_" in value for value in column):
        raise ValueError
    return numbers


def read_evaluations(path: Path, ids: tuple[str, ...]) -> Array:
    """Predictions (evaluations, n) on the pairs with these ids, as `write_evaluations` wrote them.

    Raises `InputError` where the file is damaged, or of other pairs.
    """
    kept, evaluations = read_all_evaluations(path)
    if kept != ids:
        raise damaged(path)
    return evaluations


def read_all_evaluations(path: Path) -> tuple[tuple[str, ...], Array]:
    """The ids of n pairs, and predictions (evaluations, n); `InputError` where the file is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file, strict=True)
        kept, *columns = zip(*rows, strict=True)
        evaluations = [_numbers(column) for column in columns]
        if not any(each is None for each in evaluations):
            return kept, np.array(evaluations, np.float64)
    except (OSError, ValueError, csv.Error):
        pass
    raise damaged(path)


def write_predictions(path: Path, table: PairTable, predictions: Predictions) -> None:
    """CSV `id,label,prediction,binary_prediction`; a column without values stays empty."""
    values = (table.label, predictions.similarity, predictions.binary)
    columns = [_column(each, len(table)) for each in values]
    with replace_file(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
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
    write_bytes(path, submission_bytes(table, predictions.similarity))


def submission_bytes(
    table: PairTable, similarity: Array, header: tuple[str, str] = SUBMISSION_HEADER
) -> bytes:
    """The same file as it will stand on the disk; similarities (n,) are clipped here."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(table.id, _column(np.clip(similarity, *table.label_range), len(table)), strict=True))
    return text.getvalue().encode("utf-8")


def _column(values: NDArray[np.float64] | None, rows: int) -> list[str]:
    """Numbers that read back as the same float64."""
    return [""] * rows if values is None else [repr(float(value)) for value in values]


def damaged(path: Path) -> InputError:
    return InputError(f"{path}: is damaged: train the run again")
