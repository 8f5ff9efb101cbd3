"""Who works here."""

import subprocess
from pathlib import Path

import pytest

from dalmeum.author import LONGEST, SETTING, author, known_author
from dalmeum.errors import InputError


@pytest.fixture
def repository(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose git has the name Kim."""
    monkeypatch.delenv(SETTING, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "config", "user.name", "Kim Ji-u"], check=True)
    return here


def test_the_setting_before_gits_name(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert author() == "Kim Ji-u"
    monkeypatch.setenv(SETTING, "이서연")
    assert author() == known_author() == "이서연"
    monkeypatch.setenv(SETTING, "  \n ")
    assert author() == "Kim Ji-u"


def test_nobody_knows(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "config", "--unset", "user.name"], check=True)
    assert author() is None
    with pytest.raises(InputError, match=r"who are you\? Set DALMEUM_AUTHOR to your name"):
        known_author()
    monkeypatch.setenv("PATH", "")
    assert author() is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (" a \n b\x1b[31m\x00 ", "a b [31m"),
        ("\u1100\u1161", "가"),
        ("n" * 200, "n" * (LONGEST - 1) + "…"),
        ("\u202eevil", "evil"),
    ],
)
def test_a_name_is_a_short_line_that_prints(said: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dalmeum.author.os.environ", {SETTING: said})
    assert author() == name
