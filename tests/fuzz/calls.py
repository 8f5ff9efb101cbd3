"""A call of the command line in this process, and what every call promises."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn
from unittest import mock

from dalmeum.cli import main

LIMIT, WAIT = 10.0, 60.0
"""Seconds after which a call counts as hanging: of the processor's time, which other programs don't take from
it, and of a clock's, for one that waits."""

LONGEST = 60
"""Lines that a refusal may take: a file's first problems and their count, or a command's usage."""


class HangError(BaseException):
    """Not an `Exception`, which code under test may catch."""


@dataclass(frozen=True)
class Call:
    """What a call answered."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str


def call(*words: str, folder: Path, stdin: bytes = b"") -> Call:
    """`dalmeum WORDS` with `folder` as the working directory; `HangError` where it takes too long.

    An exception that reaches the caller is the traceback that a user would see.
    """
    out, err = _stream(), _stream()
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["dalmeum", *words]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        _limited(),
    ):
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return Call(words, code, _text(out), _text(err))


def hold_promises(answer: Call) -> None:
    """Exit code 0, 1 or 2; a refusal says something, shortly; nothing that moves the cursor is printed."""
    said = answer.out + answer.err
    assert answer.code in {0, 1, 2}, (answer.code, answer.words, answer.err)
    assert "Traceback (most recent call last)" not in said, answer
    assert answer.code != 2 or 1 <= len(answer.err.strip().splitlines()) <= LONGEST, answer
    controls = {char for char in said if (ord(char) < 32 or 127 <= ord(char) < 160) and char not in "\n\t\r"}
    assert not controls, (controls, answer)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def hang(number: int, frame: FrameType | None) -> NoReturn:
        raise HangError(signal.Signals(number).name)

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, LIMIT), (signal.SIGALRM, signal.ITIMER_REAL, WAIT))
    before = [signal.signal(number, hang) for number, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


@contextlib.contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """A file with another content for the time of a call."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)  # it may have become a link's target
        path.write_bytes(before)
