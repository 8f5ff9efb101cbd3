"""What can go wrong for a user: one line that says what is wrong, where, and the mend."""

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

REPORTED_PROBLEMS = 20
"""Problems of one file that are written out; the rest are counted."""


def one_line(message: str) -> str:
    """The message with the line ends and tabs that a name may have written out: nothing in it is a line of
    ours.
    """
    return message.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def nearest_file(path: Path, suffixes: Collection[str] | None = None) -> str | None:
    """The name in its folder that a wrong one may have meant, of those that end as `suffixes` say."""
    try:
        files = [
            file for file in path.parent.iterdir() if suffixes is None or file.suffix.lower() in suffixes
        ]
    except (OSError, ValueError):
        return None
    # By stems: a shared .csv would make any two short names alike. Of one stem, as the recipe beside its
    # data, the file that ends alike.
    files.sort(key=lambda file: difflib.SequenceMatcher(None, file.suffix, path.suffix).ratio())
    names = {file.stem: file.name for file in files}
    nearest = difflib.get_close_matches(path.stem, names, n=1)
    return names[nearest[0]] if nearest else None


class DalmeumError(Exception):
    """The work failed. The message is one line for the user; a traceback adds nothing."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class InputError(DalmeumError):
    """The input or the call is wrong, and only its author can mend it."""

    exit_code = 2


class DataError(InputError):
    """A data file that can't be used, with all of its problems, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(one_line, problems))
        shown = list(self.problems[:REPORTED_PROBLEMS])
        left_out = len(self.problems) - len(shown)
        if left_out:
            shown.append(f"... and {left_out:,} more problems")
        Exception.__init__(self, "\n".join(shown))


class RecipeError(InputError):
    """A recipe that can't be used, with all of its problems, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(one_line, problems))
        Exception.__init__(self, "\n".join(self.problems))


class MissingExtraError(InputError):
    """A part of dalmeum whose optional dependency is not installed; `otherwise` is another way."""

    def __init__(self, package: str, extra: str, otherwise: str = "") -> None:
        super().__init__(f"{package} is not installed: pip install 'dalmeum[{extra}]'{otherwise}")
