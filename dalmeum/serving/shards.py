"""What is done of a long scoring, in a folder beside its output: scores of so many rows a file."""

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from dalmeum.errors import InputError
from dalmeum.files import is_device, make_folder, output_error, write_bytes, write_json
from dalmeum.languages import Text
from dalmeum.progress import tell

JOB, LOCK = "job.json", ".lock"

KEPT = Text(
    "{folder}: what is scored is kept: --resume goes on with it",
    "{folder}: 채점한 것은 남겨 두었습니다. --resume으로 이어서 할 수 있습니다",
)

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Work:
    """What a worker needs to know; all of it can be sent.

    Attributes:
        file: absolute; every worker reads it there.
        size: of the file, in bytes, by which a worker knows that it sees the same one.
        reading: arguments of `open_rows`.
        model: an absolute folder.
        backend, export: as of a `Choice`; the folder absolute.
        shard: rows in one.
    """

    file: str
    size: int
    reading: Mapping[str, Any]
    model: str
    precision: str
    trust_code: bool
    shard: int
    backend: str = "torch"
    export: str | None = None


class Shards:
    """Scores of shards, kept until all of them are there.

    A shard's scores depend on its rows and the model alone, so that whoever goes on comes to the same.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.npy"

    @property
    def begun(self) -> bool:
        """Whether it is known what they are of; what is left of an output that is whole is not."""
        return (self.folder / JOB).is_file()

    @property
    def is_left(self) -> bool:
        """Whether nothing but what was put there is in the folder."""
        own = {LOCK, *(path.name for path in self._own())}
        return self.folder.is_dir() and {path.name for path in self.folder.iterdir()} <= own

    @property
    def any(self) -> bool:
        return self.begun and bool(self._own())

    def remove(self) -> None:
        """Remove what was put there, and the folder where nothing else is in it."""
        with contextlib.suppress(OSError):
            # The job first: without it, nobody goes on with half of the rest.
            for path in (self.folder / JOB, *self._own(), self.folder / LOCK):
                path.unlink(missing_ok=True)
            self.folder.rmdir()

    def _own(self) -> list[Path]:
        return [path for path in self.folder.glob("*.npy") if path.stem.isdecimal() and len(path.stem) == 8]

    def job(self) -> dict[str, Any]:
        """What is written down of what they are of; nothing where nothing is."""
        return _read(self.folder / JOB)

    def begin(self, job: Mapping[str, Any]) -> None:
        """Write down what is scored by what; `InputError` where these are shards of something else."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            kept = json.loads((self.folder / JOB).read_text(encoding="utf-8"))
            other = [
                key for key, value in job.items() if not isinstance(kept, dict) or kept.get(key) != value
            ]
            if other:
                raise InputError(
                    f"{self.folder}: holds scores of another {' and '.join(other)}: remove it to begin anew, "
                    "or name another output"
                )
            return
        for path in self._own():  # of nobody knows what
            path.unlink()
        write_json(self.folder / JOB, job)

    def scores(self, number: int, rows: int) -> Scores | None:
        """Of a shard of so many rows; None where they are not there, or not whole."""
        try:
            found = np.load(self.path(number), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return found if found.shape == (rows,) and found.dtype == np.float64 else None

    def whole(self, number: int, rows: int) -> Scores:
        """As `scores`; `InputError` where they are not there."""
        found = self.scores(number, rows)
        if found is None:
            raise InputError(f"{self.path(number)}: is gone or damaged: run the command again, with --resume")
        return found

    def keep(self, number: int, scores: Scores) -> None:
        data = io.BytesIO()
        np.save(data, scores, allow_pickle=False)
        write_bytes(self.path(number), data.getvalue())


def whole_of(output: Path) -> Path:
    """The file beside an output that says what was scored by what, once all of it is there."""
    return output.with_name(f".{output.name}.scored.json")


def job_of_whole(output: Path) -> dict[str, Any]:
    """What an output is known to be of; nothing where nobody knows."""
    job = _read(whole_of(output)).get("job")
    return job if isinstance(job, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note_whole(output: Path, job: Mapping[str, Any]) -> None:
    """Note that an output is all that a job comes to."""
    write_json(whole_of(output), {"job": job, "output": _stamp(output)})


def is_whole(output: Path, job: Mapping[str, Any]) -> bool:
    """Whether an output is known to be all that this job comes to, and was not touched since."""
    try:
        noted = json.loads(whole_of(output).read_text(encoding="utf-8"))
        return bool(noted == {"job": json.loads(json.dumps(job)), "output": _stamp(output)})
    except (OSError, ValueError):
        return False


def _stamp(output: Path) -> list[int]:
    found = output.stat()
    return [found.st_size, found.st_mtime_ns]


def parts_of(output: Path) -> Path:
    """The folder beside an output where its shards lie."""
    return output.with_name(f"{output.name}.parts")


@contextlib.contextmanager
def shards_beside(output: Path, resume: bool = False) -> Iterator[Shards]:
    """Those of an output, on which one process at a time works; of a device, for this once.

    Their folder goes when the block ends well, or when there is nothing in it. `InputError` where another
    process works there, the folder can't be made, or holds what only `resume` may use.
    """
    if is_device(output):
        with tempfile.TemporaryDirectory(prefix="dalmeum-") as folder:
            yield Shards(Path(folder))
        return
    shards = Shards(parts_of(output))
    if os.path.lexists(shards.folder) and not shards.begun and not shards.is_left:
        raise InputError(
            f"{shards.folder}: is there, and is not dalmeum's: name another output, or move it away"
        )
    make_folder(shards.folder)
    lock = FileLock(shards.folder / LOCK, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(f"{shards.folder}: another process works there: name another output") from None
    except OSError as error:
        raise output_error(shards.folder, error) from error
    try:
        if shards.any and not resume:
            raise InputError(
                f"{shards.folder}: holds scores of a scoring that was cut off: --resume goes on with it; "
                "to begin anew, remove the folder"
            )
        yield shards
    except BaseException as error:
        kept = shards.any
        if kept and not isinstance(error, InputError):
            tell(KEPT.format(folder=shards.folder))
        lock.release()
        if not kept:
            shards.remove()
        raise
    else:
        shards.remove()
        lock.release()
