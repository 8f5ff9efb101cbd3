"""What goes to the terminal: every encoding takes it, and nothing in it is obeyed."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dalmeum.terminal import harmless, table, wrapped
from tests.cli.test_commands import HEADER, call

MAIN = (sys.executable, "-c", "from dalmeum.cli import main; main()")
ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b31m\u202ekcab\u2066\x7f\r\x08"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def run(*arguments: str, encoding: str = "utf-8", **environment: str) -> tuple[int, bytes, bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONIOENCODING": encoding,
        **environment,
    }
    done = subprocess.run([*MAIN, *arguments], capture_output=True, env=environment)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def data(here: Path) -> str:
    rows = "".join(
        f"{row},출처 ±,고양이가 {row}번 운다,a café…,{row % 6},{int(row % 6 > 2)}\n" for row in range(30)
    )
    Path("d.csv").write_text(HEADER + rows, encoding="utf-8")
    return "d.csv"


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "cp949:strict", "latin-1", "utf-8"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_pipe_in_any_encoding(data: str, encoding: str, language: str) -> None:
    codec = encoding.partition(":")[0]
    code, out, err = run("check", data, encoding=encoding, DALMEUM_LANG=language)
    assert (code in (0, 1), err) == (True, b"")
    text = out.decode(codec)
    assert ("█" * 5 if codec == "utf-8" else "#" * 5) in text
    if codec == "cp949":
        assert "출처 ±" in text
    if codec == "ascii":
        assert r"\ucd9c\ucc98 +-" in text
    code, out, err = run("check", data, "--json", encoding=encoding)
    assert (code in (0, 1), err) == (True, b"")
    assert json.loads(out.decode(codec))["tables"][0]["sources"] == {"출처 ±": 30}


@pytest.mark.parametrize("encoding", ["cp949", "ascii"])
def test_messages_and_help_in_any_encoding(here: Path, encoding: str) -> None:
    for arguments in (("--help",), ("check", "--help"), ("nope",), ("check", "없는…█.csv"), ("check", "-±")):
        code, out, err = run(*arguments, encoding=encoding, DALMEUM_LANG="ko")
        assert code in (0, 2), arguments
        assert b"Traceback" not in err
        assert (out + err).decode(encoding)


def test_nothing_in_the_data_is_obeyed(here: Path) -> None:
    name = f"na{ESCAPES}\nme.csv"
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for row in range(9):  # the last ones again, which a finding shows
            cells = [f"s{ESCAPES}", f"a{row % 6}{ESCAPES}", f"b{ESCAPES}", row % 6, int(row % 6 > 2)]
            csv.writer(file).writerow([row, *cells])
    for arguments in (
        ("check", name),
        ("check", name, "--json"),
        ("check", f"{name}x"),
        ("check", name, "--columns", f"label={ESCAPES}"),
        ("train", f"{ESCAPES}.yaml"),
        ("train", name, f"{ESCAPES}=1"),
        ("evaluate", f"run{ESCAPES}", name),
        (f"com{ESCAPES}mand",),
        ("check", f"--op{ESCAPES}tion"),
        ("compare", f"a{ESCAPES}=b", "c"),
    ):
        _, out, err = run(*arguments)
        assert out + err
        assert not OBEYED.search((out + err).decode()), arguments
        if arguments[-1] == "--json":
            (summary,) = json.loads(out)["tables"]
            assert summary["name"] == name
            assert next(iter(summary["sources"])).startswith("s\x1b]0;title")
        elif out == b"":
            assert err.count(b"\n") <= 2


def test_a_tables_columns_stand_whatever_its_cells_hold() -> None:
    lines = table([["name", "n"], ["a\x1b[31m", "1"], ["b", "2"]], width=80)
    assert lines == ["name       n", "a\\x1b[31m  1", "b          2"]
    assert wrapped("a\x9bb", 80) == ["a\\x9bb"]
    assert harmless("한 줄\n\t두 줄") == "한 줄\n\t두 줄"
    assert harmless("\u202e\x00\x9f") == "\\u202e\\x00\\x9f"


def test_streams_are_as_before_after_a_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, sys.stdout.errors, signal.getsignal(signal.SIGINT)
    assert call("check", "nothing.csv") == 2
    assert (sys.stdout, sys.stderr, sys.stdout.errors, signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize("seconds", [0.15, 0.4, 1.0, 2.5])
def test_ctrl_c_at_any_time_is_a_line(data: str, seconds: float) -> None:
    """From the first imports on; before them Python itself has the signal."""
    Path("recipe.yaml").write_text("data: {train: d.csv, dev: d.csv}\nmodel: {kind: offline}\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = "import sys; print(1, flush=True); from dalmeum.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "train", "recipe.yaml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted; a training run goes on with --resume"
    assert "Traceback" not in err
