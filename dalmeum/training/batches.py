"""Which pairs make up a batch, and a batch's micro-batches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.utils.data import Sampler

POOL_BATCHES = 50
"""Batches whose pairs are sorted together, at most. A larger pool pads less and mixes less."""

FEWEST_POOLS = 4
"""With one pool, pairs of one length or source would meet the same batch mates in every epoch."""


@dataclass(frozen=True)
class MicroBatchSize:
    """What fits in memory at once: a number of pairs, a number of tokens with padding, or both."""

    pairs: int | None = None
    tokens: int | None = None

    def holds(self, pairs: int, longest: int) -> bool:
        """Whether `pairs` pairs fit, padded to the longest."""
        enough_pairs = self.pairs is None or pairs <= self.pairs
        return enough_pairs and (self.tokens is None or pairs * longest <= self.tokens)


def sorted_by_length(rows: Iterable[int], lengths: Sequence[int]) -> list[int]:
    """Rows in the order of their lengths."""
    return sorted(rows, key=lambda row: lengths[row])


def cut(rows: Sequence[int], lengths: Sequence[int], size: MicroBatchSize) -> list[list[int]]:
    """Rows, in their order, in micro-batches as large as `size` allows; a pair too long for it is alone."""
    pieces: list[list[int]] = []
    longest = 0
    for row in rows:
        longest = max(longest, lengths[row])
        if pieces and size.holds(len(pieces[-1]) + 1, longest):
            pieces[-1].append(row)
        else:
            pieces.append([row])
            longest = lengths[row]
    return pieces


def split_to(pieces: list[list[int]], count: int) -> list[list[int]]:
    """The same rows in `count` pieces, by halving the largest; empty ones where rows run out.

    Ranks must take the same number of micro-batches in a step, or they wait for each other for ever.
    """
    pieces = [list(piece) for piece in pieces]
    while len(pieces) < count:
        largest = max(range(len(pieces)), key=lambda index: len(pieces[index]), default=0)
        rows = pieces[largest] if pieces else []
        half = len(rows) // 2
        if half:
            pieces[largest : largest + 1] = [rows[:half], rows[half:]]
        else:
            pieces.append([])
    return pieces


class PairBatchSampler(Sampler[list[list[int]]]):
    """Batches of pairs that are alike in something, yet random anew in each epoch.

    All pairs are shuffled, cut into pools, sorted by `group` within a pool, cut into batches, and the batches
    shuffled. The order is a function of (seed, epoch) alone, so that a resumed run draws the same. Each of
    `world_size` ranks takes its share of every batch, and yields it as micro-batches: rows of one forward.

    `group` holds a number a pair: their lengths, so that little is padded, or their sources; None leaves
    batches at random. With `sort`, a batch's pairs are dealt to ranks and micro-batches in the order of their
    lengths; without, at random.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        *,
        seed: int,
        group: Sequence[int] | None = None,
        sort: bool = True,
        micro_batch_size: MicroBatchSize = MicroBatchSize(),
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.group = group
        self.sort = sort
        self.micro_batch_size = micro_batch_size
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[list[int]]]:
        for rows in self.batches():
            if self.sort:
                rows = sorted_by_length(rows, self.lengths)
            shares = [rows[rank :: self.world_size] for rank in range(self.world_size)]
            pieces = [cut(share, self.lengths, self.micro_batch_size) for share in shares]
            yield split_to(pieces[self.rank], max(len(piece) for piece in pieces))

    def batches(self) -> Iterator[list[int]]:
        """The effective batches of this epoch, the same on all ranks."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator)
        if self.group is not None:
            key = torch.as_tensor(self.group)
            pool = min(POOL_BATCHES, -(-len(self) // FEWEST_POOLS))
            pools = order.split(self.batch_size * pool)
            order = torch.cat([rows[key[rows].argsort(stable=True)] for rows in pools])
        batches = order.split(self.batch_size)
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[index].tolist()
