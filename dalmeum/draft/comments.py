"""Comments of a recipe, in the terminal's language."""

from collections.abc import Iterator

from dalmeum.languages import Text
from dalmeum.terminal import wrapped

WIDTH = 100
"""Columns of a comment."""


def comment(text: Text, indent: int = 0) -> Iterator[str]:
    lead = " " * indent
    yield from wrapped(shown(str(text)), WIDTH, first=f"{lead}# ", rest=f"{lead}# ")


def shown(text: str) -> str:
    """Names from files as they may stand in a comment: on one line."""
    return "".join(each if each.isprintable() else "?" for each in text)
