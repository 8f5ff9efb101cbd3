"""From a path to bytes: regular files, and pipes that somebody writes to."""

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from dalmeum.data.readers.problems import quoted
from dalmeum.errors import DataError, nearest_file
from dalmeum.places import is_file_at_rest

PIPE_BYTES = 1 << 30
"""What a pipe may hold; it is kept in memory."""

PATIENCE = 3.0
"""Seconds for which a pipe that nobody writes to is waited for: a writer may be about to start."""


def open_source(path: Path, name: str) -> BinaryIO:
    """The file, to be read from its beginning as often as needed.

    A pipe (`/dev/stdin`, `<(...)`) is read to its end first. `DataError` where there is no file, a device,
    what the system makes as it is read (`/proc/...`), or a pipe that nobody writes to.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise DataError([f"{name}: is a folder; name a file"])
        if stat.S_ISFIFO(mode):
            return io.BytesIO(_read_pipe(path, name))
        if not is_file_at_rest(path):
            raise DataError([f"{name}: is a device, not a file: save the data to a file and name that"])
        return open(path, "rb")
    except FileNotFoundError:
        raise DataError([f"{name}: no such file{_hint(path, name)}"]) from None
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None


def unreadable(name: str, error: Exception) -> DataError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return DataError([f"{name}: can't be read: {reason}"])


def _read_pipe(path: Path, name: str) -> bytes:
    """All that comes, for as long as somebody has the pipe open for writing."""
    from select import POLLIN, poll  # there are no such pipes where there is no poll

    data = bytearray()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # else it waits for a writer, forever
    try:
        waiting = poll()
        waiting.register(descriptor, POLLIN)
        written_to = bool(waiting.poll(1000 * PATIENCE))
        while True:
            try:
                piece = os.read(descriptor, 1 << 20)
            except BlockingIOError:  # a writer that takes its time
                written_to = bool(waiting.poll())
                continue
            if not written_to:
                raise DataError([f"{name}: is a pipe that nobody writes to; name a file"])
            data += piece
            if len(data) > PIPE_BYTES:
                raise DataError([f"{name}: more than 1 GiB came through this pipe: save it to a file"])
            if not piece:
                return bytes(data)
    finally:
        os.close(descriptor)


def _hint(path: Path, name: str) -> str:
    if "://" in name:
        return "; it looks like a URL: download the file and name it"
    if any(sign in name for sign in "*?["):
        return "; it looks like a pattern: name one file"
    if path.is_symlink():
        return ": it is a link that leads nowhere"
    near = nearest_file(path)
    return f"; did you mean {quoted(near)}?" if near else ""
