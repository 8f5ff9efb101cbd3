"""Tokens: what is one, where they stand, and who else can read them."""

from pathlib import Path

import pytest

from dalmeum.errors import InputError
from dalmeum.serving.http.tokens import Tokens, read_tokens

LONG = "0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DALMEUM_TOKENS", raising=False)
    path = tmp_path / "tokens"
    path.touch(mode=0o600)
    return path


def test_of_a_file_and_of_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_tokens(None) == ()
    file.write_text(f"# the page's\n{LONG}-1\r\n\n  {LONG}/2==  \n", encoding="utf-8")
    assert read_tokens(file) == (f"{LONG}-1", f"{LONG}/2==")
    monkeypatch.setenv("DALMEUM_TOKENS", f" {LONG}-3,{LONG}-4, ")
    assert read_tokens(file) == (f"{LONG}-3", f"{LONG}-4", f"{LONG}-1", f"{LONG}/2==")
    assert read_tokens(None) == (f"{LONG}-3", f"{LONG}-4")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no token: write one a line"),
        ("# none\n\n", "holds no token: write one a line"),
        (f"{LONG}\nshort\n", "line 2: a token of 5 characters can be guessed: use 16 or more"),
        (f"{LONG} {LONG}\n", "line 1: is no token: letters, digits"),
        ("토큰" * 10, "line 1: is no token"),
    ],
)
def test_what_is_no_token_is_told_without_it(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_tokens(file)
    assert told in str(refused.value)
    assert LONG not in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: can't be read: no such file or directory"):
        read_tokens(tmp_path / "none")
    with pytest.raises(InputError, match="can't be read: is a directory"):
        read_tokens(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff" * 20)
    with pytest.raises(InputError, match="binary: can't be read: is no text"):
        read_tokens(tmp_path / "binary")


def test_others_that_can_read_them_are_told_of(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(LONG, encoding="utf-8")
    read_tokens(file)
    assert capsys.readouterr().err == ""
    file.chmod(0o644)
    assert read_tokens(file) == (LONG,)
    assert capsys.readouterr().err.endswith(f"others on this machine can read the tokens: chmod 600 {file}\n")


def test_no_token_stays_in_memory() -> None:
    tokens = Tokens([LONG])
    assert LONG not in repr(vars(tokens))
    assert tokens.allow(f"Bearer {LONG}".encode())
    assert not Tokens([LONG]).allow(b"Bearer " + LONG.upper().encode())
    assert Tokens().allow(b"")
    assert not tokens.allow(b"")
