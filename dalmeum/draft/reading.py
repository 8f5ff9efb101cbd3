"""Reading pairs from a file whose columns are found by what they hold where their names tell nothing."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.readers import open_frame
from dalmeum.data.readers.formats import GENERIC
from dalmeum.data.readers.problems import Problems, quoted
from dalmeum.draft.columns import find_columns
from dalmeum.errors import DataError
from dalmeum.languages import Text

FOUND = Text(
    "{name}: {field} is read from column {column}, by what it holds; a recipe says so as data.columns, which "
    "dalmeum init writes",
    "{name}: {field} 열은 내용을 보고 {column}에서 읽었습니다. 레시피에서는 data.columns에 적으며, "
    "dalmeum init이 써 줍니다",
)


def read_found(
    source: str, columns: Mapping[str, str], *, find_labels: bool = True, **reading: Any
) -> tuple[PairTable, Mapping[str, str]]:
    """A file's pairs as `read_pairs` reads them, and `columns` with those that were found by what they hold.

    With `find_labels` a column of numbers is looked for where none is named like labels; where none, or more
    than one, could be meant, the file counts as one without labels. `reading` are further arguments of
    `read_pairs`. Raises `DataError` as `read_pairs` and `find_columns` do.
    """
    table, failure = None, None
    try:
        table = read_pairs(source, columns=columns, **reading)
    except DataError as error:
        failure = error
    if table is not None and (table.label is not None or not find_labels or "label" in columns):
        return table, columns
    if os.path.isfile(source) and reading.get("format", "auto") == "auto":  # a pipe is read but once
        try:
            named = columns
            if _has_any_names(source, columns):
                named = find_columns(source, columns, find_labels=find_labels).named
            guessed = {field: column for field, column in named.items() if field not in columns}
            if guessed:
                return _read_guessed(source, columns, guessed, reading), {**columns, **guessed}
        except DataError as unclear:
            failure = failure and unclear
    if table is None:
        assert failure is not None
        raise failure
    return table, columns


def _has_any_names(source: str, columns: Mapping[str, str]) -> bool:
    """Whether a file's format leaves its columns' names open."""
    with open_frame(Path(source), Problems(source), columns=columns) as (format, _, _):
        return format in GENERIC


def _read_guessed(
    source: str, columns: Mapping[str, str], guessed: Mapping[str, str], reading: Mapping[str, Any]
) -> PairTable:
    table = read_pairs(source, columns={**columns, **guessed}, **reading)
    told = [FOUND.format(name=source, field=field, column=quoted(name)) for field, name in guessed.items()]
    return dataclasses.replace(table, warnings=(*table.warnings, *told))
