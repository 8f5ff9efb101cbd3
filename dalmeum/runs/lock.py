"""Who works in a run's folder: one process at a time, on however many machines.

Processes of one machine exclude each other by a lock of the operating system, which is free as soon as its
holder is dead. On network and FUSE mounts that may hold nobody off: so a lease lies beside it, renewed while
its holder lives, and whoever finds one that has gone stale takes the run over.
"""

import contextlib
import errno
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import disk_time, output_error, write_json

LOCK, LEASE = ".lock", ".lease.json"

RENEWED_EVERY = 30.0
STALE_AFTER = 600.0
"""Seconds; a holder may be silent for so long, since a share may be slow and a machine asleep."""


PATIENCE = 60.0
"""Seconds to wait for another process that only looks for a run."""

_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


@dataclass(frozen=True)
class Holder:
    """A process that works in a run: its host, its id there, when that began, and a name for this once."""

    host: str
    pid: int
    started: float
    token: str

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"

    @property
    def ended(self) -> bool:
        """Whether it is known to be dead: it was of this host, where its id is free or another's by now."""
        if self.host != host():
            return False
        try:
            began: float = psutil.Process(self.pid).create_time()
            return abs(began - self.started) > 1
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


_HOLDER = TypeAdapter(Holder)

UNKNOWN = "another process"


class HeldError(DalmeumError):
    """Another process works there; at `place`; `holder` says which, None where that is not known."""

    def __init__(self, place: str | Path, holder: Holder | None) -> None:
        self.place, self.holder = place, holder
        super().__init__(f"{place}: {holder or UNKNOWN} works there")


class LostRunError(DalmeumError):
    """Another process has taken the run over; this one must leave its folder alone."""


def host() -> str:
    return socket.gethostname()


class RunLock:
    """The right to work in a run's folder, from `take` until `release` or the process's end."""

    def __init__(self, folder: Path, lock: FileLock, holder: Holder) -> None:
        self.folder, self._lock, self.holder = folder, lock, holder
        self._released = threading.Event()
        threading.Thread(target=self._renew, daemon=True).start()

    @classmethod
    def take(cls, folder: Path) -> "RunLock":
        """Raises `HeldError` where another process works there, `InputError` where nothing can be written."""
        lock = FileLock(folder / LOCK, thread_local=False, fallback_to_soft=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise HeldError(folder, read_lease(folder)) from None
        except OSError as error:
            # Where the mount has no such locks, the lease alone says who works there.
            if error.errno not in _NO_LOCKS:
                raise output_error(folder, error) from error
        try:
            held = read_lease(folder)
            if held is not None and not held.ended and lease_age(folder) < STALE_AFTER:
                raise HeldError(folder, held)
            ours = Holder(host(), os.getpid(), psutil.Process().create_time(), uuid.uuid4().hex)
            write_json(folder / LEASE, asdict(ours))
        except BaseException:
            lock.release()
            raise
        return cls(folder, lock, ours)

    def check(self) -> None:
        """Raise `LostRunError` where another process has taken the run over: this one was silent too long."""
        found = read_lease(self.folder)
        if found is None or found.token != self.holder.token:
            raise LostRunError(
                f"{self.folder}: {found or UNKNOWN} has taken this run over while this one was silent: "
                "stopped here, and left its folder as it is"
            )

    def release(self) -> None:
        """Leave the run: nothing of the lock stays in its folder."""
        if self._released.is_set():
            return
        self._released.set()
        with contextlib.suppress(DalmeumError, OSError):
            self.check()
            (self.folder / LEASE).unlink()
            (self.folder / LOCK).unlink()  # whoever waits for it sees that it has no name any more
        self._lock.release()

    def _renew(self) -> None:
        while not self._released.wait(RENEWED_EVERY):
            with contextlib.suppress(DalmeumError, OSError):
                self.check()
                os.utime(self.folder / LEASE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(folder: Path) -> Holder | None:
    """The process that works in a run's folder, as far as its lease says; None where nobody does."""
    held = read_lease(folder)
    if held is None or held.ended:
        return None
    try:
        return held if lease_age(folder) < STALE_AFTER else None
    except InputError:  # a folder that can't be written to: nobody can renew a lease there either
        return None


def read_lease(folder: Path) -> Holder | None:
    """None where there is none, or it is no lease."""
    try:
        return _HOLDER.validate_json((folder / LEASE).read_bytes(), strict=True)
    except (OSError, ValidationError):
        return None


def lease_age(folder: Path) -> float:
    """Seconds since a lease was renewed, by the clock of the disk that it lies on: hosts' clocks differ."""
    try:
        return disk_time(folder) - (folder / LEASE).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    except OSError as error:
        raise output_error(folder, error) from error


@contextlib.contextmanager
def one_at_a_time(output: Path) -> Iterator[None]:
    """Of this machine's processes, one alone looks for a run under `output` and takes or makes it."""
    lock = FileLock(output / LOCK, timeout=PATIENCE, fallback_to_soft=False)
    with contextlib.suppress(OSError):  # none on this mount, or a holder that sleeps: as without
        lock.acquire()
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):
                (output / LOCK).unlink()
            lock.release()
