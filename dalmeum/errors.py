"""What can go wrong for a user: one line that says what is wrong, where, and the mend."""

from collections.abc import Sequence

REPORTED_PROBLEMS = 20
"""Problems of one file that are written out; the rest are counted."""


def one_line(message: str) -> str:
    """The message with the line ends that a name may have written out: nothing in it is a line of ours."""
    return message.replace("\n", "\\n").replace("\r", "\\r")


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
    """A part of dalmeum whose optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'dalmeum[{extra}]'")
