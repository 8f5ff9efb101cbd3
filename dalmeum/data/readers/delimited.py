"""CSV, where quotes delimit, and TSV, where they are text."""

import csv
import io
import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence

from dalmeum.data.readers.decode import TextFile
from dalmeum.data.readers.frame import Columns, Frame, composed
from dalmeum.data.readers.problems import Problems, quoted
from dalmeum.languages import Text

Record = tuple[int, list[str]]
"""The line at which a record starts, and its fields."""

LONGEST_FIELD = 1 << 24
"""Characters; how long a sentence may be is judged later, in one line."""

SHARED_VALUES = 1 << 16
"""Values of a column that are kept once however often they stand there: its sources, its labels."""

TOGETHER = 2048
"""Fields that are turned into columns together; few enough for a processor's cache."""

CSV_MEND = "quote a sentence that holds a comma"
TSV_MEND = "a sentence can't hold a tab"


STRAY = Text(
    "{name}: column {column} has no name and is left out; {count:,} of its cells hold something, the first "
    "in line {line}: {value}",
    "{name}: 이름이 없는 {column}번째 열은 읽지 않았습니다. 값이 든 칸이 {count:,}개 있고, "
    "처음은 {line}번째 줄의 {value}입니다",
)


def read_csv(text: TextFile, problems: Problems, header: Sequence[str] | None = None) -> Frame:
    """`header` names the columns of a file whose first record is already data."""
    return delimited_frame(_csv_records(text.open(""), problems), problems, header, CSV_MEND)


def read_tsv(text: TextFile, problems: Problems) -> Frame:
    """Tab-separated text has no quoting: a quote character is part of the sentence, as KorSTS needs."""
    return delimited_frame(tsv_records(text.open()), problems, None, TSV_MEND)


def first_csv_record(text: str) -> list[str]:
    """The fields of the first record, for recognising a format; [] where quoting is broken."""
    return next((fields for _, fields in _csv_records(io.StringIO(text, newline=""), Problems(""))), [])


def _csv_records(lines: Iterable[str], problems: Problems) -> Iterator[Record]:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))  # the process's, and only ever raised
    reader = csv.reader(lines, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # After a broken quote, rows can't be told from each other: whatever follows would be noise.
            if "unexpected end" in str(error) or "field larger" in str(error):
                what = "a quote is opened here and never closed"
            else:
                what = "text follows a closing quote; double the quotes inside a quoted sentence"
            problems.add(what, start)
            return
        if not _blank(fields):
            yield start, fields


def tsv_records(lines: Iterable[str]) -> Iterator[Record]:
    """Of lines that end with a line feed alone, or with the carriage return of old Macs alone: U+2028, U+0085
    and form feeds may stand in a sentence.
    """
    for number, line in enumerate(lines, start=1):
        fields = line.removesuffix("\n").removesuffix("\r").split("\t")
        if not _blank(fields):
            yield number, fields


def _blank(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and not fields[0].strip())


def delimited_frame(
    records: Iterator[Record], problems: Problems, header: Sequence[str] | None, mend: str, fewest: int = 0
) -> Frame:
    """`fewest` is the number of fields that a row may stop at; by default it has them all."""
    first = next(records, (0, []))[1] if header is None else header
    names = tuple(composed(name.strip()) for name in first)

    def load(wanted: Sequence[str]) -> Columns:
        columns: dict[str, list[object]] = {name: [] for name in wanted}
        shared: dict[str, dict[str, str]] = {name: {} for name in wanted}
        numbers = array("q")
        rows = max(1, TOGETHER // max(1, len(names)))
        for block in iter(lambda: list(itertools.islice(sound, rows)), []):
            numbers.extend(number for number, _ in block)
            cells = list(zip(*(fields for _, fields in block), strict=False))
            for name, column in columns.items():
                values, known = cells[names.index(name)], shared[name]
                few = len(known) < SHARED_VALUES
                column.extend(map(known.setdefault, values, values) if few else values)
        if not numbers and not problems:
            problems.add("has a header and no rows")
        return Columns(dict(columns), numbers)

    sound = _sound_records(records, problems, names, fewest or len(names), header is not None, mend)
    return Frame(names, load, "line", header=header is None, records=sound)


def _sound_records(
    records: Iterator[Record],
    problems: Problems,
    names: Sequence[str],
    fewest: int,
    headerless: bool,
    mend: str,
) -> Iterator[Record]:
    """The records with a field a name; all others are problems."""
    unnamed = [place for place, name in enumerate(names) if place and not name]
    stray: dict[int, tuple[int, int, str]] = {}  # of a place the number of cells, and the first
    for number, fields in records:
        if not fewest <= len(fields) <= len(names):
            span = f"{fewest} to {len(names)}" if fewest < len(names) else str(len(names))
            whole = f"{span} belong" if headerless else f"the header has {len(names)}"
            problems.add(f"{len(fields)} fields where {whole} ({mend})", number)
            continue
        for place in unnamed:
            if fields[place].strip():
                count, line, value = stray.get(place, (0, number, fields[place]))
                stray[place] = count + 1, line, value
        yield number, fields
    problems.notes += [
        STRAY.format(
            name=problems.name,
            column=place + 1,
            count=count,
            line=line,
            value=quoted(value),
        )
        for place, (count, line, value) in sorted(stray.items())
    ]
