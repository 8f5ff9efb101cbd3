"""Writing files so that a reader sees the old content or the new, never a half of it."""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from dalmeum.errors import InputError


@contextlib.contextmanager
def replace_file(path: Path, *, newline: str | None = "\n") -> Iterator[TextIOWrapper]:
    """Open a temporary UTF-8 text file beside `path` that takes its name when the block ends well.

    A device or a pipe is written to as it is, and a link's target is replaced rather than the link.

    Raises `InputError` where the place can't be written or the disk is full; then, and on any other error
    in the block, what stood at `path` still stands there.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file to write")
        if path.exists() and not path.is_file():
            # /dev/null, /dev/stdout, a named pipe: to take its place would destroy it for everybody.
            with open(path, "w", encoding="utf-8", newline=newline) as file:
                yield file
            return
        path = path.resolve() if path.is_symlink() else path
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        # mkstemp makes files that only their owner can read; a result is an ordinary file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        with open(handle, "w", encoding="utf-8", newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; errors as in `replace_file`."""
    with replace_file(path) as file:
        file.write(text)


def writable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair, which a sentence may have, becomes `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON for people to read to `path`; errors as in `replace_file`."""
    write_text(path, writable(json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False)) + "\n")


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; errors as in `replace_file`."""
    with replace_file(path) as file:
        file.buffer.write(data)


def make_folder(folder: Path) -> None:
    """Make a folder that is to be written to; `InputError` where it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # one that is there already may be read-only
            pass
    except OSError as error:
        raise output_error(folder, error) from error


def output_error(path: Path, error: OSError) -> InputError:
    """The user's line for an operating-system error while writing `path`."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    mend = "free some space and run the command again" if full else "choose another place for the output"
    reason = (error.strerror or str(error)).lower()
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "a file stands where a folder is needed"
    return InputError(f"{path}: can't be written: {reason}; {mend}")


def disk_error(path: Path, error: Exception) -> InputError | None:
    """The user's line for a library's own way of saying that `path` can't be written; None for other errors.

    torch.save raises RuntimeError and safetensors its own error, with the system's message inside.
    """
    if isinstance(error, OSError):
        return output_error(path, error)
    said = str(error)
    for code, signs in _SIGNS.items():
        if any(sign in said for sign in signs):
            return output_error(path, OSError(code, os.strerror(code)))
    return None


_SIGNS = {
    # torch's writer says where in its file it broke off, not why; that is a disk that takes no more.
    errno.ENOSPC: ("os error 28", "code: 28", "No space left", "PytorchStreamWriter", "inline_container.cc"),
    errno.EDQUOT: ("os error 122", "Disk quota exceeded"),
    errno.EFBIG: ("os error 27", "File too large"),
}
