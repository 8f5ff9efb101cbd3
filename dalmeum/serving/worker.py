"""Who scores shards of a file: one of them in a process of its own, or many on a cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from dalmeum.data.readers.rows import Block, open_rows
from dalmeum.errors import InputError
from dalmeum.serving.backends import Backend, Choice, opened
from dalmeum.serving.shards import Scores, Work

UNTOLD: Callable[[int], object] = lambda count: None  # noqa: E731


class Worker:
    """The model, and the file as far as it was read: shards are quick to find in the order of their numbers.

    Raises `InputError` where this process finds no such file or model.
    """

    def __init__(self, work: Work, backend: Backend | None = None) -> None:
        try:
            size = os.path.getsize(work.file)
        except OSError as error:
            raise InputError(
                f"{work.file}: a worker can't read it: {(error.strerror or '').lower()}"
            ) from None
        if size != work.size:
            raise InputError(f"{work.file}: a worker sees another file there: put it where all find the same")
        self.work = work
        export = None if work.export is None else Path(work.export)
        choice = Choice(work.backend, export)
        self.backend = backend or opened(choice, work.model, work.precision, trust_code=work.trust_code)
        self._files = ExitStack()
        self._rows = self._files.enter_context(open_rows(work.file, **work.reading))
        self._blocks: Iterator[tuple[int, Block]] = iter(())
        self._next = 0

    def scores(self, number: int, advance: Callable[[int], object] = UNTOLD) -> Scores:
        """Of a shard; `advance` gets the number of pairs done."""
        block = self._block(number)
        # Whoever begins with this shard, after another was killed, must come to the same digits.
        self.backend.forget()
        pairs = list(zip(block.sentence1, block.sentence2, strict=True))
        return self.backend.score(pairs, advance, self._rows.name)

    def _block(self, number: int) -> Block:
        if number < self._next or not self._next:
            self._blocks = enumerate(self._rows.blocks(self.work.shard))
        for place, block in self._blocks:
            self._next = place + 1
            if place == number:
                return block
        raise InputError(f"{self._rows.name}: has changed while it was read: run the command again")
