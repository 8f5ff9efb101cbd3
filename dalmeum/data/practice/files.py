"""The practice set as files in the competition's format."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from dalmeum.data.practice.generator import practice_tables
from dalmeum.data.table import PairTable
from dalmeum.files import write_text

_COLUMNS = ("id", "source", "sentence_1", "sentence_2")
_LABELS = ("label", "binary-label")


def write_practice(folder: Path) -> dict[str, Path]:
    """Write train.csv, dev.csv, test.csv (without labels) and test_labels.csv.

    Answers the four paths by stem.

    Raises `InputError` where the folder can't be written.
    """
    tables = practice_tables()
    contents = {
        "train": _csv((*_COLUMNS, *_LABELS), _rows(tables["train"], labels=True)),
        "dev": _csv((*_COLUMNS, *_LABELS), _rows(tables["dev"], labels=True)),
        "test": _csv(_COLUMNS, _rows(tables["test"], labels=False)),
        "test_labels": _csv(("id", *_LABELS), _label_rows(tables["test"])),
    }
    paths = {stem: folder / f"{stem}.csv" for stem in contents}
    for stem, text in contents.items():
        write_text(paths[stem], text)
    return paths


def _rows(table: PairTable, *, labels: bool) -> Iterable[tuple[str, ...]]:
    held = list(_label_rows(table))
    for row, (sentence1, sentence2) in enumerate(table.pairs):
        pair = (table.id[row], table.source[row], sentence1, sentence2)
        yield (*pair, *held[row][1:]) if labels else pair


def _label_rows(table: PairTable) -> Iterable[tuple[str, ...]]:
    assert table.label is not None
    assert table.binary is not None
    for key, label, binary in zip(table.id, table.label, table.binary, strict=True):
        yield key, f"{label:.1f}", str(binary)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
