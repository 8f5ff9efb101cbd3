"""`--help` of every command, in English and in Korean."""

import os
import re
import subprocess
import sys
from functools import cache
from json import loads

import pytest
from rich.cells import cell_len

COMMANDS = (
    "",
    "demo",
    "init",
    "check",
    "train",
    "study",
    "tune",
    "runs",
    "submit",
    "reproduce",
    "push",
    "board",
    "blend",
    "compare",
    "predict",
    "evaluate",
    "score",
    "export",
    "serve",
    "search",
    "near",
    "encoder",
    "encoder trim",
)
HANGUL = re.compile("[가-힣]")

PROGRAM = """
import json
from typer.testing import CliRunner
from dalmeum.cli import app

names = ["", *sorted(command.callback.__name__ for command in app.registered_commands)]
for group in app.registered_groups:
    inside = group.typer_instance
    commands = (command.callback.__name__ for command in inside.registered_commands)
    names += [inside.info.name, *(f"{inside.info.name} {name}" for name in commands)]
call = lambda name: CliRunner().invoke(app, [*name.split(), "--help"])
print(json.dumps({name: call(name).stdout for name in names}))
"""


@cache
def helps(language: str, width: str = "80") -> dict[str, str]:
    """What each command says; the language is chosen when the command line is imported."""
    environment = {**os.environ, "DALMEUM_LANG": language, "COLUMNS": width}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = loads(done.stdout)
    return found


def told(text: str) -> dict[str, str]:
    """Each argument, option or command to what is said of it, on one line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if row := re.match(r"  (\S.*?)(?:  +|$)(.*)", line):
            name = row[1]
            found[name] = row[2]
        elif line.startswith("    ") and found:
            found[name] = f"{found[name]} {line.strip()}"
    return found


def rows(text: str) -> dict[str, str]:
    """What stands under a head such as `Options:`."""
    _, *sections = re.split(r"^\S+:\n", text, flags=re.MULTILINE)
    return {name: said for section in sections for name, said in told(section).items()}


def test_every_command_is_here() -> None:
    assert sorted(helps("en")) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_english_has_no_korean(command: str) -> None:
    assert not HANGUL.search(helps("en")[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_korean_says_each_thing_in_korean(command: str) -> None:
    english, korean = helps("en")[command], helps("ko")[command]
    assert rows(korean).keys() == rows(english).keys()
    assert "-h, --help" in rows(korean)
    for name, said in rows(korean).items():
        assert HANGUL.search(said), name
    words = ("Usage", "Arguments:", "Options:", "Commands:", "[default", "required]", "Show this")
    assert any(word in english for word in words)
    assert not any(word in korean for word in words)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("width", "most"), [("80", 80), ("300", 98)])
def test_lines_fit(command: str, language: str, width: str, most: int) -> None:
    lines = helps(language, width)[command].splitlines()
    assert max(map(cell_len, lines)) <= most


def test_defaults_and_what_is_required() -> None:
    assert rows(helps("en")["study"])["--against ARM"].endswith("[default: baseline]")
    assert rows(helps("ko")["study"])["--against ARM"].endswith("[기본값: baseline]")
    assert rows(helps("ko")["study"])["study <path>"] == "비교 실험의 YAML 파일. [필수]"
