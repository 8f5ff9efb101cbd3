"""Predictions as files: one for a run's own splits, one for a board."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable
from dalmeum.files import replace_file


def write_predictions(
    path: Path,
    table: PairTable,
    predictions: NDArray[np.float64],
    binary_predictions: NDArray[np.float64] | None,
) -> None:
    """CSV `id,label,prediction,binary_prediction`; a column without values stays empty."""
    columns = [_column(values, len(table)) for values in (table.label, predictions, binary_predictions)]
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


def write_submission(
    path: Path, table: PairTable, predictions: NDArray[np.float64], label_range: tuple[float, float]
) -> None:
    """CSV `id,target`, clipped to the label range: what a board takes."""
    with replace_file(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "target"])
        clipped = np.clip(predictions, *label_range)
        writer.writerows(zip(table.id, _column(clipped, len(table)), strict=True))


def _column(values: NDArray[np.float64] | None, rows: int) -> list[str]:
    """Numbers that read back as the same float64."""
    return [""] * rows if values is None else [repr(float(value)) for value in values]
