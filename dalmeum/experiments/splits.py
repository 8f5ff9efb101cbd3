"""A recipe's data: the tables of its splits, and the binary rule that they follow."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.binary import implied_threshold
from dalmeum.data.folds import fold_rows
from dalmeum.data.spacing import with_spacing_pairs
from dalmeum.errors import DataError, InputError
from dalmeum.experiments.runs import DataFile
from dalmeum.recipe import Recipe

Split = Literal["train", "dev", "test"]


def read_splits(recipe: Recipe) -> dict[Split, PairTable]:
    """The tables of the splits that the recipe names; train and dev must have labels.

    Raises `DataError` with the problems of all files together.
    """
    data = recipe.data
    paths: dict[Split, str | None] = {"train": data.train, "dev": data.dev, "test": data.test}
    tables: dict[Split, PairTable] = {}
    problems: list[str] = []
    for split, path in paths.items():
        if path is None:
            continue
        try:
            tables[split] = read_pairs(
                path,
                format=data.format,
                columns=data.columns,
                label_range=data.label_range,
                labels="optional" if split == "test" else "required",
                encoding=data.encoding,
            )
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    if data.folds is not None:
        tables = {**tables, **_held_out(tables["train"], data.folds, data.fold)}
    if data.max_train_pairs is not None:
        tables["train"] = _draw(tables["train"], data.max_train_pairs)
    if data.spacing_pairs is not None:
        planted = data.spacing_pairs
        for split, table in tables.items():
            if table.label is not None:
                try:
                    tables[split] = with_spacing_pairs(table, planted.share, planted.label)
                except ValueError as error:
                    raise InputError(f"{table.name}: data.spacing_pairs: {error}") from None
    return tables


def _held_out(table: PairTable, folds: int, fold: int) -> dict[Split, PairTable]:
    """Train without a fold, and that fold as dev."""
    try:
        rows = fold_rows(table, folds)
    except ValueError as error:
        raise InputError(f"{table.name}: {error}: lower data.folds") from None
    rest = np.sort(np.concatenate([rows[other] for other in range(folds) if other != fold]))
    return {
        "train": table.take(rest),
        "dev": dataclasses.replace(table.take(rows[fold]), name=f"{table.name}, fold {fold} of {folds}"),
    }


def _draw(table: PairTable, count: int) -> PairTable:
    """`count` pairs of the table, in its order; the same for every seed, or seeds would differ in data."""
    rows = np.random.default_rng(0).permutation(len(table))[:count]
    return table.take(sorted(rows.tolist()))


def data_files(tables: Mapping[Split, PairTable]) -> dict[str, DataFile]:
    """What a run's record says of its data."""
    return {split: DataFile(table.name, len(table), table.sha256) for split, table in tables.items()}


def data_warnings(tables: Mapping[Split, PairTable]) -> tuple[str, ...]:
    """What a reader could live with, and labels that nothing can be learnt from or judged by."""
    found = [warning for table in tables.values() for warning in table.warnings]
    for table in tables.values():
        if table.label is not None and np.ptp(table.label) == 0:
            found.append(
                f"{table.name}: all labels are {table.label[0]:g}: no correlation exists on these pairs"
            )
    return tuple(found)


def binary_threshold(recipe: Recipe, train: PairTable) -> float | None:
    """The lowest similar label: the recipe's, else what the training data's own column implies, else None."""
    task = recipe.tasks.binary
    if task is not None and task.threshold is not None:
        return task.threshold
    if train.label is None or train.binary is None:
        return None
    return implied_threshold(train.label, train.binary)


def binary_labels(recipe: Recipe, table: PairTable) -> NDArray[np.int64] | None:
    """What the binary task learns from, (n,); None where the recipe has no such task.

    Raises `InputError` where it has one, and neither a threshold nor the data's own column.
    """
    task = recipe.tasks.binary
    if task is None:
        return None
    if task.threshold is not None and table.label is not None:
        return (table.label >= task.threshold).astype(np.int64)
    if table.binary is None:
        raise InputError(
            f"{table.name}: has no binary column for tasks.binary; set tasks.binary.threshold, "
            "or leave tasks.binary out"
        )
    return table.binary
