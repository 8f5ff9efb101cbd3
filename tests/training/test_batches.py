import random

import pytest

from dalmeum.training.batches import MicroBatchSize, PairBatchSampler, cut, sorted_by_length, split_to


def lengths(count: int) -> list[int]:
    generator = random.Random(0)
    return [generator.randint(5, 100) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 32, 1000, 2003])
@pytest.mark.parametrize("group", [True, False])
def test_each_pair_once_an_epoch(count: int, group: bool) -> None:
    sampler = PairBatchSampler(lengths(count), 32, seed=1, group=lengths(count) if group else None)
    batches = [rows for (rows,) in sampler]
    assert sorted(row for batch in batches for row in batch) == list(range(count))
    assert len(batches) == len(sampler)
    assert sorted(len(batch) for batch in batches)[1:] == [32] * (len(batches) - 1)


def test_padding_is_low() -> None:
    cost = lengths(2000)

    def padded(group: bool) -> float:
        batches = PairBatchSampler(cost, 32, seed=1, group=cost if group else None)
        return sum(len(batch) * max(cost[row] for row in batch) for (batch,) in batches) / sum(cost)

    assert padded(group=True) < 1.1
    assert padded(group=False) > 1.6


def test_batches_of_one_source() -> None:
    sources = [index % 3 for index in range(600)]
    batches = list(PairBatchSampler(lengths(600), 8, seed=1, group=sources, sort=False))
    mixed = [rows for (rows,) in batches if len({sources[row] for row in rows}) > 1]
    # At a pool's borders alone.
    assert len(mixed) <= 12
    assert sorted(row for (rows,) in batches for row in rows) == list(range(600))


def test_order_is_new_in_each_epoch_and_the_same_after_a_resume() -> None:
    cost = lengths(500)
    sampler = PairBatchSampler(cost, 32, seed=1, group=cost)
    first = [rows for (rows,) in sampler]
    sampler.set_epoch(1)
    second = [rows for (rows,) in sampler]
    assert first != second
    # Batch mates change, not only the order of the batches.
    assert {frozenset(batch) for batch in first}.isdisjoint(frozenset(batch) for batch in second)
    resumed = PairBatchSampler(cost, 32, seed=1, group=cost)
    resumed.set_epoch(1)
    assert [rows for (rows,) in resumed] == second
    assert [rows for (rows,) in PairBatchSampler(cost, 32, seed=2, group=cost)] != first


def test_micro_batches_keep_to_their_size() -> None:
    cost = [3, 9, 4, 8, 5, 20]
    rows = sorted_by_length(range(6), cost)
    assert cut(rows, cost, MicroBatchSize()) == [[0, 2, 4, 3, 1, 5]]
    assert cut(rows, cost, MicroBatchSize(pairs=4)) == [[0, 2, 4, 3], [1, 5]]
    # With padding: 3 x 5 = 15, then 2 x 9 = 18; 20 is more than 18 and stands alone.
    assert cut(rows, cost, MicroBatchSize(tokens=18)) == [[0, 2, 4], [3, 1], [5]]
    assert cut([], cost, MicroBatchSize(pairs=4)) == []
    # Unsorted, the longest so far counts: 9 x 2 = 18 holds 3 and 9, not 4 as well.
    assert cut(range(6), cost, MicroBatchSize(tokens=18)) == [[0, 1], [2, 3], [4], [5]]


def test_micro_batches_are_sorted_or_left_at_random() -> None:
    cost = lengths(320)

    def spread(sort: bool) -> int:
        sampler = PairBatchSampler(cost, 32, seed=1, sort=sort, micro_batch_size=MicroBatchSize(pairs=4))
        pieces = [piece for batch in sampler for piece in batch]
        assert all(len(piece) == 4 for piece in pieces)
        return sum(max(cost[row] for row in piece) - min(cost[row] for row in piece) for piece in pieces)

    assert spread(sort=True) < 0.25 * spread(sort=False)


def test_pieces_are_halved_until_there_are_enough() -> None:
    assert split_to([[1, 2, 3], [4]], 3) == [[1], [2, 3], [4]]
    assert split_to([[1], [2]], 3) == [[1], [2], []]
    assert split_to([], 1) == [[]]


@pytest.mark.parametrize("world_size", [2, 3, 40])
def test_ranks_share_each_batch_and_take_as_many_micro_batches(world_size: int) -> None:
    cost = lengths(100)
    size = MicroBatchSize(tokens=300)
    whole = [sorted(rows) for rows in PairBatchSampler(cost, 32, seed=1).batches()]
    ranks = [
        list(PairBatchSampler(cost, 32, seed=1, micro_batch_size=size, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    for step, rows in enumerate(whole):
        assert sorted(row for rank in ranks for piece in rank[step] for row in piece) == rows
        assert len({len(rank[step]) for rank in ranks}) == 1
