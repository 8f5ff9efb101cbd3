"""Pairs written, so that `read_pairs` reads the same table back."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dalmeum.data.table import PairTable
from dalmeum.files import write_bytes

FIELDS = ("id", "source", "sentence1", "sentence2", "label", "binary", "annotations")


def write_parquet(path: Path, table: PairTable, columns: Mapping[str, str] | None = None) -> None:
    """Write a table as Parquet, whole or not at all.

    `columns` are the names that fields have there, as `read_pairs` takes them; the fields' own by default.
    Raises `InputError` where it can't be written.
    """
    import pyarrow
    import pyarrow.parquet

    names = columns or {}
    values: dict[str, Any] = {
        names.get(field, field): getattr(table, field)
        for field in FIELDS
        if getattr(table, field) is not None
    }
    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(values), data)
    write_bytes(path, data.getvalue())
