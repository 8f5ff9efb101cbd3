"""Foreign text made short, and safe for Plotly, which reads some HTML in its labels."""

import html
import json
from typing import Any

from dalmeum.languages import Shown, Text, shorten
from dalmeum.terminal import columns as columns_of

LONGEST_NAME = 60
HOVER_COLUMNS = 44
HOVER_LINES = 4
NO_SOURCE = Text("(no source)", "(출처 없음)")

INVISIBLE = dict.fromkeys([*range(9), *range(14, 32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Control characters, and those that turn the direction of all text after them in a label."""


def source_name(source: str) -> Shown:
    """A source as a table names it."""
    return shorten(source, LONGEST_NAME) if source else NO_SOURCE


def plotly_label(text: str, columns: int = 24) -> str:
    """One line for a Plotly label: what looks like markup is shown, not obeyed."""
    return html.escape(wrap(text, columns, 1)[0], quote=False)


def plotly_labels(text: Shown, columns: int = 24) -> Text:
    """A label in both languages; a name is the same in each."""
    by_language = (text.en, text.ko) if isinstance(text, Text) else (text, text)
    return Text(*(plotly_label(each, columns) for each in by_language))


def plotly_lines(text: str) -> str:
    """A sentence for a Plotly hover label, broken into a few lines that fit a telephone."""
    return "<br>".join(html.escape(line, quote=False) for line in wrap(text, HOVER_COLUMNS, HOVER_LINES))


def wrap(text: str, columns: int, most_lines: int) -> list[str]:
    """Lines of at most `columns` terminal columns (a Hangul syllable takes 2); an ellipsis tells of more."""
    # A character takes a column, but for the few that stand on another: this many are enough to look at.
    most = columns * most_lines
    text = text[: 2 * most].translate(INVISIBLE)
    lines, line, used = [], "", 0
    for word in text[:most].split():
        if used and used + 1 + columns_of(word) > columns:
            lines.append(line)
            line, used = "", 0
        elif used:
            line, used = line + " ", used + 1
        for character in word:
            if used + columns_of(character) > columns:
                lines.append(line)
                line, used = "", 0
            line, used = line + character, used + columns_of(character)
    lines.append(line)
    if len(text) <= most and len(lines) <= most_lines:
        return lines
    return [*lines[: most_lines - 1], lines[:most_lines][-1][: columns - 1] + "…"]


def script_json(value: Any) -> str:
    """JSON that can stand inside a `<script>` element: nothing in it can end the element or begin another.

    A `Text` becomes `{"en": ..., "ko": ...}`, of which the page's script takes the language shown.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_languages)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _languages(value: Any) -> dict[str, str]:
    if isinstance(value, Text):
        return {"en": value.en, "ko": value.ko}
    raise TypeError(f"{type(value).__name__} is not JSON")
