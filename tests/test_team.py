"""What a team's commands do, from Python: the same objects, the same JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dalmeum
from dalmeum.competition.store import SETTING
from dalmeum.errors import DalmeumError, InputError
from tests.cli.test_commands import call
from tests.comparison.made import LABELS
from tests.experiments.made_runs import make_run, predicted

from .test_public import frame

Capture = pytest.CaptureFixture[str]
loose: Any = dalmeum
"""Called as its types forbid."""


def printed(capsys: Capture, *arguments: str) -> Any:
    """The object that a command prints."""
    capsys.readouterr()
    assert call(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def as_json(values: object) -> Any:
    return json.loads(json.dumps(values, allow_nan=False))


@pytest.fixture
def team(here: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[dalmeum.Run]:
    """Two runs on one dev set, of Kim, and a test file."""
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    monkeypatch.delenv(SETTING, raising=False)
    frame(12, seed=2).drop(columns="score").assign(id=[f"t{n}" for n in range(12)]).to_csv("test.csv")
    data = {"train": frame(48), "dev": frame(32, seed=1)}
    return [dalmeum.train(data=data, loss=loss, name=loss, **tiny) for loss in ("mse", "mae")]


def test_from_two_runs_to_a_file_for_the_board(team: list[dalmeum.Run], capsys: Capture) -> None:
    written = dalmeum.blend(team, "ours", method="mean", anyway=True)
    assert [member.run.id for member in written.blend.members] == [run.id for run in team]
    again = printed(capsys, "blend", *(run.id for run in team), "-o", "again", "--method", "mean", "--anyway")
    told = as_json(written.to_dict())
    assert told == again | {"run": "ours", "folder": "runs/ours"}
    assert "by person: Kim 0." in str(written)
    assert team[0].id in str(written)

    handed_in = dalmeum.submit(written.run, "test.csv", "ours.csv")
    assert Path("ours.csv").read_text(encoding="utf-8").startswith("id,target\n")
    assert str(handed_in).splitlines()[0] == "file        ours.csv (12 pairs)"
    assert "dalmeum submit --public SCORE --of 1" in str(handed_in)
    again = printed(capsys, "submit", "ours", "test.csv", "-o", "again.csv")
    told = as_json(handed_in.to_dict())
    assert told == again | {"out": "ours.csv", "manifest": "ours.csv.manifest.json"}

    made = dalmeum.reproduce(handed_in.manifest_file)
    assert made.identical
    assert as_json(made.to_dict()) == printed(capsys, "reproduce", "ours.csv.manifest.json")
    assert str(made).splitlines()[-1].startswith("identical: ours.csv, sha256 ")


def test_a_submission_s_test_pairs_are_a_file(team: list[dalmeum.Run]) -> None:
    with pytest.raises(InputError, match="a DataFrame is no test file: write the pairs to one"):
        loose.submit(team[0], frame(4), "out.csv")
    with pytest.raises(InputError, match="3 is no run"):
        loose.submit(3, "test.csv", "out.csv")
    assert not Path("out.csv").exists()


@pytest.fixture
def made(here: Path) -> Path:
    for seed in (1, 2):
        make_run(here / "runs", 1.0, seed).update(author="Kim")
    return here / "runs"


def test_the_board(made: Path, capsys: Capture) -> None:
    found = dalmeum.board()
    assert [run.rank for run in found.boards[0].runs] == [1, 1]
    assert not (made / "board.html").exists()
    assert as_json(found.to_dict()) == printed(capsys, "board")
    assert call("board") == 0
    assert capsys.readouterr().out == f"{found}\n"
    (made / "board.html").unlink()
    dalmeum.board("runs", page=True)
    assert (made / "board.html").is_file()


def test_a_store_that_cannot_be_used_is_a_warning(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "mysql://host/team")
    with pytest.warns(UserWarning, match="the team's store: mysql is no database"):
        assert dalmeum.board().claims == {}


def test_a_blend_without_a_gain_is_refused(made: Path) -> None:
    twin = make_run(made, 9.0, 9, scored={split: predicted(split, 1.0, 1) for split in LABELS})
    with pytest.raises(DalmeumError, match="no gain is shown; --anyway writes the blend, in Python anyway"):
        dalmeum.blend(["1.0-1", twin], "both")
    assert not (made / "both").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: loose.board(page="yes"), "page='yes': give True or False"),
        (lambda: dalmeum.board("none"), "none: no such folder of runs"),
        (lambda: loose.blend("1.0-1", "both"), "1.0-1: blend takes a list of runs"),
        (lambda: loose.blend(["1.0-1", 3], "both"), "3 is no run"),
        (lambda: dalmeum.blend(["1.0-1", "1.0-2"], "a/b"), "a/b"),
        (lambda: dalmeum.blend(["1.0-1", "1.0-2"], "both", method="sum"), "method sum: is none of mean"),
        (lambda: dalmeum.reproduce("none.manifest.json"), r"none\.manifest\.json"),
        (lambda: dalmeum.tune(data=frame(8), model={"kind": "offline"}, trials=0), "trials 0: give a whole"),
        (lambda: dalmeum.tune(data=frame(8), model={"kind": "offline"}, hours=0), "hours 0: give a number"),
        (lambda: dalmeum.tune(data=frame(8), model={"kind": "offline"}, trials=1), "and there is none: set"),
        (
            lambda: loose.tune(data=frame(8), prune=1),
            "prune=1: give True or False",
        ),
    ],
)
def test_what_is_wrong_is_told(made: Path, wrong: Callable[[], object], told: str) -> None:
    before = sorted(made.iterdir())
    with pytest.raises(InputError, match=told):
        wrong()
    assert sorted(made.iterdir()) == before
