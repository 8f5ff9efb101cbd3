"""What a path leads to."""

import contextlib
import os
import stat
from pathlib import Path


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
