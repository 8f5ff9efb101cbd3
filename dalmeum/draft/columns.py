"""Which columns of a file hold what, found by their names and, where those tell nothing, by their cells."""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalmeum.data.readers import open_frame
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.readers.problems import Problems, did_you_mean, quoted
from dalmeum.data.readers.recognise import looks_like_data, no_header
from dalmeum.data.readers.schema import UNLABELLED, match_generic
from dalmeum.errors import DataError

Columns = Mapping[str, Sequence[object]]
"""A file's columns, by their names."""

SENTENCES = ("sentence1", "sentence2")

MOSTLY = 0.5
"""Share of a column's cells that hold blanks, from which on they are sentences rather than ids."""


@dataclass(frozen=True)
class FileColumns:
    """What a file is made of.

    Attributes:
        format: of the file, as `read_pairs` recognises it.
        encoding: None where the file is no text.
        fields: field of a `PairTable` to the file's column.
        named: those of them that `read_pairs` must be told.
        unused: columns that hold nothing for a `PairTable`.
        index: those of the unused that number the rows.
    """

    format: str
    encoding: str | None
    fields: Mapping[str, str]
    named: Mapping[str, str]
    unused: tuple[str, ...]
    index: tuple[str, ...]


def find_columns(source: str, named: Mapping[str, str], *, find_labels: bool = True) -> FileColumns:
    """The columns of a file; `named` says of some what they hold.

    With `find_labels`, a column of numbers is looked for where none is named like labels; without, the file
    may lack the column that is named for them.

    Raises `DataError` where the file can't be read, or its sentences can't be told from other columns.
    """
    if source.startswith(HUB_PREFIX):
        return FileColumns("hub", None, named, named, (), ())
    problems = Problems(source)
    with open_frame(Path(source), problems, columns=named) as (format, text, frame):
        columns = frame.load(frame.names).values
    problems.raise_any()
    usable = {}
    for field, column in named.items():
        if column in columns:
            usable[field] = column
        elif find_labels or field not in UNLABELLED:
            hint = did_you_mean(column, columns)
            problems.add(f"column {quoted(column)}, named for {field}, is missing{hint}")
    problems.raise_any()
    # What can't be found by name is looked for below, and told there.
    fields, _ = match_generic(tuple(columns), usable, False, Problems(source))
    guessed = _sentences(source, columns, fields)
    if _may_be_data(guessed.values(), columns):
        raise DataError([f"{source}: {no_header(tuple(columns))}"])
    if find_labels and "label" not in fields:
        guessed |= _label(source, columns, {**fields, **guessed})
    fields = {**fields, **guessed}
    if fields.get("binary") == fields.get("label"):
        fields.pop("binary", None)
    unused = tuple(column for column in columns if column not in fields.values())
    index = tuple(column for column in unused if _counts_rows(_numbers(columns[column])))
    encoding = None if text is None else text.codec.upper()
    return FileColumns(format, encoding, fields, {**usable, **guessed}, unused, index)


def _sentences(source: str, columns: Columns, fields: Mapping[str, str]) -> dict[str, str]:
    """Columns for the sentences that no name tells; `DataError` where others could be meant as well."""
    missing = [field for field in SENTENCES if field not in fields]
    free = [column for column in columns if column not in fields.values()]
    texts = [column for column in free if _is_text(columns[column])] if missing else []
    if len(texts) != len(missing):
        raise DataError([_which(source, "sentences", SENTENCES, texts or list(columns))])
    return dict(zip(missing, texts, strict=True))


def _label(source: str, columns: Columns, fields: Mapping[str, str]) -> dict[str, str]:
    """A column for the label: of grades, else of yes and no; `DataError` where several could be meant."""
    numbers = {
        column: numbers
        for column, values in columns.items()
        if column not in fields.values() and (numbers := _numbers(values)) and not _are_ids(numbers)
    }
    grades = [column for column, values in numbers.items() if not set(values) <= {0.0, 1.0}]
    answers = [column for column, values in numbers.items() if set(values) == {0.0, 1.0}]
    found = grades or ([fields["binary"]] if "binary" in fields else answers)
    if len(found) > 1:
        raise DataError([_which(source, "labels", ("label",), found)])
    return {"label": found[0]} if found else {}


def _which(source: str, what: str, fields: Sequence[str], candidates: Sequence[str]) -> str:
    shown = ", ".join(quoted(column) for column in candidates[:10])
    more = f" and {len(candidates) - 10} more" if len(candidates) > 10 else ""
    call = ",".join(f"{field}=NAME" for field in fields)
    return f"{source}: which columns hold the {what}? {shown}{more}: name them with --columns {call}"


def _may_be_data(names: Collection[str], columns: Columns) -> bool:
    """Whether names over sentences may be sentences themselves; not where another stands over numbers."""
    wordy = looks_like_data(tuple(names)) or any(len(name.split()) > 1 for name in names)
    return wordy and not any(_numbers(values) and not _numbers([name]) for name, values in columns.items())


def _is_text(values: Sequence[object]) -> bool:
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return sum(len(text.split()) > 1 for text in texts) > MOSTLY * len(values)


def _numbers(values: Sequence[object]) -> list[float]:
    """The values as numbers; none where one is no number."""
    try:
        numbers = [float(value) for value in values if isinstance(value, str | int | float)]
    except (ValueError, OverflowError):
        return []
    return numbers if len(numbers) == len(values) and all(map(math.isfinite, numbers)) else []


def _are_ids(numbers: Sequence[float]) -> bool:
    """Whether numbers name rows or sentences, rather than grade them: whole, and more than 0 to 100 has."""
    distinct = set(numbers)
    many = len(distinct) > 101 and len(distinct) > len(numbers) / 2
    return _counts_rows(numbers) or (many and all(number.is_integer() for number in distinct))


def _counts_rows(numbers: Sequence[float]) -> bool:
    """Whether each row's number is one more than that of the row before, as pandas writes an index."""
    return len(numbers) > 1 and all(b - a == 1 for a, b in itertools.pairwise(numbers))
