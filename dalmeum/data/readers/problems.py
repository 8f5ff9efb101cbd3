"""Collecting what is wrong with one file, so that its author hears everything at once."""

import difflib
import json
from collections.abc import Iterable
from typing import Literal

from dalmeum.errors import DataError
from dalmeum.languages import Text

Unit = Literal["line", "record"]

ECHOED_CHARACTERS = 40


class Problems:
    """The problems of one file, told in the order of their lines; those of the whole file come first.

    And `notes` on what can be lived with.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[Text] = []
        self._found: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, what: str, at: int | None = None, unit: Unit = "line") -> None:
        """Note `what` is wrong, `at` a line or record counted from 1, or with the file as a whole."""
        place = self.name if at is None else f"{self.name}, {unit} {at}"
        self._found.append((at or 0, f"{place}: {what}"))

    def raise_any(self) -> None:
        """Raise `DataError` where there is a problem."""
        if self._found:
            raise DataError([line for _, line in sorted(self._found, key=lambda found: found[0])])


def quoted(value: object) -> str:
    """A value from a file as it may stand in a message: in quotes, short, and on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:ECHOED_CHARACTERS]
    )
    return f"'{shown}…'" if len(text) > ECHOED_CHARACTERS else f"'{shown}'"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` with the nearest known name, or nothing where none is near."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {quoted(nearest[0])}?" if nearest else ""
