"""What a result holds beside its numbers: commit, machine, versions, settings.

A copy of the files without git is told its commit in the variable `COMMIT`; whether it is clean is not known.
"""

import datetime
import os
import subprocess
from pathlib import Path
from typing import Any

import torch

from dalmeum.machine import machine, versions


def circumstances(packages: tuple[str, ...], settings: dict[str, Any]) -> dict[str, Any]:
    here = Path(__file__).parent

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    commit = git("rev-parse", "HEAD")
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit or os.environ.get("COMMIT"),
        "clean": not git("status", "--porcelain", "--untracked-files=no") if commit else None,
        "machine": {
            **machine(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "versions": versions(packages),
        "settings": settings,
    }
