"""Predictions as files: one for a run's own splits, one for a board."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable, Predictions
from dalmeum.files import replace_file


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
