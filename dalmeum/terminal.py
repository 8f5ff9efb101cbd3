"""The one table of the terminal: columns that fit its width, whatever characters they hold."""

import shutil
from collections.abc import Sequence

from rich.cells import cell_len

WIDTH = 80
"""Where nobody says how wide the terminal is: in a pipe, a file, a notebook."""


LONGEST_WHOLE = 20
"""Columns of a cell that are not broken, but for the first cell of a row: an interval takes 18."""


def terminal_width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns


def table(
    rows: Sequence[Sequence[object]], *, width: int | None = None, right: Sequence[int] = ()
) -> list[str]:
    """Lines in which the cells of a column stand below each other; the first row is the head.

    A Hangul syllable takes two columns of the terminal, and is counted so. What does not fit `width` (by
    default the terminal's) is broken into several lines inside its cell, names before numbers. `right` are
    the columns, from 0, whose cells stand on the right.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head, *body = [[str(cell) for cell in row] for row in rows]
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for index, title in enumerate(head):
        # A head may be broken between its words, a number nowhere.
        parts = [*title.split(), *(row[index] for row in body)]
        widest = max(map(columns, parts), default=0)
        grid.add_column(
            Text(title),
            justify="right" if index in right else "left",
            no_wrap=False,
            overflow="fold",
            min_width=min(widest, LONGEST_WHOLE) if index else None,
        )
    for row in body:
        grid.add_row(*map(Text, row))
    console = Console(
        width=width or terminal_width(), color_system=None, force_terminal=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(grid)
    return [line.rstrip() for line in capture.get().splitlines()]


def columns(text: str) -> int:
    """The columns of a terminal that `text` takes: Hangul and other wide characters take two."""
    return cell_len(text)


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` columns, the first after `first`, the others after `rest`.

    A word is never broken: a path that is longer than a line stands in a line of its own.
    """
    lines = [first]
    empty = True
    for word in text.split():
        if not empty and columns(f"{lines[-1]} {word}") > width:
            lines.append(rest)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return lines
