"""What a result holds beside its numbers: commit, machine, versions, settings.

A copy whose git knows nothing of the commit is told it in `COMMIT`, by one who knows that it is clean.
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

    told = os.environ.get("COMMIT")
    return {
        "date": datetime.date.today().isoformat(),
        "commit": told or git("rev-parse", "HEAD"),
        "clean": bool(told) or not git("status", "--porcelain", "--untracked-files=no"),
        "machine": {
            **machine(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "versions": versions(packages),
        "settings": settings,
    }
