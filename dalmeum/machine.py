"""On what something was computed: the machine, and versions of what can move a number."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from typing import Any


def machine() -> dict[str, Any]:
    return {"platform": platform.platform(), "processor": processor(), "cores": os.cpu_count()}


def processor() -> str:
    """The processor's name; `platform.processor()` is empty on most Linux systems."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Python's version, and those of installed packages."""
    found = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version(), **found}


def commit() -> str | None:
    """Git's commit of the current folder, with a `+` where files that git keeps differ from it; None where
    nobody knows.
    """
    found = _git("rev-parse", "HEAD")
    changed = bool(_git("status", "--porcelain", "--untracked-files=no"))
    return f"{found}{'+' if changed else ''}" if found else None


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):  # no git here, or one that does not answer
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
