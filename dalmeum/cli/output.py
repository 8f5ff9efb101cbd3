"""What a command prints: one JSON object or text on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any


def print_json(values: Mapping[str, Any]) -> None:
    """One object, on one line, with null for what does not exist."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair, which UTF-8 has no bytes for, as JSON escapes it.
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def note(text: str) -> None:
    """A line for the person watching."""
    print(text, file=sys.stderr, flush=True)


def note_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        note(f"warning: {warning}")


def count(number: int, noun: str) -> str:
    """`1 pair`, `2,000 pairs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
