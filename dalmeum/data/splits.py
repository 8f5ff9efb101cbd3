"""A recipe's data: the tables of its splits, and the binary rule that they follow."""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.augment import planted
from dalmeum.data.binary import implied_threshold
from dalmeum.data.checks import spoils
from dalmeum.data.folds import Rows, fold_rows
from dalmeum.data.parquet import write_parquet
from dalmeum.data.parts import part_rows
from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.readers import InMemory, read_pairs
from dalmeum.data.readers.problems import did_you_mean
from dalmeum.data.table import PairTable, joined
from dalmeum.data.unlabelled import usable
from dalmeum.errors import DataError, InputError
from dalmeum.languages import Text
from dalmeum.recipe import DataRecipe, Part, Planted, Recipe

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

SOURCES = (*SPLITS, "unlabelled")
"""Keys of a recipe's data that name pairs."""

MEMORY = "memory:"
"""What the name of pairs that are in no file begins with."""


class PairReader:
    """`read_pairs`, each file once, for many recipes of the same files; and pairs that are in no file.

    Attributes:
        written: the files of pairs that were in none, by what recipes called these.
    """

    def __init__(self) -> None:
        self._tables: dict[str, PairTable] = {}
        self._folds: dict[str, tuple[Rows, ...]] = {}
        self._held: dict[str, tuple[InMemory | PairTable, str]] = {}
        self.written: dict[str, str] = {}

    def hold(self, data: InMemory | PairTable, name: str) -> str:
        """What a recipe calls pairs in memory; messages call them `name`."""
        source = f"{MEMORY}{uuid.uuid4().hex}"  # no path that somebody writes is taken for it
        self._held[source] = data, name
        return source

    def read(self, source: str | Path, **options: Any) -> PairTable:
        """The table of a file, as `read_pairs` reads it with these options."""
        key = repr((str(source), sorted(options.items())))
        if key not in self._tables:
            data, name = self._held.get(str(source), (source, None))
            self._tables[key] = read_pairs(data, name=name, **options)
        return self._tables[key]

    def folds(self, table: PairTable, data: DataRecipe) -> tuple[Rows, ...]:
        """The rows of each fold of a table that this reader read, found once for all folds and recipes."""
        key = repr((id(table), data.folds, data.fold_groups))
        if key not in self._folds:
            try:
                self._folds[key] = fold_rows(table, data.folds or 1, data.kept_together)
            except ValueError as error:
                raise InputError(f"{table.name}: {error}: lower data.folds") from None
        return self._folds[key]

    def write_held(self, recipe: Recipe, folder: Path) -> Recipe:
        """The recipe with what it has in memory written to `folder`, Parquet files named by what they hold.

        Raises `InputError` where they can't be written.
        """
        paths: dict[str, str] = {}
        for key in SOURCES:
            source = getattr(recipe.data, key)
            if source in self._held:
                table = _read_file(recipe, key, source, self)
                path = folder / f"{table.sha256[:16]}.parquet"
                if not path.is_file():
                    write_parquet(path, table, recipe.data.columns)
                paths[key] = self.written[source] = str(path)
        return recipe.model_copy(update={"data": recipe.data.model_copy(update=paths)}) if paths else recipe


def read_splits(recipe: Recipe, reader: PairReader | None = None) -> dict[Split, PairTable]:
    """The tables of the splits that the recipe names; train and dev must have labels.

    Where all folds are dev in turn, dev is all of them, in the order of the training file, and train is that
    file; what each model learns from is in the tables of `Recipe.trainings`. The pairs of `data.unlabelled`
    that may be learned from hang on train. `reader` is shared by those who read several recipes of the same
    files.

    Raises `DataError` with the problems of all files together, `InputError` as in `usable`.
    """
    data = recipe.data
    if data.planted is not None:
        _check_perturbation(data.planted.perturbation)
    reader = reader or PairReader()
    if data.all_folds:
        return _over_folds(recipe, reader)
    tables = _drawn(recipe, reader)
    if data.part is not None:
        tables["train"] = _part(tables["train"], data.part)
    if data.unlabelled is not None:
        tables["train"] = _with_unlabelled(recipe, tables, reader)
    if data.planted is None:
        return tables
    return {split: _with_planted(table, data.planted) for split, table in tables.items()}


def _with_unlabelled(recipe: Recipe, tables: Mapping[Split, PairTable], reader: PairReader) -> PairTable:
    """The training pairs with what hangs on them; `tables` are all that the recipe has."""
    assert recipe.data.unlabelled is not None
    table = _read_file(recipe, "unlabelled", recipe.data.unlabelled, reader)
    judged = [each for split, each in tables.items() if split != "train"]
    return dataclasses.replace(tables["train"], unlabelled=usable(table, tables["train"], judged))


