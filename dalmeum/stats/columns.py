"""Columns of numbers, checked before anything is computed from them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalmeum.stats.weighted import Array

Groups = NDArray[np.intp]
"""The number of each pair's group, from 0, shape (n,)."""


def equal_columns(*values: ArrayLike) -> list[Array]:
    """The columns as float64; ValueError unless all are of one shape (n,)."""
    arrays = [np.asarray(column, np.float64) for column in values]
    if arrays[0].ndim != 1 or any(array.shape != arrays[0].shape for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"columns of shapes {shapes}; expected all of one (n,)")
    return arrays


def label_and_rows(labels: ArrayLike, predictions: ArrayLike, name: str) -> tuple[Array, Array]:
    """Labels of shape (n,) and predictions of shape (k, n); ValueError where they are not."""
    label, rows = np.asarray(labels, np.float64), np.asarray(predictions, np.float64)
    if label.ndim != 1 or rows.ndim != 2 or rows.shape[1] != len(label):
        raise ValueError(f"{name} of shape {rows.shape} for labels of shape {label.shape}: expected (k, n)")
    return label, rows


def one_row(predictions: ArrayLike) -> Array:
    """Predictions as float64, those of one model, (1, n), as (n,)."""
    rows = np.asarray(predictions, np.float64)
    return rows[0] if rows.ndim == 2 and len(rows) == 1 else rows


def group_numbers(groups: ArrayLike | None, pairs: int) -> Groups | None:
    """Groups as numbers from 0; None where every pair stands alone. ValueError unless each pair has one; NaN
    is none.

    `groups` are of shape (n,), whatever names them.
    """
    if groups is None:
        return None
    given = np.asarray(groups)
    if given.shape != (pairs,):
        raise ValueError(f"groups of shape {given.shape} for {pairs} pairs: expected ({pairs},)")
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ValueError(f"groups: {int(np.isnan(given).sum())} of {pairs} pairs have NaN for theirs")
    names, numbers = np.unique(given, return_inverse=True)
    return None if len(names) == pairs else numbers.astype(np.intp)


def units(groups: Groups | None, pairs: int) -> int:
    """How many groups there are, each of them a draw of its own: as many as pairs where each stands alone."""
    return pairs if groups is None else int(groups.max()) + 1
