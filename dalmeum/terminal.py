"""What goes to the terminal: foreign text made harmless, and one table whose columns fit the width."""

import codecs
import contextlib
import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO, cast

from rich.cells import cell_len

from dalmeum.errors import one_line

WIDTH = 80
"""Where nobody says how wide the terminal is: in a pipe, a file, a notebook."""


LONGEST_WHOLE = 20
"""Columns of a cell that are not broken, but for the first cell of a row: an interval takes 18."""

COMMANDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
"""What a terminal obeys and does not show: control characters, and those that turn the direction of text."""

READABLE = str.maketrans(
    {
        "█": "#",
        "→": "->",
        "±": "+-",
        "…": "...",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "·": "*",
        "•": "*",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
    }
)
"""What stands for dalmeum's own signs where an encoding lacks them."""

FALLBACK = "dalmeum.readable"


def harmless(text: str) -> str:
    """The text with what a terminal would obey written out, as in `\\x1b`; line ends and tabs stay."""
    return COMMANDING.sub(lambda found: escaped(found[0]), text)


def shell_word(text: str) -> str:
    """The text as a word of a shell's command, on one line: as bash and zsh read `$'...'` where it must."""
    if text.isprintable():
        return shlex.quote(text)
    spelt = (f"\\{each}" if each in "\\'" else each if each.isprintable() else escaped(each) for each in text)
    return f"$'{''.join(spelt)}'"


def escaped(characters: str) -> str:
    """Each character as Python and JSON write it: `\\x1b`, `\\ud55c`."""
    forms = ((0x100, "\\x{:02x}"), (0x10000, "\\u{:04x}"), (sys.maxunicode + 1, "\\U{:08x}"))
    codes = map(ord, characters)
    return "".join(next(form for limit, form in forms if code < limit).format(code) for code in codes)


class Harmless:
    """A stream to the terminal, which gets every text `harmless`; all else is the stream's own.

    `stream` is what it writes to.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(harmless(text))

    def writelines(self, lines: Iterable[str]) -> None:
        self.stream.writelines(map(harmless, lines))

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # through which bytes would get by: Typer writes its help so
            raise AttributeError(name)
        return getattr(self.stream, name)


@contextlib.contextmanager
def harmless_terminal() -> Iterator[None]:
    """Standard output and standard error take every text in this block: nothing in it is obeyed, and nothing
    fails for want of a character in the encoding, as of a pipe in CP949 or ASCII.
    """
    codecs.register_error(FALLBACK, _readable)
    before = sys.stdout, sys.stderr
    errors = [getattr(stream, "errors", None) for stream in before]
    sys.stdout, sys.stderr = (_guarded(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream, handler in zip(before, errors, strict=True):
            if handler is not None and isinstance(stream, io.TextIOWrapper) and not stream.closed:
                stream.reconfigure(errors=handler)


def _guarded(stream: TextIO | None) -> Any:
    if stream is None:  # without a console, as under pythonw
        return None
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=FALLBACK)
    return cast(TextIO, Harmless(stream))


def _readable(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `str.encode` with something to read for every character."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    told = (each.translate(READABLE) for each in lost)
    return "".join(each if each.isascii() else escaped(each) for each in told), error.end


def terminal_width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns


def table(
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
) -> list[str]:
    """Lines in which the cells of a column stand below each other; the first row is the head.

    A Hangul syllable takes two columns of the terminal, and is counted so. What does not fit `width` (by
    default the terminal's) is broken into several lines inside its cell, names before numbers. `right` are
    the columns, from 0, whose cells stand on the right, `whole` those whose cells are broken last.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head, *body = [[harmless(str(cell)) for cell in row] for row in rows]
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
            min_width=widest if index in whole else min(widest, LONGEST_WHOLE) if index else None,
        )
    for row in body:
        grid.add_row(*map(Text, row))
    console = Console(
        width=width or terminal_width(), color_system=None, force_terminal=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(grid)
    return [line.rstrip() for line in capture.get().splitlines()]


def named_lines(named: Sequence[tuple[object, object]]) -> list[str]:
    """What has which name, a line each."""
    width = max(columns(str(name)) for name, _ in named)
    return [f"{name}{' ' * (width - columns(str(name)))}  {one_line(str(what))}" for name, what in named]


def columns(text: str) -> int:
    """The columns of a terminal that `text` takes: Hangul and other wide characters take two."""
    return cell_len(text)


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` columns, the first after `first`, the others after `rest`.

    A word is never broken: a path that is longer than a line stands in a line of its own.
    """
    lines = [first]
    empty = True
    for word in harmless(text).split():
        if not empty and columns(f"{lines[-1]} {word}") > width:
            lines.append(rest)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return lines
