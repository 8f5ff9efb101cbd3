"""The processes of one run: what they gather from each other, and that one may be lost."""

import contextlib
from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import Tensor

from dalmeum.errors import DalmeumError


def gather_pairs(ours: Tensor, dim: int = 0) -> tuple[Tensor, int]:
    """All ranks' tensors along `dim`, whose length may differ by rank and be 0, in the order of ranks.

    Returns them, without a graph, and where this rank's begin.
    """
    ours = ours.detach()
    if world_size() == 1:
        return ours.clone(), 0
    count = torch.tensor([ours.shape[dim]], device=ours.device)
    counts = [torch.empty_like(count) for _ in range(world_size())]
    dist.all_gather(counts, count)
    sizes = [int(size) for size in counts]
    # all_gather takes tensors of one shape: each is filled up to the largest, and cut back.
    front = ours.movedim(dim, 0)
    padded = front.new_zeros((max(sizes), *front.shape[1:]))
    padded[: len(front)] = front
    received = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(received, padded)
    everyone = torch.cat([part[:size] for part, size in zip(received, sizes, strict=True)])
    return everyone.movedim(0, dim).contiguous(), sum(sizes[: dist.get_rank()])


def world_size() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class LostProcessError(DalmeumError):
    """Another process of the run is gone or silent; this one is sound, and can do nothing without it."""


@contextlib.contextmanager
def lost_processes_told() -> Iterator[None]:
    """Raise `LostProcessError` for what torch.distributed says where another process is gone or silent."""
    try:
        yield
    except RuntimeError as error:
        # gloo has no error class of its own; its messages begin with its source file.
        if world_size() > 1 and (isinstance(error, dist.DistError) or "gloo" in str(error)):
            raise LostProcessError(
                f"process {dist.get_rank()} of {world_size()}: another process of this run was lost; "
                "the run goes on with --resume"
            ) from error
        raise
