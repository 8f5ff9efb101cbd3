"""What a check found, in words and in both languages: of how many pairs, in which rows."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.languages import Text

Severity = Literal["problem", "note"]

PLACES = 20
"""Places of a finding that are named; the rest are counted."""


@dataclass(frozen=True)
class Finding:
    """One kind of thing found in one table or between two.

    Attributes:
        kind: a stable name for programs.
        message: one line for people, as are `places`.
        count: how many rows (pairs, sentences) it is about.
        places: where the first 20 of them are.
    """

    severity: Severity
    kind: str
    message: Text
    count: int
    places: tuple[Text, ...] = ()


def finding(
    severity: Severity, kind: str, table: PairTable, what: Text, places: Iterable[Text], count: int
) -> Finding:
    """`what` is told of `count` rows of `table`; nothing is built for more places than are shown."""
    shown = tuple(itertools.islice(places, PLACES))
    message = Text(f"{table.name}: {what.en}", f"{table.name}: {what.ko}")
    return Finding(severity, kind, message, count, shown)


def row_findings(
    severity: Severity, kind: str, table: PairTable, what: Text, rows: Sequence[int] | NDArray[np.int64]
) -> list[Finding]:
    if not len(rows):
        return []
    places = (where(table, int(row)) for row in rows)
    return [finding(severity, kind, table, pairs_told(len(rows), what), places, len(rows))]


def pairs_told(number: int, what: Text) -> Text:
    """`2 pairs with ...`: in Korean what is said of pairs stands before them."""
    pairs = "pair" if number == 1 else "pairs"
    return Text(f"{number:,} {pairs} {what.en}", f"{what.ko} 문장쌍 {number:,}개")


def where(table: PairTable, row: int) -> Text:
    line = line_of(table, row).ko
    return Text(table.where(row), f"{table.name} {line}" if table.name else line)


def line_of(table: PairTable, row: int) -> Text:
    """The row without the table's name."""
    if table.lines:
        return Text(f"line {table.lines[row]}", f"{table.lines[row]}행")
    return Text(f"id {table.id[row]}", f"id {table.id[row]}")
