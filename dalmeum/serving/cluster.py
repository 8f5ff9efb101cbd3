"""Shards scored by many workers, on this machine or on a cluster: Ray Data hands each to one that is free."""

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dalmeum.errors import DalmeumError, InputError
from dalmeum.serving.shards import Scores, Work
from dalmeum.serving.worker import Worker

OFF = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
"""Ray reports on its use to its makers, and says how it is, unless it is told not to."""

PATIENCE = 5.0
"""Seconds to wait for a cluster to answer."""


def score_shards(work: Work, shards: Sequence[int], workers: int | None) -> Iterator[tuple[int, Scores]]:
    """The shards' scores as they come, in any order.

    A worker that dies is replaced, and what it had begun is done again. On a cluster (`RAY_ADDRESS`) all
    machines read the file and the model at the same paths.

    Args:
        workers: how many at once; by default one for each processor, or GPU where there are any.

    Raises `InputError` where Ray is not installed or can't be reached, and what a worker raises.
    """
    ray = _started()
    # Ray tells on standard output how its processes are; ours is for results.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            gpus = int(ray.cluster_resources().get("GPU", 0))
            processors = int(ray.cluster_resources().get("CPU", 1))
            found = ray.data.from_items([{"shard": each} for each in shards], override_num_blocks=len(shards))
            found = found.map_batches(
                RayWorker,
                batch_size=1,
                fn_constructor_args=(work,),
                compute=ray.data.ActorPoolStrategy(size=min(workers or gpus or processors, len(shards))),
                num_gpus=1 if gpus else 0,
            )
            for batch in found.iter_batches(batch_size=1, batch_format="numpy", prefetch_batches=0):
                yield int(batch["shard"][0]), batch["scores"][0]
        except ray.exceptions.RayError as error:
            raise _told(error) from error
        finally:
            ray.shutdown()


class RayWorker:
    """A `Worker` as Ray Data calls it."""

    def __init__(self, work: Work) -> None:
        self._worker = Worker(work)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        (number,) = batch["shard"].tolist()
        return {"shard": [number], "scores": [self._worker.scores(number)]}


def _started() -> Any:
    """Ray, on the cluster that `RAY_ADDRESS` names, else on this machine."""
    for name, value in OFF.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError(f"score --cluster needs Ray ({error}): pip install 'dalmeum[scale]'") from None
    where = os.environ.get("RAY_ADDRESS", "")
    _check_reachable(where)
    try:
        with _unheard():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # of many kinds, by what does not answer
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"Ray can't be started{where and f' at {where}'}: {reason}") from None
    ray.data.DataContext.get_current().enable_progress_bars = False
    for handler in logging.getLogger("ray.data").handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.setLevel(logging.CRITICAL)
    return ray


def _check_reachable(address: str) -> None:
    """`InputError` where nobody listens at `HOST:PORT`, which Ray alone would find out after minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"RAY_ADDRESS {address}: no cluster answers there ({reason.lower()}): start one with ray start "
            "--head, or leave RAY_ADDRESS out"
        ) from None


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Nothing on standard error, where a library's other half writes past Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _told(error: BaseException) -> DalmeumError:
    """What a worker raised, as it raised it, out of what Ray puts around it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, DalmeumError):
            return found
        found = getattr(found, "cause", None) or found.__cause__
    lines = str(error).strip().splitlines()
    return DalmeumError(f"a worker of the cluster failed: {lines[-1] if lines else type(error).__name__}")
