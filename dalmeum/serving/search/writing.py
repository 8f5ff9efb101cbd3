"""Rows of results as a file: CSV, TSV, JSON lines or Parquet, by the end of its name."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dalmeum.data.writers import format_of
from dalmeum.errors import InputError
from dalmeum.files import check_output, check_path, check_writable, replace_file

Row = Sequence[str | int | float | bool | None]


def check_results(out: Path, inputs: Iterable[str | Path]) -> None:
    """`InputError` where nothing can be written there, seen before the work."""
    format_of(out)
    check_path(out)
    check_output(out, inputs)
    check_writable(out)


def write_rows(out: Path, columns: Mapping[str, type], rows: Iterable[Row]) -> None:
    """Write rows under these columns, whole or not at all; errors as in `replace_file`."""
    format = format_of(out)
    with replace_file(out, newline="") as file:
        if format == "parquet":
            import pyarrow
            import pyarrow.parquet

            types = [_arrow_type(kind) for kind in columns.values()]
            values = list(zip(*rows, strict=True)) or [()] * len(columns)
            arrays = [pyarrow.array(each, kind) for each, kind in zip(values, types, strict=True)]
            pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, names=list(columns)), file.buffer)
        elif format == "jsonl":
            for row in rows:
                file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
        elif format == "tsv":
            for row in [tuple(columns), *rows]:
                file.write("\t".join(_field(out, value) for value in row) + "\n")
        else:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)


def _arrow_type(kind: type) -> Any:
    import pyarrow

    return {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}[
        kind
    ]


def _field(out: Path, value: object) -> str:
    text = "" if value is None else str(value)
    if any(each in text for each in "\t\n\r"):
        raise InputError(f"{out}: a sentence holds a tab or a line break, which TSV can't: name a .csv file")
    return text
