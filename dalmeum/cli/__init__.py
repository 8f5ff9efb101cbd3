"""The command line: one thin file a command. Heavy imports wait inside the commands, and all of them until
`main` can answer Ctrl-C.
"""

import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

INTERRUPTED = 130
"""The exit code that shells give a program that Ctrl-C ended."""

GOES_ON = {
    "train": "; a training run goes on with --resume",
    "study": "; the same command goes on",
    "demo": "; the same command goes on",
}
"""What an interrupted command may say of its work."""


def main() -> None:
    """Run a command; a user's own mistake ends in its line and exit code, never in a traceback."""
    pressed: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        pressed.append(number)
        raise KeyboardInterrupt

    def deliver(ignored: "sys.UnraisableHookArgs") -> None:
        # An import or a finaliser that lets no exception out would keep this one to itself.
        if isinstance(ignored.exc_value, KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        else:
            sys.__unraisablehook__(ignored)

    handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handled:  # a shell's background job ignores it, and goes on so
        signal.signal(signal.SIGINT, interrupt)
        sys.unraisablehook = deliver
    try:
        from dalmeum.cli.commands import run

        run()
    except BaseException as error:
        # Whatever a library made of the interruption on its way here.
        if not pressed or (isinstance(error, SystemExit) and not error.code):
            raise
        told = GOES_ON.get(next(iter(sys.argv[1:]), ""), "")
        # Not print: the signal may have come in the middle of one.
        os.write(2, f"interrupted{told}\n".encode())
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        handled = False
        raise SystemExit(INTERRUPTED) from None
    finally:
        if handled:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = sys.__unraisablehook__


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dalmeum.cli.commands import app

    return app
