"""dalmeum score RUN FILE -o OUT: in shards, kept until all are there, and gone on with."""

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.models.scorer import PairScorer
from dalmeum.serving import score_file as scoring
from dalmeum.serving.backends import TorchBackend
from dalmeum.serving.shards import shards_beside
from tests import kill
from tests.cli.test_commands import call
from tests.conftest import draw_pairs

ROWS = 50


@pytest.fixture
def pairs(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of four shards."""
    monkeypatch.setattr(scoring, "SHARD", 16)
    return write(Path("pairs.csv"), ROWS)


def write(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence1", "sentence2", "note"])
        for number, (one, two, _) in enumerate(draw_pairs(rows)):
            writer.writerow([one, two, f"note, {number}"])
    return path


def written(path: Path, column: str = "score") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_other_columns_stay_and_scores_are_those_of_the_run(
    own_run: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["scored_before"], told["out"]) == (ROWS, 0, "out.csv")
    found = written(Path("out.csv"))
    assert [row["note"] for row in found] == [f"note, {number}" for number in range(ROWS)]
    expected = dalmeum.load(own_run).score(list(read_pairs(pairs).pairs))
    np.testing.assert_allclose([float(row["score"]) for row in found], expected, atol=1e-6)
    assert not Path("out.csv.parts").exists()
    in_python = dalmeum.score_file(own_run, pairs, "again.csv")
    assert (in_python.rows, in_python.before) == (ROWS, 0)
    assert Path("again.csv").read_bytes() == Path("out.csv").read_bytes()


def test_repeated_pairs_are_scored_once(own_run: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    original = PairScorer.logits_of

    def counted(self: PairScorer, one: list[str], two: list[str], *rest: object) -> object:
        seen.append(len(one))
        return original(self, one, two, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(PairScorer, "logits_of", counted)
    rows = Path("pairs.csv").read_text(encoding="utf-8").splitlines()
    Path("twice.csv").write_text("\n".join([rows[0], *[rows[1]] * 16, *rows[1:4]]) + "\n", encoding="utf-8")
    assert call("score", "latest", "twice.csv", "-o", "out.csv", "--precision", "float32") == 0
    assert seen == [1, 3]
    scores = [row["score"] for row in written(Path("out.csv"))]
    assert len(set(scores[:16])) == 1
    assert float(scores[16]) == pytest.approx(float(scores[0]), abs=1e-6)


def interrupted_after(shards: int, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    original, calls = TorchBackend.score, iter(range(shards))

    def score(*arguments: Any) -> Any:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return original(*arguments)

    patch = pytest.MonkeyPatch()
    patch.setattr(TorchBackend, "score", score)
    return patch


def test_what_was_cut_off_goes_on_and_comes_to_the_same_bytes(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", "latest", str(pairs), "-o", "whole.csv") == 0
    for shards in (2, 1):
        patch = interrupted_after(shards, monkeypatch)
        assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume") == 130
        patch.undo()
        assert not Path("out.csv").exists()
    assert "out.csv.parts: what is scored is kept: --resume goes on with it" in capsys.readouterr().err
    assert sorted(path.name for path in Path("out.csv.parts").glob("*.npy")) == [
        f"{number:08d}.npy" for number in range(3)
    ]
    assert call("score", "latest", str(pairs), "-o", "out.csv") == 2
    assert "holds scores of a scoring that was cut off: --resume goes on" in capsys.readouterr().err
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["scored_before"] == 48
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert not Path("out.csv.parts").exists()
    changed = Path("out.csv").stat().st_mtime_ns
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume") == 0
    assert capsys.readouterr().out == "out.csv: is whole already\n"
    assert Path("out.csv").stat().st_mtime_ns == changed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda parts, pairs: pairs.write_text(pairs.read_text().replace("note, 0", "note")), "another file"),
        (lambda parts, pairs: spoil(parts, "model"), "another model"),
        (lambda parts, pairs: spoil(parts, "versions"), "another versions"),
        (lambda parts, pairs: (parts / "job.json").write_text("[]"), "another file and model and versions"),
    ],
)
def test_scores_of_something_else_are_not_gone_on_with(
    pairs: Path,
    change: Callable[[Path, Path], object],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    patch = interrupted_after(1, monkeypatch)
    assert call("score", "latest", str(pairs), "-o", "out.csv") == 130
    patch.undo()
    parts = Path("out.csv.parts")
    change(parts, pairs)
    capsys.readouterr()
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume") == 2
    assert f"out.csv.parts: holds scores of {told}: remove it to begin anew" in capsys.readouterr().err
    assert (parts / "00000000.npy").is_file()


def spoil(parts: Path, key: str) -> None:
    job = json.loads((parts / "job.json").read_text())
    (parts / "job.json").write_text(json.dumps({**job, key: {}}))


def test_a_damaged_shard_is_scored_again(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", "latest", str(pairs), "-o", "whole.csv") == 0
    patch = interrupted_after(3, monkeypatch)
    assert call("score", "latest", str(pairs), "-o", "out.csv") == 130
    patch.undo()
    shard = Path("out.csv.parts", "00000001.npy")
    shard.write_bytes(shard.read_bytes()[:-3])
    capsys.readouterr()
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["scored_before"] == 32
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.parametrize("out", ["out.csv", "out.tsv", "out.jsonl", "out.parquet"])
def test_a_whole_output_is_known_in_every_format(
    own_run: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The competition's own form knows no column of scores, and a file of other names no sentences."""
    for name, columns in (("dev.csv", []), ("other.csv", ["--columns", "sentence1=one,sentence2=two"])):
        Path("other.csv").write_text("one,two,three\na,b,c\nd,e,f\n", encoding="utf-8")
        command = ["score", "latest", name, "-o", out, *columns]
        assert call(*command) == 0
        capsys.readouterr()
        assert call(*command, "--resume") == 0
        assert capsys.readouterr().out == f"{out}: is whole already\n"
        for changed in (["--precision", "float32"], ["--column", "other"]):
            assert call(*command, "--resume", *changed) == 2
        rows = Path(name).read_text(encoding="utf-8").splitlines(keepends=True)
        Path("turned.csv").write_text("".join([rows[0], *rows[:0:-1]]), encoding="utf-8")
        assert call("score", "latest", "turned.csv", "-o", out, *columns, "--resume") == 2
        assert "is not known to be this file scored by this model" in capsys.readouterr().err
        Path(out).write_bytes(Path(out).read_bytes() + b"x")
        assert call(*command, "--resume") == 2


def test_a_folder_that_is_not_its_own_is_left_as_it_is(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = Path("out.csv.parts")
    parts.mkdir()
    for name in ("in.csv", "mine.npy", "notes.txt"):
        (parts / name).write_bytes(pairs.read_bytes())
    before = {path.name: path.read_bytes() for path in parts.iterdir()}
    for file in (str(pairs), str(parts / "in.csv")):
        for more in ([], ["--resume"]):
            assert call("score", "latest", file, "-o", "out.csv", *more) == 2
            assert "out.csv.parts: is" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in parts.iterdir()} == before
    for name in before:
        (parts / name).unlink()
    (parts / ".lock").touch()  # what a scoring that was killed while it began leaves
    assert call("score", "latest", str(pairs), "-o", "out.csv") == 0
    assert not parts.exists()


def test_a_scoring_goes_on_as_it_was_read(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patch = interrupted_after(1, monkeypatch)
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--encoding", "cp949") == 130
    patch.undo()
    capsys.readouterr()
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume") == 2
    assert "holds scores of another file" in capsys.readouterr().err


def test_standard_input_that_is_closed(
    own_run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    for arguments in (["-", "-o", "out.csv"], ["-"], []):
        assert call("score", "latest", *arguments) == 2
        assert capsys.readouterr().err.startswith("standard input is closed: name")


@pytest.mark.parametrize("column", ["", " ", "a\tb", "a\nb", " note "])
def test_names_that_are_no_new_column_s(pairs: Path, column: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("score", "latest", str(pairs), "-o", "out.tsv", "--column", column) == 2
    assert "column" in capsys.readouterr().err
    assert not Path("out.tsv").exists()


def test_an_output_of_something_else_is_not_taken_for_whole(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out.csv").write_text("sentence1,sentence2,score\na,b,1\n", encoding="utf-8")
    assert call("score", "latest", str(pairs), "-o", "out.csv", "--resume") == 2
    assert (
        "out.csv: is there, and is not known to be this file scored by this model" in capsys.readouterr().err
    )
    assert call("score", "latest", str(pairs), "-o", "out.csv") == 0
    assert len(written(Path("out.csv"))) == ROWS


def test_standard_input_is_a_file_like_others(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", "latest", str(pairs), "-o", "whole.csv") == 0
    stdin = io.TextIOWrapper(io.BytesIO(pairs.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert call("score", "latest", "-", "-o", "out.csv") == 0
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"sentence1,sentence2\na\n")))
    assert call("score", "latest", "-", "-o", "bad.csv") == 2
    assert "standard input, line 2: 1 fields where the header has 2" in capsys.readouterr().err
    left = {path.name for path in Path().iterdir()} - {"out.csv", "whole.csv", "pairs.csv"}
    assert not [name for name in left if name.startswith((".dalmeum", "bad"))]


def test_bad_calls_leave_nothing(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path().rglob("*"))
    Path("bad.csv").write_text("sentence1,sentence2\na,b\nc\n,d\n", encoding="utf-8")
    for arguments, told in (
        (["latest", "bad.csv", "-o", "out.csv"], "bad.csv, line 3: 1 fields where the header has 2"),
        (["latest", "none.csv", "-o", "out.csv"], "none.csv: no such file"),
        (["latest", "pairs.csv", "-o", "out.xlsx"], "out.xlsx: is written by the end of its name"),
        (["latest", "pairs.csv", "-o", "pairs.csv"], "pairs.csv: is what is read here"),
        (["latest", "pairs.csv"], "score pairs.csv: name the file to write, as in -o scores.csv"),
        (["latest", "a", "b", "-o", "out.csv"], "name the file of pairs to score"),
        (["nobody", "pairs.csv", "-o", "out.csv"], "nobody"),
        (["latest", "pairs.csv", "-o", "out.csv", "--column", "note"], "has a column 'note' already"),
        (["latest", "pairs.csv", "-o", "out.csv", "--precision", "half"], "precision 'half' is unknown"),
    ):
        capsys.readouterr()
        assert call("score", *arguments) == 2, arguments
        error = capsys.readouterr().err.strip().splitlines()
        assert told in error[-1], arguments
    assert sorted(Path().rglob("*")) == sorted([*before, Path("bad.csv")])


def test_empty_sentences_are_counted(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.csv").write_text("sentence1,sentence2\na,\n ,b\nc,d\n", encoding="utf-8")
    assert call("score", "latest", "empty.csv", "-o", "out.csv") == 0
    assert "warning: empty.csv: 2 pairs with an empty sentence\n" in capsys.readouterr().err
    assert len(written(Path("out.csv"))) == 3


def test_two_at_once_do_not_mix(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with shards_beside(Path("out.csv")):
        assert call("score", "latest", str(pairs), "-o", "out.csv") == 2
        assert "out.csv.parts: another process works there" in capsys.readouterr().err
    assert not Path("out.csv.parts").exists()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_at_any_write_it_comes_to_the_same_bytes(own_run: Path) -> None:
    """Three shards of the size that people get."""
    write(Path("pairs.csv"), 2 * scoring.SHARD + 100)
    shutil.rmtree("practice", ignore_errors=True)
    command = [sys.executable, "-m", "dalmeum", "score", "latest", "pairs.csv", "-o", "out.csv"]
    for place, problems in kill.check(command, Path(), 4):
        assert not problems, place


def test_a_file_that_is_rewritten_meanwhile_is_told(
    pairs: Path, own_run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the same size, and while its last shard was scored."""
    score = scoring._score

    def rewriting(*given: Any) -> int:
        before = score(*given)
        pairs.write_bytes(pairs.read_bytes().replace(b"cat", b"dog"))
        return before

    monkeypatch.setattr(scoring, "_score", rewriting)
    assert call("score", str(own_run), str(pairs), "-o", "out.csv") == 2
    assert "pairs.csv: has changed while it was read: run the command again" in capsys.readouterr().err
    assert not Path("out.csv").exists()
