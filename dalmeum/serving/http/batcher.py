"""Pairs of many requests, scored together by one thread a model."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from dalmeum.errors import DalmeumError

Pair = tuple[str, str]
Scores = NDArray[np.float64]

SMALLEST = 16
"""Pairs from which a batch is nearly as quick as any, a pair."""

SPELL = 0.5
"""Seconds that a batch may take, as far as that leaves it `SMALLEST` pairs: what comes next waits for it."""

RECENT = 16
"""Batches by which the rate is judged."""


class BusyError(DalmeumError):
    """More waits than can be answered soon; `seconds` until it is worth to ask again."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("the server is busy: ask again later")


class Job:
    """A request's pairs, of which the first `taken` are scored or being scored."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.taken = 0
        self.scores: Scores = np.empty(len(pairs))
        self.future: Future[Scores] = Future()

    @property
    def left(self) -> int:
        return 0 if self.future.done() else len(self.pairs) - self.taken

    def take(self, count: int) -> slice:
        part = slice(self.taken, self.taken + count)
        self.taken += count
        return part


class Batcher:
    """One thread that scores what waits, up to `batch` pairs at a time (fewer of a slow model), without
    waiting for more.

    The longest-waiting request gets up to half of a batch, and the others share the rest, in their order: a
    long list goes on at half speed at least, and does not hold up what came after it. Nobody's score depends
    on that but for its last digits. What was cancelled is dropped.

    Args:
        score: pairs in, scores (n,) out.
        batch, waiting, wait: as in `Limits`.
        observe: told of each batch, its pairs and its seconds.
    """

    def __init__(
        self,
        score: Callable[[Sequence[Pair]], Scores],
        *,
        batch: int,
        waiting: int,
        wait: float,
        observe: Callable[[int, float], object] = lambda pairs, seconds: None,
    ) -> None:
        self._score_pairs, self._observe = score, observe
        self._most, self._wait, self._batch = waiting, wait, batch
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._recent: deque[tuple[int, float]] = deque(maxlen=RECENT)
        self._stopped = False
        self._thread: threading.Thread | None = None

    def measure(self, pairs: Sequence[Pair]) -> None:
        """Score pairs, to have a rate before there is work: without one, any queue looks short."""
        self._recent.append((len(pairs), self._timed([(Job(pairs), slice(0, len(pairs)))])))

    def start(self) -> None:
        """Take pairs, again if it was stopped. A new one does."""
        self._stopped, self._thread = False, None

    def stop(self) -> None:
        """End after the batch that is at work; what still waits is cancelled."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        for job in self._jobs:
            job.future.cancel()
        self._jobs.clear()

    @property
    def waiting(self) -> int:
        """Pairs in the queue."""
        with self._changed:
            return sum(job.left for job in self._jobs)

    @property
    def rate(self) -> float | None:
        """Pairs a second of late, while there was enough to do; None where there never was."""
        pairs, seconds = map(sum, zip(*self._recent, strict=True)) if self._recent else (0, 0.0)
        return pairs / seconds if seconds else None

    @property
    def _size(self) -> int:
        """Of the next batch."""
        rate = self.rate
        return self._batch if rate is None else min(self._batch, max(SMALLEST, int(rate * SPELL)))

    def submit(self, pairs: Sequence[Pair]) -> "Future[Scores]":
        """Scores (n,) of pairs, to come; to cancel it before is to let go of what is not scored yet.

        Raises `BusyError` where too much waits.
        """
        job = Job(pairs)
        if not pairs:
            job.future.set_result(job.scores)
            return job.future
        with self._changed:
            self._check_room(len(pairs))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="scoring", daemon=True)
                self._thread.start()
            self._jobs.append(job)
            self._changed.notify_all()
        return job.future

    def _check_room(self, count: int) -> None:
        lefts = [job.left for job in self._jobs]
        # Of a longer list no more comes before this one than it has itself.
        before = sum(min(left, count) for left in lefts)
        rate = self.rate
        full = sum(lefts) + count > self._most
        late = rate is not None and before / rate > self._wait
        if full or late or self._stopped:
            raise BusyError(sum(lefts) / rate if rate else self._wait)

    def _work(self) -> None:
        while parts := self._next():
            count, seconds = sum(part.stop - part.start for _, part in parts), self._timed(parts)
            self._observe(count, seconds)
            # A small batch is slow for its size, and says nothing of what a full one takes.
            if 2 * count >= self._size:
                self._recent.append((count, seconds))

    def _timed(self, parts: Sequence[tuple[Job, slice]]) -> float:
        start = time.perf_counter()
        self._score(parts)
        return time.perf_counter() - start

    def _next(self) -> list[tuple[Job, slice]]:
        """Parts of jobs for a batch; none when there will be no more."""
        with self._changed:
            while True:
                self._jobs = [job for job in self._jobs if job.left]
                if self._stopped:
                    return []
                if self._jobs:
                    counts = shares([job.left for job in self._jobs], self._size)
                    return [
                        (job, job.take(count)) for job, count in zip(self._jobs, counts, strict=True) if count
                    ]
                self._changed.wait()

    def _score(self, parts: Sequence[tuple[Job, slice]]) -> None:
        try:
            scores = self._score_pairs([pair for job, part in parts for pair in job.pairs[part]])
        except BaseException as error:  # own code may end a program, but not this thread
            if len(parts) == 1:
                _fail(parts[0][0], error)
            else:  # what is wrong with one request is no other's fault
                for each in parts:
                    self._score([each])
            return
        start = 0
        for job, part in parts:
            job.scores[part] = scores[start : start + part.stop - part.start]
            start += part.stop - part.start
            if job.taken == len(job.pairs) and job.future.set_running_or_notify_cancel():
                job.future.set_result(job.scores)


def _fail(job: Job, error: BaseException) -> None:
    if job.future.set_running_or_notify_cancel():
        job.future.set_exception(error)


def shares(lefts: Sequence[int], batch: int) -> list[int]:
    """How many of `batch` places each of the jobs gets, the longest-waiting first, by what each has left."""
    first = min(lefts[0], max(batch // 2, batch - sum(lefts[1:])))
    room, others = batch - first, max(len(lefts) - 1, 1)
    given = [first]
    for left in lefts[1:]:
        given.append(min(left, room, max(1, (batch - first) // others)))
        room -= given[-1]
    for place, left in enumerate(lefts):
        more = min(left - given[place], room)
        given[place] += more
        room -= more
    return given
