"""One tiny finished run that the tests of commands share; each works in a folder of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_commands import call, prepare
from tests.conftest import run_folders


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Callable[[str], str]) -> Path:
    """A folder with data, a recipe and one finished run, `runs/*-recipe`. Not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    prepare(folder, tiny_encoder("bert"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("train", "recipe.yaml") == 0
    return folder


@pytest.fixture
def own_run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`runs/ID` of a copy in the test's folder, where it works."""
    shutil.copytree(trained, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return run_folders("runs")[0]
