"""The predictions of every evaluation on dev: what the choice of a checkpoint was made from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

FILE = "evaluations.safetensors"

DevPredictions = dict[int, NDArray[np.float64]]
"""Predictions (n,) by step, before the final fit to the label scale."""


def save_dev_predictions(predictions: DevPredictions, folder: Path) -> None:
    """Write them into a checkpoint, or a resumed run would know those after it alone."""
    save_file({str(step): row for step, row in predictions.items()}, folder / FILE)


def load_dev_predictions(folder: Path) -> DevPredictions:
    """Those of a checkpoint; none where it was written before they were kept."""
    path = folder / FILE
    tensors = load_file(path) if path.is_file() else {}
    return {int(step): tensors[step] for step in sorted(tensors, key=int)}
