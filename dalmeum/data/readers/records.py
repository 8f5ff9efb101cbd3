"""Records with named values: JSON lists, JSON lines, Parquet."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from dalmeum.data.readers.decode import TextFile
from dalmeum.data.readers.frame import Columns, Frame, composed, no_columns
from dalmeum.data.readers.problems import Problems, Unit, quoted

NOT_PARQUET = "is not a readable Parquet file"


class _KeyTwice(dict[str, object]):
    """An object in which `key` stands twice, of which a plain one would keep the last in silence."""

    key = ""


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    repeated = [value.key for value in found.values() if isinstance(value, _KeyTwice)]
    if len(found) < len(pairs):
        repeated += [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        found = _KeyTwice(found)
        found.key = repeated[0]
    return found


def read_json(text: TextFile, problems: Problems) -> Frame:
    """A JSON list of objects."""
    records = json_records(text, problems)
    if records is None:
        return no_columns("record")
    return record_frame(records, range(1, len(records) + 1), "record", problems)


def json_records(text: TextFile, problems: Problems) -> list[object] | None:
    """What a JSON list holds; None where there is none."""
    try:
        records = json.loads(text.read(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        _add_syntax_error(error, problems)
        return None
    if not isinstance(records, list):
        problems.add("holds no list of records: the outermost JSON value must be a list of objects")
        return None
    return records


def read_jsonl(text: TextFile, problems: Problems) -> Frame:
    """One JSON object a line; a JSON list of objects is taken too."""
    if is_json_list(text):
        return read_json(text, problems)
    found = list(jsonl_records(text, problems))
    return record_frame([record for _, record in found], [number for number, _ in found], "line", problems)


def is_json_list(text: TextFile) -> bool:
    return next(filter(str.strip, text.open()), "").lstrip().startswith("[")


def jsonl_records(text: TextFile, problems: Problems) -> Iterator[tuple[int, object]]:
    """Each line with something in it: its number, and what it holds."""
    for number, line in enumerate(text.open(), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            _add_syntax_error(error, problems, number)


def is_parquet(file: BinaryIO) -> bool:
    start = file.read(4)
    file.seek(0)
    return start == b"PAR1"


def read_parquet(file: BinaryIO, problems: Problems) -> Frame:
    import pyarrow

    try:
        # Not read_table, to which a name that stands there twice is a file that it can't read.
        return arrow_frame(open_parquet(file).read(), problems)
    except (pyarrow.ArrowException, OSError, ValueError):
        problems.add(NOT_PARQUET)
        return no_columns("record")


def open_parquet(file: BinaryIO) -> Any:
    """Raises what pyarrow raises."""
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(file)


def arrow_frame(table: Any, problems: Problems, first: int = 1) -> Frame:
    """The columns of a `pyarrow.Table`, whose rows are numbered from `first`."""
    flat = table.flatten()
    names = tuple(map(composed, flat.column_names))
    if not table.num_rows:
        problems.add("has no rows")

    def load(wanted: Sequence[str]) -> Columns:
        columns: dict[str, Sequence[object]] = {}
        for name in wanted:
            column = flat.column(names.index(name))
            try:
                columns[name] = python_values(column)
            # Arrow's types are many, and so are the errors of those that Python has no value for.
            except Exception:
                problems.add(f"column {quoted(name)} holds {column.type}, which is no text or number")
                columns[name] = [None] * len(column)
        return Columns(columns, range(first, first + table.num_rows))

    return Frame(names, load, "record")


def python_values(column: Any) -> Sequence[object]:
    """As Python has them; dates and times as ISO 8601, which no library is needed for."""
    import pyarrow

    if isinstance(column.type, pyarrow.DictionaryType):
        column = column.cast(column.type.value_type)
    if pyarrow.types.is_temporal(column.type):
        column = column.cast(pyarrow.string())
    values: list[object] = column.to_pylist()
    return values


def record_frame(records: Sequence[object], numbers: Sequence[int], unit: Unit, problems: Problems) -> Frame:
    flat: list[dict[str, object]] = []
    kept: list[int] = []
    for number, record in zip(numbers, records, strict=True):
        if not isinstance(record, dict):
            problems.add("is not a JSON object", number, unit)
            continue
        row, repeated = flatten(record)
        if repeated is not None:
            problems.add(f"key {quoted(repeated)} stands there twice: leave one out", number, unit)
        flat.append(row)
        kept.append(number)
    if not flat and not problems:
        problems.add("has no rows")
    names = tuple(dict.fromkeys(name for record in flat for name in record))
    return Frame(
        names, lambda wanted: Columns({name: [row.get(name) for row in flat] for name in wanted}, kept), unit
    )


def flatten(record: Mapping[str, object]) -> tuple[dict[str, object], str | None]:
    """Names to values, those of an inner object named `outer.inner`; and a name that stands there twice,
    whether as written, or as two ways to write one name.
    """
    flat: dict[str, object] = {}
    repeated = record.key if isinstance(record, _KeyTwice) else None
    for name, value in record.items():
        parts = (
            {f"{name}.{inner}": found for inner, found in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
        for part, found in parts.items():
            known = len(flat)
            flat[composed(part)] = found
            if len(flat) == known:
                repeated = repeated or composed(part)
    return flat, repeated


def _add_syntax_error(error: Exception, problems: Problems, line: int | None = None) -> None:
    if isinstance(error, json.JSONDecodeError):
        message = error.msg[0].lower() + error.msg[1:]
        problems.add(f"not JSON at column {error.colno}: {message}", error.lineno if line is None else line)
    else:
        problems.add("JSON that can't be read: nested too deep, or a number too long", line)
