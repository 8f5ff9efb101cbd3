"""The one way in which long work tells how far it is: a bar on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import Self

from tqdm.auto import tqdm


class Progress:
    """A progress bar on standard error, where that is a terminal; `line` prints above it, or plainly."""

    def __init__(self, total: int, what: str) -> None:
        self._bar = tqdm(
            total=total, desc=what, file=sys.stderr, disable=None, leave=False, dynamic_ncols=True
        )

    def advance(self, count: int = 1) -> None:
        self._bar.update(count)

    def jump(self, position: int) -> None:
        """Set the bar to a position, as after a resume."""
        self._bar.update(position - self._bar.n)

    def line(self, text: str) -> None:
        self._bar.write(text, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
