"""The practice set as files in the competition's format."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from dalmeum.data.practice.generator import practice_tables
from dalmeum.data.table import PairTable
from dalmeum.errors import InputError
from dalmeum.files import check_output, write_text

_COLUMNS = ("id", "source", "sentence_1", "sentence_2")
_LABELS = ("label", "binary-label")


def write_practice(folder: Path) -> dict[str, Path]:
    """Write train.csv, dev.csv, test.csv (without labels) and test_labels.csv (the same pairs with theirs).

    Answers the four paths by stem.

    Raises `InputError` where the folder can't be written, or holds other files of these names.
    """
    tables = practice_tables()
    contents = {
        "train": _csv((*_COLUMNS, *_LABELS), _labelled_rows(tables["train"])),
        "dev": _csv((*_COLUMNS, *_LABELS), _labelled_rows(tables["dev"])),
        "test": _csv(_COLUMNS, _rows(tables["test"])),
        "test_labels": _csv((*_COLUMNS, *_LABELS), _labelled_rows(tables["test"])),
    }
    paths = {stem: folder / f"{stem}.csv" for stem in contents}
    for path in paths.values():
        check_output(path)
        if path.is_file() and not _is_practice(path):
            raise InputError(
                f"{path}: is not of the practice set, which would replace it: choose another folder"
            )
    for stem, text in contents.items():
        write_text(paths[stem], text)
    return paths


def _is_practice(path: Path) -> bool:
    """Whether a file is of the practice set, of an earlier version maybe: by the id of its first row."""
    with path.open("rb") as file:
        file.readline(200)
        return file.readline(200).startswith(b"practice-")


def _rows(table: PairTable) -> Iterable[tuple[str, ...]]:
    return zip(table.id, table.source, table.sentence1, table.sentence2, strict=True)


def _labelled_rows(table: PairTable) -> Iterable[tuple[str, ...]]:
    assert table.label is not None
    assert table.binary is not None
    for row, label, binary in zip(_rows(table), table.label, table.binary, strict=True):
        yield (*row, f"{label:.1f}", str(binary))


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