def pool_of(recipe: Recipe, reader: PairReader) -> PairTable:
    """The training pairs that a recipe's part is drawn from; errors as in `read_splits`."""
    return _drawn(recipe, reader)["train"]


def _over_folds(recipe: Recipe, reader: PairReader) -> dict[Split, PairTable]:
    """The files as they are, and as dev what the models of all folds are judged on, each on its own."""
    by_fold = {each.data.fold: each for each in recipe.trainings.values()}
    of_each = [read_splits(each, reader) for each in by_fold.values()]
    held_out = joined([tables["dev"] for tables in of_each])
    if len(set(held_out.id)) < len(held_out):
        raise InputError(
            f"{recipe.data.train}: data.planted: a planted pair gets the id of another: rename it"
        )
    train = _read_file(recipe, "train", recipe.data.train, reader)
    place = {name: row for row, name in enumerate(train.id)}
    # Planted pairs, which are in no file, come last.
    order = sorted(range(len(held_out)), key=lambda row: place.get(held_out.id[row], len(place)))
    name = f"{train.name}, out of {recipe.data.folds} folds"
    dev = dataclasses.replace(held_out.take(order), name=name)
    tables: dict[Split, PairTable] = {**of_each[0], "train": train, "dev": dev}
    if recipe.data.unlabelled is not None:
        # All that a model of any fold may learn from: of train each has other pairs.
        apart: dict[Split, PairTable] = {**tables, "train": train.take([])}
        del apart["dev"]
        found = _with_unlabelled(recipe, apart, reader)
        tables["train"] = dataclasses.replace(train, unlabelled=found.unlabelled)
    return tables


def _drawn(recipe: Recipe, reader: PairReader) -> dict[Split, PairTable]:
    """The tables of the files after folds and `max_train_pairs`."""
    data = recipe.data
    tables = _read_files(recipe, reader)
    if data.folds is not None:
        tables = {**tables, **_held_out(tables["train"], reader.folds(tables["train"], data), data.fold or 0)}
    if data.max_train_pairs is not None:
        tables["train"] = _draw(tables["train"], data.max_train_pairs)
    return tables


def _read_files(recipe: Recipe, reader: PairReader) -> dict[Split, PairTable]:
    tables: dict[Split, PairTable] = {}
    problems: list[str] = []
    for split in SPLITS:
        source = getattr(recipe.data, split)
        if source is None:
            continue
        try:
            tables[split] = _read_file(recipe, split, source, reader)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return tables


def _read_file(recipe: Recipe, key: str, source: str, reader: PairReader) -> PairTable:
    data = recipe.data
    return reader.read(
        source,
        # Pairs without labels seldom come from where the others do.
        format="auto" if key == "unlabelled" else data.format,
        columns=data.columns,
        label_range=data.label_range,
        labels={"test": "optional", "unlabelled": "unread"}.get(key, "required"),
        encoding=data.encoding,
    )


def _check_perturbation(name: str) -> None:
    if name not in PERTURBATIONS:
        hint = did_you_mean(name, PERTURBATIONS) or f"; choose from {', '.join(PERTURBATIONS)}"
        raise InputError(f"data.planted.perturbation: there is no {name}{hint}")


def _with_planted(table: PairTable, plan: Planted) -> PairTable:
    """The table with planted pairs; as it is where it has no labels."""
    if table.label is None:
        return table
    try:
        return planted(table, plan.perturbation, plan.share, plan.label)
    except ValueError as error:
        raise InputError(f"{table.name}: data.planted: {error}") from None


def _held_out(table: PairTable, folds: Sequence[Rows], fold: int) -> dict[Split, PairTable]:
    """Train without a fold, and that fold as dev."""
    rest = np.sort(np.concatenate([rows for other, rows in enumerate(folds) if other != fold]))
    name = f"{table.name}, fold {fold} of {len(folds)}"
    return {"train": table.take(rest), "dev": dataclasses.replace(table.take(folds[fold]), name=name)}


def _draw(table: PairTable, count: int) -> PairTable:
    """`count` pairs of the table, in its order; the same for every seed, or seeds would differ in data."""
    rows = np.random.default_rng(0).permutation(len(table))[:count]
    return table.take(sorted(rows.tolist()))


def _part(table: PairTable, part: Part) -> PairTable:
    """The pairs of a part, in the order of the table."""
    try:
        rows = part_rows(len(table), part.pairs, part.number)
    except ValueError as error:
        raise InputError(f"{table.name}: data.part: {error}") from None
    return dataclasses.replace(table.take(np.sort(rows)), pool=table)


def data_warnings(tables: Iterable[PairTable]) -> tuple[Text, ...]:
    """What a reader could live with, and what `dalmeum check` calls a problem of tables of one experiment."""
    tables = list(tables)
    told = [warning for table in tables for warning in table.warnings]
    return tuple(dict.fromkeys([*told, *spoils(tables)]))


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
