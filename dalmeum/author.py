"""Who works here: a name beside runs, claims and submissions."""

import os
import subprocess

from dalmeum.errors import InputError
from dalmeum.languages import composed, shorten

SETTING = "DALMEUM_AUTHOR"

LONGEST = 80


def author() -> str | None:
    """What `DALMEUM_AUTHOR` says, else git's `user.name`; None where neither says anything."""
    return _name(os.environ.get(SETTING, "")) or _name(_gits())


def known_author() -> str:
    """The author, where one is needed; `InputError` where nobody knows."""
    name = author()
    if name is None:
        raise InputError(
            f"who are you? Set {SETTING} to your name, or git's: git config --global user.name NAME"
        )
    return name


def _gits() -> str:
    try:
        told = subprocess.run(
            ["git", "config", "user.name"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):  # no git here, or one that does not answer
        return ""
    return told.stdout.decode("utf-8", "replace")


def _name(text: str) -> str | None:
    """A line of letters that print, as short as a name."""
    printed = "".join(letter if letter.isprintable() else " " for letter in composed(text))
    return shorten(" ".join(printed.split()), LONGEST) or None
