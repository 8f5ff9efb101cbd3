"""dalmeum board: ranks without any store, ideas with one."""

import json
from pathlib import Path

import pytest

from dalmeum.competition.store import FILE, SETTING
from tests.cli.test_commands import call
from tests.pages.parsed import Parsed

IDEAS = """
ideas:
  hard-one:
    question: Is it worth it?
    recipe: recipe.yaml
    arms: {a: {loss.alpha: 0.7}}
    difficulty: hard
  tried: {question: "What does the recipe do?", recipe: recipe.yaml, difficulty: easy}
  easy-one:
    question: Does <b>it</b> help?
    recipe: recipe.yaml
    arms: {a: {loss.alpha: 0.3}}
    difficulty: easy
"""


@pytest.fixture
def place(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, three ideas, and Kim who asks."""
    monkeypatch.delenv(SETTING, raising=False)
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    Path("ideas.yaml").write_text(IDEAS, encoding="utf-8")
    return own_run


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    assert call("board", *arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_ranks_need_no_store(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalmeum.competition.store.find_spec", lambda name: None)
    lines = printed(capsys)
    assert lines[0].startswith("dev.csv: 24 pairs")
    assert lines[2].split()[:2] == ["1", place.name]
    assert not Path(FILE).exists()
    page = Parsed(Path("runs/board.html").read_text(encoding="utf-8"))
    assert f"{place.name}/report.html" in [value for name, value in page.attributes if name == "href"]
    (board,) = json.loads(printed(capsys, "--json")[0])["boards"]
    assert board["runs"][0]["run"] == place.name
    metrics = json.loads((place / "metrics.json").read_text(encoding="utf-8"))
    assert board["runs"][0]["pearson"] == metrics["dev"]["pearson"]
    assert call("board", "--output", "none") == 2


def test_next_take_and_give_back(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "  dalmeum train recipe.yaml loss.alpha=0.3"
    assert printed(capsys, "--next") == [
        "easy-one (easy): Does <b>it</b> help?",
        "claim it:",
        "  dalmeum board --take easy-one",
        "run it:",
        command,
    ]
    lines = printed(capsys, "--take", "easy-one", "--hours", "2")
    assert lines[0].startswith("easy-one: yours until 20")
    assert lines[1:] == ["run it:", command]
    assert printed(capsys, "--next")[1].startswith("easy-one: yours until 20")
    assert printed(capsys)[-1].startswith("easy-one: Kim has it until 20")
    assert "Kim has it until" in Parsed(Path("runs/board.html").read_text(encoding="utf-8")).english
    monkeypatch.setenv("DALMEUM_AUTHOR", "이")
    capsys.readouterr()
    assert call("board", "--take", "easy-one") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("easy-one: is taken by Kim until 20")
    assert err.count("\n") == 1
    assert printed(capsys, "--next")[0] == "hard-one (hard): Is it worth it?"
    assert call("board", "--give-back", "easy-one") == 2
    assert "이 has no claim on it" in capsys.readouterr().err
    monkeypatch.setenv("DALMEUM_AUTHOR", "Kim")
    assert printed(capsys, "--give-back", "easy-one") == ["easy-one: given back"]
    claim = json.loads(printed(capsys, "--take", "hard-one", "--json")[0])
    assert claim["claim"]["idea"] == "hard-one"
    assert claim["claim"]["until"] - claim["claim"]["since"] == 24 * 3600
    idea = json.loads(printed(capsys, "--next", "--json")[0])["idea"]
    assert (idea["name"], idea["tried"], idea["claim"]["author"]) == ("hard-one", None, "Kim")


def test_a_claim_on_what_was_tried_since_is_not_shown(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("ideas.yaml").write_text(
        "ideas:\n"
        "  tried: {question: Does it help, recipe: recipe.yaml}\n"
        "  open: {question: Does it help, recipe: recipe.yaml, overrides: [loss.alpha=0.4]}\n",
        encoding="utf-8",
    )
    for idea in ("tried", "open"):
        printed(capsys, "--take", idea)
    shown = json.loads(printed(capsys, "--json")[0])["claims"]
    assert [each["idea"] for each in shown] == ["open"]
    Path("ideas.yaml").unlink()
    assert len(json.loads(printed(capsys, "--json")[0])["claims"]) == 2


def test_when_all_are_tried_or_taken_it_says_so(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for idea in ("easy-one", "hard-one"):
        printed(capsys, "--take", idea)
    monkeypatch.setenv("DALMEUM_AUTHOR", "이")
    told = ["every idea in ideas.yaml is taken or tried: write another one there"]
    assert printed(capsys, "--next") == told
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert printed(capsys, "--next")[0].startswith("ideas.yaml의 아이디어는 모두")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--take", "easy-on"), "ideas.yaml: holds no idea 'easy-on'; did you mean easy-one?"),
        (("--take", "easy-one", "--hours", "0"), "--hours 0: give a number above 0"),
        (("--take", "easy-one", "--next"), "--take and --next: give one of them"),
        (("--next", "--ideas", "no.yaml"), "no.yaml: there is none here"),
    ],
)
def test_calls_that_are_wrong(
    place: Path, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("board", *arguments) == 2
    assert capsys.readouterr().err.startswith(told)


def test_a_store_that_cant_be_reached(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "postgresql://me:secret@127.0.0.1:1/db")
    assert call("board", "--take", "easy-one") == 2
    err = capsys.readouterr().err
    place_told, reason = "postgresql://me@127.0.0.1:1/db", "nothing answers there: is the server running?"
    assert err == f"{place_told}: the team's store can't be used: {reason}\n"
    assert call("board") == 0
    out, err = capsys.readouterr()
    assert place.name in out
    assert err.startswith("warning: postgresql://me@127.0.0.1:1/db: the team's store can't be used")
    assert "secret" not in out + err + Path("runs/board.html").read_text(encoding="utf-8")


def test_migrating_what_is_up_to_date(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("board", "--migrate") == 0
    assert capsys.readouterr().err == "the team's store is up to date\n"
    assert Path(FILE).is_file()
