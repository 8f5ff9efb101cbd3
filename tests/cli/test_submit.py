"""dalmeum submit and reproduce: what they print, and their exit codes."""

import json
from pathlib import Path

import pytest

from dalmeum.competition.store import FILE, SETTING
from tests.cli.test_commands import call


@pytest.fixture
def run(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished run's id, and Kim who hands it in."""
    monkeypatch.delenv(SETTING, raising=False)
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    return own_run.name


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[str]:
    capsys.readouterr()
    assert call(*arguments) == code
    return capsys.readouterr().out.splitlines()


def test_from_a_submission_to_the_boards_answer(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "submit")[0].startswith("nothing was handed in yet")
    lines = printed(capsys, "submit", run, "test.csv", "-o", "in.csv")
    assert lines == [
        "file        in.csv (12 pairs)",
        "manifest    in.csv.manifest.json",
        "submission  1, by Kim",
        "when the board has answered: dalmeum submit --public SCORE --of 1",
    ]
    assert Path(FILE).is_file()
    told = json.loads(printed(capsys, "submit", run, "test.csv", "-o", "in.csv", "--json")[0])
    assert (told["submission"], told["rows"]) == (1, 12)  # the same file is one line
    assert told["scores"] == json.loads(Path("runs", run, "metrics.json").read_text(encoding="utf-8"))
    assert call("submit", "--public", "0.9321") == 0
    out, err = capsys.readouterr()
    assert err == "submission 1: public score 0.9321\n"
    assert out.splitlines()[1].split()[:2] == ["1", "Kim"]
    assert "0.9321" in out
    assert call("submit", "--public", "0.9", "--of", "in.csv") == 2
    assert "has the public score 0.9321 already, not 0.9" in capsys.readouterr().err
    shown = json.loads(printed(capsys, "submit", "--public", "0.9", "--of", "1", "--replace", "--json")[0])
    assert shown["submissions"][0]["public"] == 0.9
    assert shown["hand_in"] is None


def test_quota(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "submit", "--quota", "1", "--time-zone", "UTC") == [
        "1 a day and person, from midnight to midnight in UTC"
    ]
    assert call("submit", run, "test.csv", "-o", "in.csv") == 0
    assert call("submit", run, "dev.csv", "-o", "other.csv") == 2
    err = capsys.readouterr().err
    assert err.startswith("Kim: the quota of 1 a day is used up: a new day begins in ")
    assert err.count("\n") == 1
    assert not Path("other.csv").exists()
    assert printed(capsys, "submit", "--quota", "0") == ["as many a day as you like"]
    assert call("submit", run, "dev.csv", "-o", "other.csv") == 0


def test_reproduce(run: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    printed(capsys, "submit", run, "test.csv", "-o", "in.csv")
    lines = printed(capsys, "reproduce", "in.csv.manifest.json")
    assert lines[0] == f"{run}: the same weights, in runs/{run}/model"
    assert lines[1].startswith("identical: in.csv, sha256 ")
    manifest = Path("in.csv.manifest.json")
    kept = json.loads(manifest.read_text(encoding="utf-8"))
    kept["intercept"], kept["versions"]["torch"] = 0.25, "0.1"
    manifest.write_text(json.dumps(kept), encoding="utf-8")
    lines = printed(capsys, "reproduce", "in.csv.manifest.json", "-o", "again.csv", code=1)
    assert lines[1] == "different from what was handed in"
    assert lines[2].startswith("torch was 0.1, and is ")
    assert lines[3].startswith("in.csv: ")
    assert "% of the ids differ, by 0.25" in lines[3]
    assert lines[4] == "written: again.csv"
    told = json.loads(printed(capsys, "reproduce", "in.csv.manifest.json", "--json", code=1)[0])
    assert told["identical"] is False
    assert told["largest_difference"] == pytest.approx(0.25, abs=1e-6)
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert printed(capsys, "reproduce", "in.csv.manifest.json", code=1)[1] == "제출한 파일과 다름"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("submit", "latest"), "submit: name the run, the test file, and with -o the file to write"),
        (("submit", "latest", "--public", "1"), "submit: RUN and --public: give one of them"),
        (("submit", "--of", "1"), "submit: --of and --replace go with --public SCORE"),
        (("submit", "--public", "1"), "Kim: has handed nothing in"),
        (("submit", "--quota", "2", "--time-zone", "Mars"), "time zone 'Mars': is not known here"),
        (("submit", "latest", "none.csv", "-o", "x.csv"), "none.csv: no such file"),
        (("submit", "nobody", "test.csv", "-o", "x.csv"), "nobody: no such run"),
        (("reproduce", "none.json"), "none.json: can't be read"),
    ],
)
def test_calls_that_are_wrong(
    run: str, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert err.count("\n") == 1
