"""What every format is first read into: named columns of raw values, with the place of each row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from dalmeum.data.readers.problems import Unit


@dataclass(frozen=True)
class Columns:
    """Raw columns of one length, in the order of the file.

    Attributes:
        values: name to values: text (delimited files) or what JSON, Parquet and hub sets hold; None where a
            record lacks the column.
        numbers: the line or record, from 1, at which each row starts.
    """

    values: dict[str, Sequence[object]]
    numbers: Sequence[int]


@dataclass(frozen=True)
class Frame:
    """The names of a file's columns, and the way to the columns themselves: a file may have many more of them
    than a table has use for.

    Attributes:
        names: composed to NFC; a column inside an object or struct is named `outer.inner`.
        load: the columns of these names; called once.
        unit: what rows are counted in.
        header: whether the names are a first line, which may be data by mistake.
        records: of a delimited file its rows, one after the other, in place of `load`: where each starts, and
            its fields.
    """

    names: tuple[str, ...]
    load: Callable[[Sequence[str]], Columns]
    unit: Unit
    header: bool = False
    records: Iterator[tuple[int, list[str]]] | None = None


def composed(name: str) -> str:
    """A column's name in NFC, as users type it; a Mac may have written it otherwise."""
    return normalize("NFC", name)


def no_columns(unit: Unit) -> Frame:
    return Frame((), lambda names: Columns({}, ()), unit)
