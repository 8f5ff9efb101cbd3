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
    "tune": "; the same command goes on",
    "demo": "; the same command goes on",
}
"""What an interrupted command may say of its work."""


def main() -> None:
    """Run a command; a user's own mistake ends in its line and exit code, never in a traceback."""
    pressed: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        pressed.append(number)
        if _importing(frame):
            # Libraries in C++ abort, or make something else of it; nothing is lost that a kill would not.
            os.write(2, _told().encode())
            os._exit(INTERRUPTED)
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
        # Not print: the signal may have come in the middle of one.
        os.write(2, _told().encode())
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        handled = False
        raise SystemExit(INTERRUPTED) from None
    finally:
        if handled:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = sys.__unraisablehook__


def _importing(frame: FrameType | None) -> bool:
    """Whether a frame is inside of an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _told() -> str:
    return f"interrupted{GOES_ON.get(next(iter(sys.argv[1:]), ''), '')}\n"


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dalmeum.cli.commands import app

    return app
