"""Rows written as they were read, with a column of numbers added: CSV, TSV, JSON lines, Parquet."""

import base64
import contextlib
import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from numpy.typing import NDArray

from dalmeum.data.readers.problems import quoted
from dalmeum.data.readers.records import python_values
from dalmeum.data.readers.rows import Block, RowFile, Wide
from dalmeum.errors import InputError
from dalmeum.files import is_device, replace_file, writable

ENDINGS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
"""Of a file's name, and the format that it is written in."""

Look = Callable[[Block, int], None]

Write = Callable[[Block, NDArray[Any]], object]
"""Writes a block with the values (n,) of the new column."""


def format_of(path: Path) -> str:
    """By the end of its name; a device, such as /dev/stdout, takes CSV. `InputError` for other ends."""
    found = ENDINGS.get(path.suffix.lower())
    if found is None and (is_device(path) or path.parts[:2] == ("/", "dev")):
        return "csv"
    if found is None:
        raise InputError(f"{path}: is written by the end of its name: choose one of {', '.join(ENDINGS)}")
    return found


def check_rows(path: Path, format: str, rows: RowFile, column: str) -> Look:
    """What looks at each block, with the number of its first row from 0, before anything is written.

    Raises `InputError` where the column is there already, and where it finds what the format can't hold.
    """
    if not column.strip() or not column.isprintable():
        raise InputError(f"--column {column!r}: give the new column a name that prints")
    if column.strip() in {name.strip() for name in rows.names}:
        raise InputError(f"{rows.name}: has a column {quoted(column)} already: name another with --column")
    if format == "tsv" and any(_breaks_tsv(name) for name in rows.names):
        raise InputError(
            f"{rows.name}: the name of a column holds a tab or a line break, which TSV can't: name a .csv or "
            f".jsonl file in place of {path}"
        )

    def refuse(place: int, name: str) -> NoReturn:
        raise InputError(
            f"{rows.name}: row {place + 1:,}: {name} holds a tab or a line break, which TSV can't: "
            f"name a .csv or .jsonl file in place of {path}"
        )

    def look(block: Block, first: int) -> None:
        for place, fields in enumerate(_fields(rows, block), first):
            for name, field in zip(rows.names, fields, strict=True):
                if _breaks_tsv(field):
                    refuse(place, quoted(name))

    return look if format == "tsv" else lambda block, first: None


@contextlib.contextmanager
def row_writer(path: Path, format: str, rows: RowFile, column: str) -> Iterator[Write]:
    """Writes blocks of these rows one after the other; the file is there as soon as all of it is."""
    with replace_file(path, newline="") as file:
        if format == "parquet":
            import pyarrow.parquet

            schema = _schema(rows).append(pyarrow.field(column, pyarrow.float64()))
            with pyarrow.parquet.ParquetWriter(file.buffer, schema) as parquet:

                def write_table(block: Block, values: NDArray[Any]) -> None:
                    columns = [*_columns(rows, block, schema), pyarrow.array(values, pyarrow.float64())]
                    parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema))

                yield write_table
        elif format == "jsonl":

            def write_lines(block: Block, values: NDArray[Any]) -> None:
                for record, value in zip(_objects(rows, block), values.tolist(), strict=True):
                    file.write(_json({**record, column: value}) + "\n")

            yield write_lines
        else:
            write_fields = (
                _tsv(file.write) if format == "tsv" else csv.writer(file, lineterminator="\n").writerow
            )
            write_fields([*map(writable, rows.names), column])

            def write_rows(block: Block, values: NDArray[Any]) -> None:
                for fields, value in zip(_fields(rows, block), values.tolist(), strict=True):
                    write_fields([*map(writable, fields), repr(value)])

            yield write_rows


def _tsv(write: Callable[[str], object]) -> Callable[[Sequence[str]], object]:
    return lambda fields: write("\t".join(fields) + "\n")


def _breaks_tsv(text: str) -> bool:
    return "\t" in text or "\n" in text or "\r" in text


def _keys(rows: RowFile) -> Sequence[str]:
    """The names of columns where each must have one of its own."""
    return [name or f"column {place}" for place, name in enumerate(rows.names, start=1)]


def _fields(rows: RowFile, block: Block) -> Iterator[Sequence[str]]:
    """The texts of each row, in the order of `rows.names`."""
    if rows.kind == "fields":
        yield from block.rows
    else:
        for record in _objects(rows, block):
            yield [_text(record.get(name)) for name in rows.names]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return _json(value) if isinstance(value, bool | int | float | list | dict) else str(_plain(value))


def _json(value: object) -> str:
    value = _plain(value)
    text = json.dumps(value, ensure_ascii=False)
    # Half of a surrogate pair is no text; what stands for it in ASCII reads back as it was.
    return text if writable(text) == text else json.dumps(value)


def _plain(value: object) -> object:
    """What JSON has: no NaN and no infinity, bytes as base64, other things as their text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _objects(rows: RowFile, block: Block) -> Iterator[dict[str, Any]]:
    if rows.kind == "objects":
        yield from block.rows
    elif rows.kind == "fields":
        keys = _keys(rows)
        for fields in block.rows:
            yield dict(zip(keys, fields, strict=True))
    else:
        columns = [python_values(block.rows.column(name)) for name in rows.names]
        for values in zip(*columns, strict=True):
            yield dict(zip(rows.names, values, strict=True))


def _schema(rows: RowFile) -> Any:
    """Of all columns, in Arrow's types; of JSON, what is neither text nor number nor truth is its text."""
    import pyarrow

    if rows.kind == "arrow":
        return rows.schema
    plain = {
        frozenset({int}): pyarrow.int64(),
        frozenset({Wide}): pyarrow.int64(),
        frozenset({int, Wide}): pyarrow.int64(),
        frozenset({float}): pyarrow.float64(),
        frozenset({int, float}): pyarrow.float64(),
        frozenset({bool}): pyarrow.bool_(),
    }
    types = [frozenset(rows.types.get(name, {str}) - {type(None)}) for name in rows.names]
    return pyarrow.schema(
        [
            (writable(name), plain.get(each, pyarrow.string()))
            for name, each in zip(_keys(rows), types, strict=True)
        ]
    )


def _columns(rows: RowFile, block: Block, schema: Any) -> list[Any]:
    import pyarrow

    if rows.kind == "arrow":
        return [block.rows.column(place) for place in range(len(rows.names))]
    if rows.kind == "fields":
        return [pyarrow.array(column, pyarrow.string()) for column in zip(*block.rows, strict=True)]
    columns = []
    for place, name in enumerate(rows.names):
        kind = schema.field(place).type
        values = [record.get(name) for record in block.rows]
        if kind == pyarrow.string():
            values = [None if value is None else writable(_text(value)) for value in values]
        columns.append(pyarrow.array(values, kind))
    return columns
