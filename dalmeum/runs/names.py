"""What names runs beside their folders: a part of an id, `latest`, a study's arm, and a slip of the hand."""

import contextlib
import difflib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dalmeum.errors import InputError

LATEST = "latest"
"""What names the newest finished run."""

STUDY = "study.json"
"""In a study's folder what it found, beside its page."""

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


def runs_named(names: Sequence[Any], arm: str | None) -> list[Any]:
    """Runs, in whatever form, and for a study's folder among them the ids of the runs of its arm.

    Raises `InputError` where a study is named and no arm of it, or an arm and no study.
    """
    found: list[Any] = []
    studies = 0
    for name in names:
        findings = Path(name, STUDY) if isinstance(name, str | Path) else None
        if findings is None or not os.path.isfile(findings):
            found.append(name)
            continue
        studies += 1
        arms = _arms_in(findings)
        if arm not in arms:
            what = "is a study" if arm is None else f"has no arm {arm}"
            raise InputError(f"{name}: {what}: name one of its arms, --arm {' or '.join(arms)}")
        found += arms[arm]
    if arm is not None and not studies:
        raise InputError(f"--arm {arm}: of which study? Name its folder, as in studies/NAME")
    return found


def _arms_in(findings: Path) -> dict[str, list[str]]:
    """The runs of each arm, by a study's JSON; `InputError` where it does not say."""
    try:
        arms = json.loads(findings.read_text(encoding="utf-8"))["arms"]
        return {str(name): [str(run) for run in arm["runs"]] for name, arm in arms.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{findings}: does not say which runs its arms have: run the study again") from None
