"""What a run is made of, for its record: the pairs of its files and, where there is one, its teacher."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from dalmeum.data import PairTable
from dalmeum.data.splits import Split
from dalmeum.errors import InputError
from dalmeum.recipe import Recipe
from dalmeum.runs.contents import folder_hash
from dalmeum.runs.folder import model_folder
from dalmeum.runs.names import LATEST
from dalmeum.runs.record import DataFile, DataName
from dalmeum.runs.reuse import age, runs_in


def data_files(recipe: Recipe, tables: Mapping[Split, PairTable]) -> dict[DataName, DataFile]:
    """What a run's record says of its data; `tables` are those of `read_splits`.

    Errors as in `teacher_file`.
    """
    files: dict[DataName, DataFile] = {split: _data_file(table) for split, table in tables.items()}
    unlabelled = tables["train"].unlabelled if "train" in tables else None
    if unlabelled is not None:
        files["unlabelled"] = _data_file(unlabelled)
        files["teacher"] = teacher_file(recipe, unlabelled)
    return files


def _data_file(table: PairTable) -> DataFile:
    pool = None if table.pool is None else _data_file(table.pool)
    return DataFile(table.name, len(table), table.sha256, pool)


def teacher_file(recipe: Recipe, unlabelled: PairTable) -> DataFile:
    """`loss.teacher`, how many pairs it scores (all of `data.unlabelled`), and the hash of its model.

    Of a teacher that is gone it is what the newest run under `output` knew that learned from the same pairs,
    if its scores are still there: they are all that training takes.

    Raises `InputError` where there is neither.
    """
    teacher = recipe.loss.teacher or ""
    if teacher == LATEST:
        raise InputError("loss.teacher: latest is another run after each training: name one")
    try:
        digest = folder_hash(model_folder(teacher, recipe.output))
    except InputError as error:
        digest = _known_hash(recipe, unlabelled) or ""
        if not digest:
            raise InputError(f"loss.teacher: {error}") from None
    return DataFile(teacher, len(unlabelled.pool or unlabelled), digest)


def scores_file(recipe: Recipe, unlabelled: PairTable, teacher: str) -> Path:
    """Where all pairs of `data.unlabelled` are kept with a teacher's scores, on the recipe's label scale, for
    every run under its `output`; `teacher` is the hash of the model. It may not be there yet.
    """
    whole = unlabelled.pool or unlabelled
    known = json.dumps([teacher, whole.sha256, list(recipe.data.label_range)])
    name = hashlib.sha256(known.encode()).hexdigest()[:16]
    return Path(recipe.output) / "data" / f"teacher-{name}.parquet"


def _known_hash(recipe: Recipe, unlabelled: PairTable) -> str | None:
    wanted = recipe.loss.teacher, (unlabelled.pool or unlabelled).sha256
    for run in sorted(runs_in(Path(recipe.output)), key=age, reverse=True):
        teacher, pairs = run.record.data.get("teacher"), run.record.data.get("unlabelled")
        if teacher is None or pairs is None or (teacher.path, (pairs.pool or pairs).sha256) != wanted:
            continue
        if scores_file(recipe, unlabelled, teacher.sha256).is_file():
            return teacher.sha256
    return None
