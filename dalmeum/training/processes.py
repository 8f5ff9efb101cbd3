"""The processes of one run, of which one may be lost."""

import contextlib
from collections.abc import Iterator

import torch.distributed as dist

from dalmeum.errors import DalmeumError
from dalmeum.training.exact import world_size


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
