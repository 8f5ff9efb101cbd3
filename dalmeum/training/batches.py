"""Which pairs make up a batch."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

POOL_BATCHES = 50
"""Batches whose pairs are sorted by length together, at most. A larger pool pads less and mixes less."""

FEWEST_POOLS = 4
"""With one pool, pairs of one length would meet the same batch mates in every epoch."""


class LengthBatchSampler(Sampler[list[int]]):
    """Batches of pairs of like length, so that little is padded, yet random anew in each epoch.

    All pairs are shuffled, cut into pools, sorted by length within a pool, cut into batches, and the batches
    shuffled. The order is a function of (seed, epoch) alone, so that a resumed run draws the same.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, *, seed: int, group: bool = True) -> None:
        self.lengths = torch.as_tensor(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.group = group
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator)
        if self.group:
            pool = min(POOL_BATCHES, -(-len(self) // FEWEST_POOLS))
            pools = order.split(self.batch_size * pool)
            order = torch.cat([rows[self.lengths[rows].argsort(stable=True)] for rows in pools])
        batches = order.split(self.batch_size)
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[index].tolist()
