"""No output is ever what a command reads, or a part of a run."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalmeum.data.practice import write_practice
from dalmeum.errors import InputError
from dalmeum.files import check_output
from tests.cli.test_commands import call

MAIN = (sys.executable, "-c", "from dalmeum.cli import main; main()")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


NAMES: dict[str, Callable[[Path], str]] = {
    "itself": lambda run: "dev.csv",
    "another way there": lambda run: "runs/../dev.csv",
    "a symbolic link": lambda run: _linked(os.symlink),
    "a hard link": lambda run: _linked(os.link),
    "a link to its folder": lambda run: _folder_link(),
    "other case": lambda run: "DEV.csv",
    "a run's record": lambda run: f"{run}/run.json",
    "a run's model": lambda run: f"{run}/model/config.json",
    "a new file in a run": lambda run: f"{run}/mine.csv",
    "standard input": lambda run: "/dev/stdin",
    "standard input's number": lambda run: "/dev/fd/0",
}


def _linked(link: Callable[[str, str], None]) -> str:
    link(str(Path("dev.csv").resolve()), "link.csv")
    return "link.csv"


def _folder_link() -> str:
    os.symlink(".", "around")
    return "around/dev.csv"


@pytest.mark.parametrize("name", NAMES)
def test_predict_leaves_what_it_reads_alone(
    name: str, own_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = NAMES[name](own_run)
    before = contents(Path())
    assert call("predict", str(own_run), "dev.csv", "-o", out) == 2
    printed, err = capsys.readouterr()
    assert (printed, err.count("\n")) == ("", 1)
    assert err.startswith(f"{out}: ")
    assert err.endswith("; choose another place for the output\n")
    assert contents(Path()) == before


def test_what_standard_input_is_read_from_is_an_input(own_run: Path) -> None:
    before = Path("dev.csv").read_bytes()
    with open("dev.csv", encoding="utf-8") as file:
        done = subprocess.run(
            [*MAIN, "predict", str(own_run), "/dev/stdin", "-o", "dev.csv"],
            stdin=file,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dev.csv: is what is read here")
    assert Path("dev.csv").read_bytes() == before


def test_other_places_are_written(own_run: Path) -> None:
    os.symlink("elsewhere.csv", "link.csv")
    for out in ("new.csv", "runs/new.csv", "link.csv", "/dev/null"):
        check_output(Path(out), ["dev.csv", own_run])
    check_output(Path("new.csv"), ["hub:owner/name", "no/such/file", "x" * 5000])


def test_letters_composed_another_way_are_the_same_name(tmp_path: Path) -> None:
    read = tmp_path / "\uac00.csv"
    read.touch()
    with pytest.raises(InputError, match="is what is read here"):
        check_output(tmp_path / "\u1100\u1161.csv", [read])


def test_pages_of_findings_replace_no_input(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(own_run)
    assert call("train", "recipe.yaml", "loss.alpha=0.5", "--name", "other", "--json") == 0
    (other,) = (str(path) for path in Path("runs").glob("*-other"))
    before = contents(Path())
    capsys.readouterr()
    assert call("compare", run, other, "-o", run) == 2
    assert f"{run}/compare.html: lies in the folder of a run" in capsys.readouterr().err
    Path("study.json").write_text(
        '{"question": "?", "baseline": "recipe.yaml", "arms": {"a": {"loss.alpha": 0.5}}}', encoding="utf-8"
    )
    assert call("study", "study.json", "-o", ".") == 2
    assert capsys.readouterr().err.startswith("study.json: is what is read here (study.json)")
    Path("study.json").unlink()
    assert contents(Path()) == before


def test_the_practice_set_replaces_no_file_of_another_set(own_run: Path) -> None:
    before = contents(Path())
    assert call("demo", "--folder", ".") == 2
    assert call("demo", "--folder", str(own_run)) == 2
    assert contents(Path()) == before
    write_practice(Path("practice"))
    again = contents(Path("practice"))
    write_practice(Path("practice"))
    assert contents(Path("practice")) == again


@pytest.mark.parametrize("out", ["runs", "dev.csv/x.csv", "x" * 300])
def test_predict_scores_nothing_that_has_no_place(
    out: str, own_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dalmeum.api.predicted", pytest.fail)
    assert call("predict", str(own_run), "dev.csv", "-o", out) == 2
    assert capsys.readouterr().err.startswith(f"{out}: ")


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\tb", "a\x1b[31mb", "a\u202eb"])
def test_a_name_of_an_output_stays_on_its_line(
    name: str, own_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spelt = name.encode("unicode_escape").decode()
    assert call("predict", str(own_run), "test.csv", "-o", f"{name}.csv") == 0
    assert capsys.readouterr().out == f"12 pairs scored: {spelt}.csv\n"
    assert call("init", "train.csv", "-o", f"{name}.yaml") == 0
    places, next_call = capsys.readouterr().out.split("\n\n")
    assert places.splitlines()[-1] == f"recipe  {spelt}.yaml"
    line = next_call.splitlines()[1]
    assert line.isprintable()
    # A shell makes the name of it again.
    words = subprocess.run(["bash", "-c", f"printf '%s|' {line}"], capture_output=True, check=True).stdout
    assert words.decode().split("|")[:3] == ["dalmeum", "train", f"{name}.yaml"]
    assert call("compare", str(own_run), str(own_run), "--out", name) in (0, 1, 2)
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())
    assert call("runs", "--output", name) in (0, 2)
    output = capsys.readouterr()
    assert all(line.isprintable() for line in (output.out + output.err).splitlines())
    assert call("train", "recipe.yaml", f"output={json.dumps(name)}") == 0
    output = capsys.readouterr()
    assert f"into {spelt}/" in output.err
    assert f"model       {spelt}/" in output.out
