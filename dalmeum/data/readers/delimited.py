"""CSV, where quotes delimit, and TSV, where they are text."""

import csv
import io
from collections.abc import Iterator, Sequence

from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.problems import Problems, quoted

Record = tuple[int, list[str]]
"""The line at which a record starts, and its fields."""


def read_csv(text: str, problems: Problems, header: Sequence[str] | None = None) -> Frame:
    """`header` names the columns of a file whose first record is already data."""
    mend = "quote a sentence that holds a comma"
    return _frame(_csv_records(text, problems), problems, header, mend)


def read_tsv(text: str, problems: Problems) -> Frame:
    """Tab-separated text has no quoting: a quote character is part of the sentence, as KorSTS needs."""
    return _frame(_tsv_records(text), problems, None, "a sentence can't hold a tab")


def first_csv_record(text: str) -> list[str]:
    """The fields of the first record, for recognising a format; [] where quoting is broken."""
    return next((fields for _, fields in _csv_records(text, Problems(""))), [])


def _csv_records(text: str, problems: Problems) -> Iterator[Record]:
    # The limit is the process's, and only ever raised: the length of a sentence is judged later, in one line.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # After a broken quote, rows can't be told from each other: whatever follows would be noise.
            if "unexpected end" in str(error):
                what = "a quote is opened here and never closed"
            else:
                what = "text follows a closing quote; double the quotes inside a quoted sentence"
            problems.add(what, start)
            return
        if not _blank(fields):
            yield start, fields


def _tsv_records(text: str) -> Iterator[Record]:
    # Not splitlines(): it also splits at U+2028, U+0085 and form feeds, which may stand in a sentence.
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.removesuffix("\r").split("\t")
        if not _blank(fields):
            yield number, fields


def _blank(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and not fields[0].strip())


def _frame(records: Iterator[Record], problems: Problems, header: Sequence[str] | None, mend: str) -> Frame:
    names = [name.strip() for name in (next(records, (0, []))[1] if header is None else header)]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        problems.add(f"column {quoted(name)} appears {names.count(name)} times")
    numbers: list[int] = []
    rows: list[list[str]] = []
    for number, fields in records:
        if len(fields) == len(names):
            numbers.append(number)
            rows.append(fields)
        else:
            whole = f"the header has {len(names)}" if header is None else f"{len(names)} belong"
            problems.add(f"{len(fields)} fields where {whole} ({mend})", number)
    if not rows and not problems:
        problems.add("has a header and no rows")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return Frame(columns, numbers, "line")
