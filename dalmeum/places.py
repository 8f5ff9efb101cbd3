"""What a path leads to."""

import contextlib
import os
import stat
from pathlib import Path

from dalmeum.errors import InputError

SHARED = {
    "nfs",
    "cifs",
    "smb",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "drvfs",
    "glusterfs",
    "lustre",
    "sshfs",
    "webdav",
}
"""Kinds of file systems that other machines write to as well, where SQLite's locks hold nobody off."""


def is_file_at_rest(path: Path) -> bool:
    """Whether a regular file's content is stored, rather than made by the system as it is read: reading that
    may wait for ever, as of `/proc/kmsg`, or never end. Raises `OSError` where there is no file.
    """
    found = os.stat(path)
    for place in ("/proc", "/sys"):
        with contextlib.suppress(OSError):
            if os.stat(place).st_dev == found.st_dev:
                return False
    if not stat.S_ISREG(found.st_mode) or found.st_size:
        return stat.S_ISREG(found.st_mode)
    # Other such file systems are many, and what stands there has no size.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        return not os.read(handle, 1)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def check_database_file(file: Path, what: str) -> None:
    """Raise `InputError` where SQLite can't keep `what` in that file, or several machines may write to it."""
    if file.is_dir():
        raise InputError(f"{file}: is a folder; name the file of {what}")
    folder = file.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{file}: there is no folder {folder} for {what}: make it first")
    kind = file_system(folder)
    if kind.removeprefix("fuse.").rstrip("34") in SHARED or str(folder).startswith("\\\\"):
        raise InputError(
            f"{file}: lies on a network share ({kind}), where SQLite loses what two machines write at once: "
            "choose a local disk, or a server for a team"
        )


def file_system(folder: Path) -> str:
    """The kind of the file system that a folder lies on; "" where nobody knows."""
    import psutil  # which no other path needs

    mounts = [
        (len(mount.mountpoint), mount.fstype.lower())
        for mount in psutil.disk_partitions(all=True)
        if folder.is_relative_to(mount.mountpoint)
    ]
    return max(mounts, key=lambda mount: mount[0])[1] if mounts else ""
