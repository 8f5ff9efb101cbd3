"""Records with named values: JSON lists, JSON lines, Parquet."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.problems import Problems, Unit, quoted


def read_json(text: str, problems: Problems) -> Frame:
    """A JSON list of objects."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        _add_syntax_error(error, problems)
        return Frame({}, (), "record")
    if not isinstance(records, list):
        problems.add("holds no list of records: the outermost JSON value must be a list of objects")
        return Frame({}, (), "record")
    return _frame(records, range(1, len(records) + 1), "record", problems)


def read_jsonl(text: str, problems: Problems) -> Frame:
    """One JSON object a line; a JSON list of objects is taken too."""
    if text.lstrip().startswith("["):
        return read_json(text, problems)
    records: list[object] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
            numbers.append(number)
        except (ValueError, RecursionError) as error:
            _add_syntax_error(error, problems, number)
    return _frame(records, numbers, "line", problems)


def read_parquet(data: bytes, problems: Problems) -> Frame:
    import pyarrow
    import pyarrow.parquet

    try:
        return arrow_frame(pyarrow.parquet.read_table(pyarrow.BufferReader(data)), problems)
    except (pyarrow.ArrowException, OSError, ValueError):
        problems.add("is not a readable Parquet file")
        return Frame({}, (), "record")


def arrow_frame(table: Any, problems: Problems) -> Frame:
    """The columns of a `pyarrow.Table`."""
    flat = table.flatten()
    names = list(flat.column_names)
    for name in {name for name in names if names.count(name) > 1}:
        problems.add(f"column {quoted(name)} stands there twice")
    columns = {name: column.to_pylist() for name, column in zip(flat.column_names, flat.columns, strict=True)}
    if not table.num_rows:
        problems.add("has no rows")
    return Frame(columns, range(1, table.num_rows + 1), "record")


def _frame(records: Sequence[object], numbers: Sequence[int], unit: Unit, problems: Problems) -> Frame:
    flat: list[dict[str, object]] = []
    kept: list[int] = []
    for number, record in zip(numbers, records, strict=True):
        if isinstance(record, dict):
            flat.append(_flatten(record))
            kept.append(number)
        else:
            problems.add("is not a JSON object", number, unit)
    if not flat and not problems:
        problems.add("has no rows")
    names = dict.fromkeys(name for record in flat for name in record)
    return Frame({name: [record.get(name) for record in flat] for name in names}, kept, unit)


def _flatten(record: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            flat[name] = value
    return flat


def _add_syntax_error(error: Exception, problems: Problems, line: int | None = None) -> None:
    if isinstance(error, json.JSONDecodeError):
        message = error.msg[0].lower() + error.msg[1:]
        problems.add(f"not JSON at column {error.colno}: {message}", error.lineno if line is None else line)
    else:
        problems.add("JSON that can't be read: nested too deep, or a number too long", line)
