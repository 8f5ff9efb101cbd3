"""What data files hold, and what a recipe for them is to say."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.checks import CheckReport, check_tables
from dalmeum.data.folds import fold_rows
from dalmeum.data.splits import SPLITS, Split
from dalmeum.draft.columns import FileColumns, find_columns
from dalmeum.draft.model import ChosenModel, chosen_model
from dalmeum.errors import DataError, InputError

SCALES = ((0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (0.0, 10.0), (0.0, 100.0), (-1.0, 1.0))
"""Ranges that labels have; the first that holds all of a file's is taken."""

ANY_LABEL = (-1e6, 1e6)
"""To read labels before their range is known."""

HIDDEN = -1.0
"""How GLUE marks labels that are kept back."""

FOLDS = (5, 2)
"""Into how many parts a training file is cut to have a dev set; the first that it is enough for."""

HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ\u1100-\u11ff]")


@dataclass(frozen=True)
class Draft:
    """What data files hold, and how to train on them.

    Attributes:
        tables: the files, by what they are for; their labels are on `label_range`.
        columns: of each file, which column holds what.
        named: those that a recipe must name.
        labels: the lowest and the highest that were found.
        folds: into how many parts train is cut, one of which is dev; None where dev is a file, or train is
            too small.
        model: what to train.
        report: what `check` finds in the files.
    """

    tables: Mapping[Split, PairTable]
    columns: Mapping[Split, FileColumns]
    named: Mapping[str, str]
    labels: tuple[float, float]
    label_range: tuple[float, float]
    folds: int | None
    model: ChosenModel
    report: CheckReport

    @property
    def korean(self) -> bool:
        return is_korean(self.tables["train"])


def draft_recipe(
    files: Sequence[str], *, encoder: str | None = None, columns: Mapping[str, str] | None = None
) -> Draft:
    """Read train, dev and test, and find out how to train on them.

    Args:
        files: one to three, in this order; of two, the second is test where it has no labels.
        encoder: to train; without it the best that is installed (`chosen_model`).
        columns: field to column, as in a recipe, where neither names nor content tell.

    Raises `DataError` for what can't be read, `InputError` where a file can't be what it is named for, or
    there is nothing installed to train.
    """
    if not 1 <= len(files) <= len(SPLITS):
        raise InputError(f"{len(files)} files: name one to three: train, dev and test, in this order")
    first = find_columns(files[0], columns or {})
    # One recipe names the columns of all its files, and the first is the one that has labels in any case.
    named = {**(columns or {}), **first.named}
    found = [first, *(find_columns(file, named, find_labels=False) for file in files[1:])]
    read = _read(files, named)
    splits = _splits(read)
    labelled = [table.label for table in read if table.label is not None]
    labels = float(min(map(np.min, labelled))), float(max(map(np.max, labelled)))
    scale = label_scale(*labels)
    tables = {
        split: dataclasses.replace(table, label_range=scale)
        for split, table in zip(splits, read, strict=True)
    }
    return Draft(
        tables=tables,
        columns=dict(zip(splits, found, strict=True)),
        named=named,
        labels=labels,
        label_range=scale,
        folds=None if "dev" in tables else _folds(tables["train"]),
        model=chosen_model(encoder, korean=is_korean(tables["train"])),
        report=check_tables(list(tables.values())),
    )


def is_korean(table: PairTable) -> bool:
    """Whether half of the pairs or more hold Hangul, which the offline encoder is made for."""
    return 2 * sum(bool(HANGUL.search(one + two)) for one, two in table.pairs) >= len(table)


def recipe_name(source: str) -> Path:
    """The file that a recipe for some data is written to: `train.yaml` for `data/train.csv`."""
    stem = re.sub(r"[^\w.-]+", "-", Path(source.split("?")[0]).stem).strip("-.")
    return Path(f"{stem or 'recipe'}.yaml")


def label_scale(low: float, high: float) -> tuple[float, float]:
    """The range that labels from `low` to `high` are likely to be on.

    1 to 5 only where a label is 1: labels of 0 to 5 may lack a 0, and seldom begin at 1 all the same.
    """
    for lowest, highest in SCALES:
        if lowest <= low and high <= highest and (lowest != 1.0 or low == lowest):
            return lowest, highest
    return float(math.floor(low)), float(max(math.ceil(high), math.floor(low) + 1))


def _read(files: Sequence[str], columns: Mapping[str, str]) -> list[PairTable]:
    tables: list[PairTable] = []
    problems: list[str] = []
    for file in files:
        try:
            table = read_pairs(file, columns=columns, label_range=ANY_LABEL)
        except DataError as error:
            problems += error.problems
            continue
        hidden = table.label is not None and bool(np.all(table.label == HIDDEN))
        tables.append(dataclasses.replace(table, label=None) if hidden else table)
    if problems:
        raise DataError(problems)
    return tables


def _splits(tables: Sequence[PairTable]) -> tuple[Split, ...]:
    """What each file is for; `InputError` where one that must have labels has none."""
    splits: tuple[Split, ...] = SPLITS[: len(tables)]
    if len(tables) == 2 and tables[1].label is None:
        splits = ("train", "test")
    for split, table in zip(splits, tables, strict=True):
        if split != "test" and table.label is None:
            raise InputError(
                f"{table.name}: has no labels, and {split} needs them: name train, dev and test in this "
                "order, or the column with --columns label=NAME"
            )
    return splits


def _folds(train: PairTable) -> int | None:
    for folds in FOLDS:
        try:
            fold_rows(train, folds)
        except ValueError:
            continue
        return folds
    return None
