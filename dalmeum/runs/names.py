"""What names a run: a part of its id, `latest`, and a slip of the hand."""

import contextlib
import difflib
import json
from pathlib import Path

from dalmeum.errors import InputError

LATEST = "latest"
"""What names the newest finished run."""

MOST_NAMED = 3
"""Runs that a message about a wrong name lists."""


def latest(output: Path) -> Path:
    """The folder of the newest finished run under `output`; `InputError` where there is none."""
    found = []
    for file in output.glob("*/run.json"):
        # What is damaged is told when it is named.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            record = json.loads(file.read_text(encoding="utf-8"))
            if record["state"] == "finished":
                found.append((str(record["created"]), file.parent.name, file.parent))
    if not found:
        raise InputError(f"{LATEST}: there is no finished run under {output}/: train one, or name its folder")
    return max(found)[-1]


def nearest(name: str, output: Path) -> str:
    """The runs under `output` that a wrong name may have meant, or else the newest, as a message's end."""
    known = sorted((file.parent.name for file in output.glob("*/run.json")), reverse=True)
    alike = [each for each in known if name and name in each]
    alike += difflib.get_close_matches(name, [each for each in known if each not in alike], n=MOST_NAMED)
    if alike:
        return f"; did you mean {' or '.join(map(repr, alike[:MOST_NAMED]))}?"
    return f"; the newest there: {', '.join(known[:MOST_NAMED])}" if known else ""


def checked_name(name: object) -> str:
    """A name that somebody gave; `InputError` for one that is no part of a folder's name."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or set(name) & set("/\\"):
        raise InputError(
            f"name {name!r:.80}: is a part of a folder's name: no '/', nothing that does not print"
        )
    return name
