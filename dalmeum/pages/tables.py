"""Tables as values; one template draws them all, and folds each row into a card on a narrow screen."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from dalmeum.languages import Shown
from dalmeum.numbers import NONE, has_interval, interval, number, signed, signed_interval
from dalmeum.stats import Estimate


@dataclass(frozen=True)
class Cell:
    """A value, with lines in small type below it.

    Attributes:
        mark: the class of style that colours the value.
        items: cells of their own below each other, each with its name.
    """

    value: Shown
    below: Sequence[Shown] = ()
    mark: str = ""
    items: Sequence[tuple[Shown, "Cell"]] = ()

    @property
    def is_empty(self) -> bool:
        return self.value == NONE and not self.below


EMPTY = Cell(NONE)


@dataclass(frozen=True)
class Row:
    """`below` are lines in small type below the name, `link` is the address that the name leads to."""

    name: Shown
    cells: Sequence[Cell]
    below: Sequence[Shown] = ()
    link: str = ""


@dataclass(frozen=True)
class Group:
    """Rows that belong together, under a title where they have one."""

    rows: Sequence[Row]
    title: Shown = ""


@dataclass(frozen=True)
class Table:
    """The first of `heads` is that of the names; each row has a cell for each of the others.

    Attributes:
        wide: whether the last column holds sentences rather than numbers.
        more: what is said below the table, as that rows were left out.
    """

    heads: Sequence[Shown]
    groups: Sequence[Group]
    wide: bool = False
    more: Shown = ""


def estimate_cell(estimate: Estimate | None, digits: int = 3, bound_digits: int = 2) -> Cell:
    """A score with its bounds below it, where it has some."""
    if estimate is None or number(estimate.value) == NONE:
        return EMPTY
    below = (interval(estimate, bound_digits),) if has_interval(estimate) else ()
    return Cell(number(estimate.value, digits), below)


def signed_cell(estimate: Estimate, digits: int = 4) -> Cell:
    """A difference with its bounds below it, where it has some."""
    if number(estimate.value) == NONE:
        return EMPTY
    below = (signed_interval(estimate, digits),) if has_interval(estimate) else ()
    return Cell(signed(estimate.value, digits), below)


def difference_cell(difference: Estimate | None, digits: int = 3) -> Cell:
    """A difference of two errors, coloured where its interval leaves 0 out: less is better."""
    if difference is None:
        return EMPTY
    mark = ""
    if is_clear(difference):
        mark = "better" if difference.value < 0 else "worse"
    return dataclasses.replace(signed_cell(difference, digits), mark=mark)


def is_clear(difference: Estimate) -> bool:
    """Whether the interval leaves 0 out; what shows as 0.000 is no difference, however sure."""
    return bool(round(difference.value, 3)) and (difference.low > 0 or difference.high < 0)
