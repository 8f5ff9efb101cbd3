"""Batches: who is in which, in what order, and what one request may do to another."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError

import numpy as np
import pytest

from dalmeum.serving.http.batcher import Batcher, BusyError, Pair, Scores, shares


class Gate:
    """Scores each pair by the number in its first sentence, a batch whenever it is let through."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Semaphore(0)
        self.through = threading.Semaphore(0)

    def __call__(self, pairs: Sequence[Pair]) -> Scores:
        self.batches.append([one for one, _ in pairs])
        self.entered.release()
        assert self.through.acquire(timeout=10)
        if any(one == "bad" for one, _ in pairs):
            raise ValueError("bad")
        return np.array([float(one) for one, _ in pairs])

    def let(self, count: int = 1) -> None:
        for _ in range(count):
            self.through.release()


def pairs(*numbers: int) -> list[Pair]:
    return [(str(number), "") for number in numbers]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def batcher(gate: Gate) -> Iterator[Batcher]:
    made = Batcher(gate, waiting=100, wait=2.0, batch=8)
    yield made
    gate.let(100)
    made.stop()


@pytest.mark.parametrize(
    ("lefts", "batch", "given"),
    [
        ([3], 8, [3]),
        ([100], 8, [8]),
        ([100, 1, 1], 8, [6, 1, 1]),  # what the others leave is the first one's
        ([100, 100], 8, [4, 4]),
        ([100, 100, 100], 8, [4, 2, 2]),
        ([100, 100, 100, 1], 8, [5, 1, 1, 1]),
        ([1] * 10, 8, [1] * 8 + [0, 0]),
        ([2, 1, 100], 8, [2, 1, 5]),
        ([100] * 20, 8, [4] + [1] * 4 + [0] * 15),
    ],
)
def test_shares(lefts: list[int], batch: int, given: list[int]) -> None:
    assert shares(lefts, batch) == given


def test_what_waits_is_scored_together_and_each_gets_its_own(gate: Gate, batcher: Batcher) -> None:
    first = batcher.submit(pairs(1))
    assert gate.entered.acquire(timeout=10)
    others = [batcher.submit(pairs(number, 10 * number)) for number in (2, 3, 4)]
    gate.let(2)
    assert first.result(10).tolist() == [1]
    assert [each.result(10).tolist() for each in others] == [[2, 20], [3, 30], [4, 40]]
    assert gate.batches == [["1"], ["2", "20", "3", "30", "4", "40"]]
    assert batcher.submit([]).result(10).tolist() == []


def test_a_long_list_does_not_hold_up_what_comes_after_it(gate: Gate, batcher: Batcher) -> None:
    long = batcher.submit(pairs(*range(30)))
    assert gate.entered.acquire(timeout=10)
    short = batcher.submit(pairs(99))
    gate.let(2)
    assert short.result(10).tolist() == [99]
    assert gate.batches[1] == [*map(str, range(8, 15)), "99"]
    gate.let(3)
    assert long.result(10).tolist() == list(range(30))
    assert [len(each) for each in gate.batches] == [8, 8, 8, 7]


def test_what_is_cancelled_is_not_scored(gate: Gate, batcher: Batcher) -> None:
    first = batcher.submit(pairs(1))
    assert gate.entered.acquire(timeout=10)
    gone, kept = batcher.submit(pairs(*range(50, 90))), batcher.submit(pairs(2))
    assert batcher.waiting == 41
    assert gone.cancel()
    assert batcher.waiting == 1
    gate.let(2)
    assert (first.result(10).tolist(), kept.result(10).tolist()) == ([1], [2])
    assert gate.batches == [["1"], ["2"]]


def test_cancelled_in_the_middle_the_rest_is_dropped(gate: Gate, batcher: Batcher) -> None:
    gone = batcher.submit(pairs(*range(40)))
    assert gate.entered.acquire(timeout=10)
    kept = batcher.submit(pairs(99))
    assert gone.cancel()
    gate.let(2)
    assert kept.result(10).tolist() == [99]
    assert gate.batches[1:] == [["99"]]


def test_what_fails_fails_alone(gate: Gate, batcher: Batcher) -> None:
    first = batcher.submit(pairs(1))
    assert gate.entered.acquire(timeout=10)
    good, bad, other = batcher.submit(pairs(2)), batcher.submit([("bad", "")]), batcher.submit(pairs(3))
    gate.let(5)
    assert first.result(10).tolist() == [1]
    assert [each.result(10).tolist() for each in (good, other)] == [[2], [3]]
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)


def test_no_more_waits_than_may(gate: Gate, batcher: Batcher) -> None:
    batcher.submit(pairs(0))
    assert gate.entered.acquire(timeout=10)
    batcher.submit(pairs(*range(60)))
    with pytest.raises(BusyError) as refused:
        batcher.submit(pairs(*range(41)))
    assert refused.value.seconds == 2.0  # nothing is known of the rate
    batcher.submit(pairs(*range(40)))


def test_who_would_wait_too_long_is_refused_with_the_time_of_the_queue() -> None:
    def slow(given: Sequence[Pair]) -> Scores:
        time.sleep(0.01 * len(given))
        return np.zeros(len(given))

    batcher = Batcher(slow, waiting=1000, wait=0.5, batch=8)
    batcher.measure(pairs(*range(20)))
    assert batcher.rate == pytest.approx(100, rel=0.3)
    long = batcher.submit(pairs(*range(150)))
    # Of the long list no more is before this one than its own length: it waits hardly at all.
    short = batcher.submit(pairs(1))
    with pytest.raises(BusyError) as refused:
        batcher.submit(pairs(*range(150)))
    assert refused.value.seconds == pytest.approx(1.5, rel=0.4)
    start = time.monotonic()
    assert short.result(10).tolist() == [0]
    assert time.monotonic() - start < 0.7
    long.cancel()
    batcher.stop()


def test_the_end_cancels_what_waits(gate: Gate, batcher: Batcher) -> None:
    begun = batcher.submit(pairs(1))
    assert gate.entered.acquire(timeout=10)
    waits = batcher.submit(pairs(2))
    threading.Timer(0.1, gate.let).start()
    batcher.stop()
    assert begun.result(10).tolist() == [1]
    with pytest.raises(CancelledError):
        waits.result(10)
    with pytest.raises(BusyError):
        batcher.submit(pairs(3))
