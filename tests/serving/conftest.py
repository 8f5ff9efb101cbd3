"""The run that the tests of commands share, and one of the offline encoder."""

import lzma
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import own_run, trained

__all__ = ["own_run", "trained"]

OLDER = Path(__file__).parents[1] / "older" / "runs"


@pytest.fixture(scope="session")
def offline_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's folder of a run of the offline encoder's first version, which is there in a second."""
    folder = tmp_path_factory.mktemp("offline") / "model"
    shutil.copytree(next(OLDER.glob("*-offline")) / "model", folder)
    for packed in folder.glob("*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    return folder
