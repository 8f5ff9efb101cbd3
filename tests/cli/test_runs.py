"""dalmeum runs, score, and names for runs and arms."""

import io
import json
import shutil
import sys
import unicodedata
from pathlib import Path

import pytest

import dalmeum
from dalmeum.runs.lock import RunLock
from tests.cli.test_commands import call
from tests.pages.parsed import Parsed


@pytest.fixture
def two(own_run: Path) -> tuple[Path, Path]:
    """The finished run, and a better one that is older, with a question and a failed third."""
    better = Path("runs", "20200101-000000-better")
    shutil.copytree(own_run, better)
    _change(better / "run.json", id=better.name, recipe="better", created="2020-01-01T00:00:00+00:00")
    metrics = json.loads((better / "metrics.json").read_text(encoding="utf-8"))
    metrics["dev"]["pearson"] = {"value": 0.95, "low": 0.9, "high": 0.97}
    (better / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    recipe = (better / "recipe.yaml").read_text(encoding="utf-8")
    (better / "recipe.yaml").write_text(recipe.replace("question: null", "question: Is <it> better?"))
    failed = Path("runs", "20210101-000000-failed")
    failed.mkdir()
    shutil.copy(own_run / "run.json", failed)
    _change(
        failed / "run.json",
        id=failed.name,
        recipe="failed",
        state="failed",
        created="2021-01-01T00:00:00+00:00",
    )
    return own_run, better


def _change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")


def test_a_table_of_runs_and_a_page_with_links(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    run, better = two
    assert call("runs") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", run.name, "20210101-000000-failed", better.name]
    assert lines[3].split()[1:6] == ["0.9500", "0.9000", "to", "0.9700", "finished"]
    assert lines[3].endswith("Is <it> better?")
    assert "failed" in lines[2].split()
    assert err == "page: runs/index.html\n"
    page = Parsed(Path("runs/index.html").read_text(encoding="utf-8"))
    links = [value for name, value in page.attributes if name == "href"]
    assert f"{run.name}/report.html" in links
    assert f"{better.name}/report.html" in links
    assert not any("failed" in link for link in links)
    assert all((Path("runs") / link).is_file() for link in links if link.endswith(".html"))
    assert "Is <it> better?" in page.english
    assert "3 runs" in page.english
    assert "실행 3개" in page.korean


def test_a_run_whose_process_is_gone_is_told_from_one_at_work(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, better = two
    _change(better / "run.json", state="running")
    with RunLock.take(better):
        assert call("runs", "--json") == 0
        assert _state(capsys.readouterr().out, better) == "running"
    assert call("runs", "--json") == 0
    assert _state(capsys.readouterr().out, better) == "lost"
    assert call("runs") == 0
    assert "cut off" in capsys.readouterr().out


def _state(printed: str, run: Path) -> str:
    (found,) = [each for each in json.loads(printed)["runs"] if each["id"] == run.name]
    return str(found["state"])


def test_on_a_narrow_terminal_ids_stay_whole_and_questions_stand_below(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run, better = two
    twin = better.with_name("20200101-000000-twin-of-the-better")
    shutil.copytree(better, twin)
    _change(twin / "run.json", id=twin.name)
    assert call("runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == [run.name, "20210101-000000-failed"]
    assert {line.split()[0] for line in lines[3:5]} == {better.name, twin.name}
    assert lines[5:] == ["  Is <it> better?"]  # once for the two that ask it


def test_other_orders_and_json(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run, better = two
    names = {}
    for order in ("age", "score", "name", "state"):
        assert call("runs", "--sort", order, "--json") == 0
        listed = json.loads(capsys.readouterr().out)["runs"]
        names[order] = [each["id"] for each in listed]
    assert names["age"][0] == run.name
    assert names["score"] == [better.name, run.name, "20210101-000000-failed"]
    assert names["name"] == [better.name, "20210101-000000-failed", run.name]
    assert names["state"][0] == "20210101-000000-failed"
    assert listed[-1]["score"] == {"value": 0.95, "low": 0.9, "high": 0.97}
    assert listed[0]["score"] is None
    assert call("runs", "--sort", "luck") == 2


def test_a_page_of_somebody_else_is_left_alone(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/index.html").write_text("<title>mine</title>", encoding="utf-8")
    assert call("runs") == 0
    out, err = capsys.readouterr()
    assert own_run.name in out
    assert err.startswith("warning: runs/index.html: is no page of dalmeum")
    assert Path("runs/index.html").read_text(encoding="utf-8") == "<title>mine</title>"
    Path("empty").mkdir()
    assert call("runs", "--output", "empty") == 0
    assert capsys.readouterr() == ("no runs in empty\n", "")
    assert not any(Path("empty").iterdir())


def test_a_run_may_be_named(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "recipe.yaml", "--name", "한 이름", "--json") == 0
    assert json.loads(capsys.readouterr().out)["run"].endswith("-한 이름")
    for name in ("a/b", "", " ", "a\nb", "a\x1bb", ".."):
        assert call("train", "recipe.yaml", "--name", name) == 2 or name == ".."
    assert len(list(Path("runs").glob("*/run.json"))) <= 3


def test_arms_of_compare_may_be_named(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "recipe.yaml", "loss.alpha=0.9", "--name", "other") == 0
    (other,) = Path("runs").glob("*-other")
    capsys.readouterr()
    assert call("compare", f"plain={own_run}", f"mine={other.name}", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["arms"]) == ["plain", "mine"]
    assert call("compare", str(own_run), f"mine={other}") == 2
    assert "name all arms, as in ARM=RUN ARM=RUN, or none" in capsys.readouterr().err
    findings = dalmeum.compare({"plain": own_run, "mine": [other]})
    assert findings.arms.names == ("plain", "mine")


def test_two_sentences_are_scored(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = ("The cat eats.", "A cat eats today.")
    (expected,) = dalmeum.load(own_run, "float32").score([pair])
    assert call("score", "latest", *pair) == 0
    assert capsys.readouterr().out == f"{expected:.4f}\n"
    assert call("score", str(own_run), *pair, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"run": str(own_run), "scores": [pytest.approx(expected)], "warnings": []}
    capsys.readouterr()
    assert call("score", "latest", "", "A cat.") == 0
    assert capsys.readouterr().err == "warning: score: 1 pair with an empty sentence\n"


def test_what_spoils_a_score_is_said_of_two_sentences(
    own_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", str(own_run), unicodedata.normalize("NFD", "고양이"), "\u3164") == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert err.splitlines() == [
        "warning: score: 1 sentence in decomposed Unicode, as macOS writes Hangul, was composed (NFC)",
        "warning: score: 1 pair with an empty sentence",
    ]
    for sentence, told in {
        "\udcb0\udca1": "score: holds half a surrogate pair, or bytes of another encoding than UTF-8: '",
        "a\0": "score, record 1: sentence1 holds a NUL character; the file is damaged here",
    }.items():
        assert call("score", str(own_run), sentence, "b") == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith(told)


def test_pairs_of_standard_input_are_scored(
    own_run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    pairs = [("The cat eats.", "A cat eats today."), ("A dog\truns.", "고양이"), ("a", "b")]
    given(b'The cat eats.\tA cat eats today.\n["A dog\\truns.", "' + "고양이".encode() + b'"]\n\na\tb\n')
    assert call("score", str(own_run)) == 0
    scores = [float(line) for line in capsys.readouterr().out.splitlines()]
    assert scores == pytest.approx(dalmeum.load(own_run).score(pairs), abs=1e-4)
    given("고양이\t강아지\n".encode("cp949"))
    assert call("score", str(own_run)) == 0
    assert capsys.readouterr().out.count("\n") == 1
    for data, problems in {
        b"one\n[1, 2]\n": 2,
        b"a\tb\tc\n": 1,
        b'["a"]\n': 1,
        b"[" * 100_000: 1,
        b"": 1,
        b"\n\n": 1,
    }.items():
        given(data)
        assert call("score", str(own_run)) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", problems)
        assert err.startswith("standard input")


@pytest.mark.parametrize("command", ["score", "predict", "evaluate"])
def test_a_version_that_changed_is_told_by_every_command(
    own_run: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = own_run / "model" / "golden.json"
    golden = json.loads(path.read_text())
    moved = [golden["scores"][0] + 0.5, *golden["scores"][1:]]
    path.write_text(
        json.dumps({**golden, "versions": {**golden["versions"], "torch": "1.0"}, "scores": moved})
    )
    call("score", str(own_run), "A cat sleeps.", "A cat naps.")
    assert "moved by up to 0.5" in capsys.readouterr().err
    Path("pairs.csv").write_text("sentence1,sentence2,label\na cat,a dog,1\na man,a man,5\nx,y,0\n")
    words = {
        "score": [str(own_run), "pairs.csv", "-o", "out.csv"],
        "predict": [str(own_run), "pairs.csv", "-o", "out.csv"],
        "evaluate": [str(own_run), "pairs.csv"],
    }
    call(command, *words[command])
    assert capsys.readouterr().err.count("moved by up to 0.5") == 1
    with pytest.warns(UserWarning, match=r"pip install torch==1\.0"):
        dalmeum.load(own_run)
