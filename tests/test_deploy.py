"""The container image and the systemd unit call what exists. Nothing here can build an image."""

import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.main import get_command

from dalmeum.cli import app

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy/dalmeum.service").read_text(encoding="utf-8")


def in_image() -> list[str]:
    entry, command = (
        re.findall(rf"^{name} \[(.*)\]$", DOCKERFILE, re.M)[-1] for name in ("ENTRYPOINT", "CMD")
    )
    return [word.strip(' "') for word in f"{entry}, {command}".split(",")]


def in_unit() -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.M)
    return shlex.split(line)


@pytest.mark.parametrize("call", [in_image(), in_unit()], ids=["image", "unit"])
def test_the_command_line_takes_it(call: list[str]) -> None:
    program, command, *arguments = call
    assert Path(program).name == "dalmeum"
    found = get_command(app).get_command(None, command)  # type: ignore[attr-defined]
    values = found.make_context(command, list(arguments)).params
    assert values["runs"]
    assert values["port"] == 8000
    assert values["token_file"] is not None


def test_the_image_copies_what_is_there_and_is_not_left_out() -> None:
    kept = [line[1:] for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source, each) for each in kept), f"{source} is left out of the image"


def test_a_wheel_needs_no_other_file_of_the_checkout() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    copied = " ".join(re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M)).split()
    assert {project["readme"], *project["license-files"]} <= set(copied)
    (extras,) = re.findall(r"^ARG EXTRAS=(.*)$", DOCKERFILE, re.M)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_nothing_runs_as_root() -> None:
    made = DOCKERFILE.index("useradd --create-home --uid 10001 dalmeum")
    assert made < DOCKERFILE.index("\nUSER dalmeum") < DOCKERFILE.index("\nENTRYPOINT")
    assert DOCKERFILE.count("\nUSER ") == 1
    assert "\nDynamicUser=yes\n" in UNIT


def test_no_token_stands_on_a_command_line() -> None:
    for call in (in_image(), in_unit()):
        assert "--token" not in call
        assert call[call.index("--token-file") + 1].endswith("tokens")
