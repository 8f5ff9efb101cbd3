"""Writing files so that a reader sees the old content or the new, never a half of it."""

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import stat
import tempfile
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import psutil

from dalmeum.errors import InputError


@contextlib.contextmanager
def replace_file(path: Path, *, newline: str | None = "\n") -> Iterator[TextIOWrapper]:
    """Open a temporary UTF-8 text file beside `path` that takes its name when the block ends well.

    A device or a pipe is written to as it is, and a link's target is replaced rather than the link.

    Raises `InputError` where the place can't be written or the disk is full; then, and on any other error
    in the block, what stood at `path` still stands there.
    """
    _check_nul(path)
    temporary: Path | None = None
    try:
        make_folders(path.parent)
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file to write")
        if is_device(path):
            # /dev/null, /dev/stdout, a named pipe: to take its place would destroy it for everybody.
            with open(path, "w", encoding="utf-8", newline=newline) as file:
                yield file
            return
        path = path.resolve() if path.is_symlink() else path
        handle, temporary = make_temporary(path.parent)
        os.chmod(temporary, _mode(0o666))  # mkstemp makes files that only their owner can read
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


def open_to_others(paths: Iterable[Path]) -> None:
    """Give files and folders that were just made the modes that new ones have: mkdtemp and safetensors write
    what its owner alone can read.
    """
    for path in paths:
        path.chmod(_mode(0o777 if path.is_dir() else 0o666))


def _mode(most: int) -> int:
    """What the umask leaves of `most`."""
    umask = os.umask(0)
    os.umask(umask)
    return most & ~umask


def is_device(path: Path) -> bool:
    """Whether it is there and can't be replaced: /dev/stdout, a named pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()


def make_temporary(folder: Path) -> tuple[int, Path]:
    """A file to be written and to take another's name, opened; those of dead processes are swept away.

    Its name does not hold the other's, which may be as long as names can be.
    """
    prefix = f".dalmeum-{zlib.crc32(socket.gethostname().encode('utf-8', 'replace')):08x}-"
    for left in folder.glob(f"{prefix}*.tmp"):
        pid = left.name.removeprefix(prefix).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            with contextlib.suppress(OSError):
                left.unlink()
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{prefix}{os.getpid()}-", suffix=".tmp")
    return handle, Path(name)


def disk_time(folder: Path) -> float:
    """Now, in seconds, by the clock that stamps the files of `folder`: a share's is not this machine's."""
    handle, path = make_temporary(folder)
    try:
        os.write(handle, b".")
        return os.fstat(handle).st_mtime
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; errors as in `replace_file`."""
    with replace_file(path) as file:
        file.write(text)


