"""The one way in which long work tells how far it is: a bar on a terminal, plain lines elsewhere."""

import os
import sys
import threading
import time
from types import TracebackType
from typing import Self

from tqdm.auto import tqdm

from dalmeum.errors import one_line
from dalmeum.languages import Text

EVERY = 30.0
"""Seconds between plain lines."""

LEFT = Text("{what} {done:,} of {total:,}, {left} left", "{what} {done:,}/{total:,}, 남은 시간 {left}")
STARTED = Text("{what} {done:,} of {total:,}", "{what} {done:,}/{total:,}")


class Progress:
    """How far `total` steps of work are, on standard error: a bar where that is a terminal, and elsewhere a
    line after every `EVERY` seconds, with the time left. `line` prints above the bar, or plainly. Of the
    processes that torchrun started the first alone shows any.
    """

    def __init__(self, total: int, what: str | Text) -> None:
        self.total, self.what, self.done, self._first = total, what, 0, 0
        # A bar moves the cursor, which the command line's stream lets no text do.
        self._file = getattr(sys.stderr, "stream", sys.stderr)
        self._bar = tqdm(
            total=total,
            desc=str(what),
            file=self._file,
            disable=None if first_process() else True,
            leave=False,
            dynamic_ncols=True,
        )
        self._start = time.monotonic()
        self._over = threading.Event()
        if self._bar.disable and first_process():
            threading.Thread(target=self._tell, daemon=True).start()

    def advance(self, count: int = 1) -> None:
        self.done += count
        self._bar.update(count)

    def jump(self, position: int) -> None:
        """Set the bar to a position; the first one, as after a resume, is no work of now."""
        if self.done == 0:
            self._first = position
        self.advance(position - self.done)

    def line(self, text: object) -> None:
        with tqdm.external_write_mode(file=self._file):
            print(one_line(str(text)), file=sys.stderr, flush=True)

    def told(self) -> Text:
        """How far the work is, and how long it will take, judged by what was done since its start."""
        done, seconds = self.done - self._first, time.monotonic() - self._start
        told = LEFT if done > 0 and self.done < self.total else STARTED
        left = duration(seconds * (self.total - self.done) / max(done, 1))
        return told.format(what=self.what, done=self.done, total=self.total, left=left)

    def _tell(self) -> None:
        while not self._over.wait(EVERY):
            self.line(self.told())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._bar.close()


def first_process() -> bool:
    """Whether this process is the one that tells: of those that torchrun started, the first."""
    return os.environ.get("RANK", "0") == "0"


def tell(text: object) -> None:
    """A line for the person watching, whatever name is in it; of torchrun's processes the first tells."""
    if first_process():
        print(one_line(str(text)), file=sys.stderr, flush=True)


def duration(seconds: float) -> Text:
    """A time in the units that matter: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return Text("{time:.0f} s", "{time:.0f}초").format(time=seconds)
    if seconds < 90 * 60:
        return Text("{time:.0f} min", "{time:.0f}분").format(time=seconds / 60)
    return Text("{time:.1f} h", "{time:.1f}시간").format(time=seconds / 3600)
