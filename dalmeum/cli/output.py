"""What a command prints: one JSON object or text on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dalmeum.languages import Text
from dalmeum.progress import tell
from dalmeum.terminal import COMMANDING, named_lines

RUN, REPORT = Text("run", "실행"), Text("report", "보고서")
SUBMISSION = Text("submission", "제출 파일")


def print_json(values: Mapping[str, Any]) -> None:
    """One object, on one line, with null for what does not exist.

    What the output's encoding lacks, and what a terminal would obey, stands there as JSON escapes it.
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a pipe in CP949, or half of a surrogate pair
        text = json.dumps(values, allow_nan=False)
    print(COMMANDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def note_warnings(warnings: Iterable[Text]) -> None:
    for warning in warnings:
        tell(f"{Text('warning', '주의')}: {warning}")


def note_page(page: Path) -> None:
    tell(f"{Text('page', '페이지')}: {page}")


def print_places(places: Sequence[tuple[Text, object]]) -> None:
    """What lies where, a line each."""
    print("\n".join(named_lines(places)))