def writable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair, which a sentence may have, becomes `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON for people to read to `path`; errors as in `replace_file`."""
    write_text(path, json_text(values))


def json_text(values: Mapping[str, Any]) -> str:
    """JSON for people to read, as a file has it."""
    return writable(json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


class KeyTwiceError(ValueError):
    """A JSON object has a key twice: JSON's readers keep the last, and what was meant nobody knows."""


def read_json_text(text: str | bytes) -> Any:
    """What JSON holds.

    Raises `KeyTwiceError` where a key stands twice in an object, and as `json.loads` does.
    """
    return json.loads(text, object_pairs_hook=each_key_once)


def each_key_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyTwiceError(f"the key {key!r:.80} stands there twice: leave one out")
        found[key] = value
    return found


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; errors as in `replace_file`."""
    with replace_file(path) as file:
        file.buffer.write(data)


def make_folder(folder: Path) -> None:
    """Make a folder that is to be written to; `InputError` where it can't be."""
    check_path(folder)
    try:
        make_folders(folder)
        with tempfile.TemporaryFile(dir=folder):  # one that is there already may be read-only
            pass
    except OSError as error:
        raise output_error(folder, error) from error


def check_path(path: Path) -> None:
    """Raise `InputError` where no folder can have this name, or none that its records and pages can name."""
    _check_nul(path)
    if writable(str(path)) != str(path):
        raise InputError(f"{str(path)!r}: is not UTF-8: choose another name for the output")


def _check_nul(path: Path) -> None:
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: holds a NUL character, which no name of a file may")


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, which may be many: Python's own ways call themselves for each."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        if folder == folder.parent or os.path.lexists(folder):
            break
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)


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
    for code, sign in _SIGNS.items():
        if re.search(sign, said):
            return output_error(path, OSError(code, os.strerror(code)))
    return _refused(path) if re.search(_WRITER, said) else None


_SIGNS = {
    errno.ENOSPC: r"os error 28\b|code: 28\b|No space left",
    errno.EDQUOT: r"os error 122\b|code: 122\b|Disk quota exceeded",
    errno.EFBIG: r"os error 27\b|code: 27\b|File too large",
    errno.EIO: r"os error 5\b|code: 5\b|Input/output error",
    errno.EROFS: r"os error 30\b|code: 30\b|Read-only file system",
    errno.EACCES: r"os error 13\b|code: 13\b|Permission denied",
}

_WRITER = r"PytorchStreamWriter|inline_container\.cc|Parent directory .* does not exist"
"""torch's writer says where in its file it broke off, not why."""

_PROBE, _LARGE = 1 << 20, 1 << 34


def _refused(path: Path) -> InputError:
    """Why `path` takes no more, found out by writing to it; said to be unknown where that goes well."""
    folder = path if path.is_dir() else path.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE))
            file.flush()
            os.fsync(file.fileno())
            file.truncate(_LARGE)  # takes no space, but is held against a limit on the size of files
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return output_error(path, error)
    return InputError(
        f"{path}: can't be written: the writing broke off, for no reason that was told; {free / 1e9:.1f} GB "
        "are free there: look for a quota, or a share that was lost"
    )


_STANDARD_INPUT = {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}


def check_output(output: Path, inputs: Iterable[str | Path] = ()) -> None:
    """Raise `InputError` where writing `output` would replace what is read, or a part of a run.

    That is one of the `inputs` under whatever name (links; other case or composition of letters, which many
    file systems take for the same), what lies in an input that is a folder, or in any folder with a
    `run.json`, and standard input. What names no place (`hub:...`) is no input that could be written.
    """
    _check_nul(output)
    mend = "choose another place for the output"
    if os.path.normpath(output) in _STANDARD_INPUT:
        raise InputError(f"{output}: is standard input; {mend}")
    try:
        place = output.resolve()
    except (OSError, ValueError, RuntimeError):
        return  # whoever writes there tells why it can't be
    for folder in (place, *place.parents):
        if os.path.isfile(folder / "run.json"):
            raise InputError(f"{output}: lies in the folder of a run, {folder.name}; {mend}")
    for source in inputs:
        if _is_same(place, source):
            raise InputError(f"{output}: is what is read here ({source}); {mend}")
    with contextlib.suppress(OSError):
        if stat.S_ISREG((redirected := os.fstat(0)).st_mode) and os.path.samestat(redirected, place.stat()):
            raise InputError(f"{output}: is what standard input is read from; {mend}")


def check_writable(output: Path) -> None:
    """Raise `InputError` where it can be seen before the work that no file can be written to `output`."""
    if os.path.isdir(output):
        raise InputError(f"{output}: is a folder; name a file to write")
    try:
        with contextlib.suppress(FileNotFoundError):
            os.stat(output)  # names that are too long, files in place of folders
        place = output.resolve()
        replaced = place.is_file() or not place.exists()
        folder = next(folder for folder in place.parents if folder.exists())
        if not os.access(folder if replaced else place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise output_error(output, error) from error


def _is_same(place: Path, source: str | Path) -> bool:
    """Whether a place is a source, or lies in one that is a folder."""
    try:
        read, what = Path(source).resolve(), os.stat(source)
    except (OSError, ValueError, RuntimeError):
        return False
    if stat.S_ISCHR(what.st_mode):
        return False  # a terminal is read and written, /dev/null too
    if stat.S_ISDIR(what.st_mode):
        return _folded(read) in map(_folded, (place, *place.parents))
    with contextlib.suppress(OSError):
        if os.path.samestat(what, place.stat()):
            return True
    return _folded(read) == _folded(place)


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
