import random

import pytest

from dalmeum.training.batches import LengthBatchSampler


def lengths(count: int) -> list[int]:
    generator = random.Random(0)
    return [generator.randint(5, 100) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 32, 1000, 2003])
@pytest.mark.parametrize("group", [True, False])
def test_each_pair_once_an_epoch(count: int, group: bool) -> None:
    sampler = LengthBatchSampler(lengths(count), 32, seed=1, group=group)
    batches = list(sampler)
    assert sorted(row for batch in batches for row in batch) == list(range(count))
    assert len(batches) == len(sampler)
    assert sorted(len(batch) for batch in batches)[1:] == [32] * (len(batches) - 1)


def test_padding_is_low() -> None:
    cost = lengths(2000)

    def padded(group: bool) -> float:
        batches = LengthBatchSampler(cost, 32, seed=1, group=group)
        return sum(len(batch) * max(cost[row] for row in batch) for batch in batches) / sum(cost)

    assert padded(group=True) < 1.1
    assert padded(group=False) > 1.6


def test_order_is_new_in_each_epoch_and_the_same_after_a_resume() -> None:
    sampler = LengthBatchSampler(lengths(500), 32, seed=1)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert first != second
    # Batch mates change, not only the order of the batches.
    assert {frozenset(batch) for batch in first}.isdisjoint(frozenset(batch) for batch in second)
    resumed = LengthBatchSampler(lengths(500), 32, seed=1)
    resumed.set_epoch(1)
    assert list(resumed) == second
    assert list(LengthBatchSampler(lengths(500), 32, seed=2)) != first
