"""Runs and half a study that an older version left (`older/README.md`): opened, compared, taken up again."""

import csv
import json
import lzma
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_commands import call

from .older_schema import as_comparison, as_judged_before, as_study, differences, with_names_of

OLDER = Path(__file__).parent / "older"
KINDS = ("offline", "cross", "cross-binary", "bi", "bi-binary")

NOISE = 1e-5
"""By which what a network answers may differ between machines, and by the sentences that it answers beside:
in float32. In bfloat16 it is hundredths."""


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test works in a copy of the folder."""
    shutil.copytree(OLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for packed in Path("runs").glob("*/model/*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))


def run(name: str) -> str:
    (folder,) = Path("runs").glob(f"[0-9]*-[0-9]*-{name}")
    # A name may end another's.
    assert re.fullmatch(rf"\d+-\d+-{name}", folder.name)
    return folder.name


def expected(name: str) -> Any:
    return json.loads(Path("expected", name).read_text(encoding="utf-8"))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert call(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def without_times(values: Any) -> Any:
    """Ids of runs without the time that they were made at."""
    return json.loads(re.sub(r'"\d{8}-\d{6}-', '"', json.dumps(values)))


def assert_same_columns(expected: Path, found: Path) -> None:
    """The same texts, and the same numbers but for noise."""
    with (
        expected.open(encoding="utf-8", newline="") as one,
        found.open(encoding="utf-8", newline="") as other,
    ):
        (head, *rows), (same_head, *others) = csv.reader(one), csv.reader(other)
    assert same_head == head
    assert [row[0] for row in others] == [row[0] for row in rows]
    columns, same_columns = (
        [[float(cell) if cell else None for cell in row[1:]] for row in each] for each in (rows, others)
    )
    assert differences(columns, same_columns, tolerance=NOISE) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_run_predicts_and_is_evaluated(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = (run(kind), "data/test.csv", "--precision", "float32")
    assert call("predict", *given, "-o", "found.csv") == 0
    assert_same_columns(Path(f"expected/predict-{kind}.csv"), Path("found.csv"))
    found, old = printed(capsys, "evaluate", *given), expected(f"evaluate-{kind}.json")
    del found["warnings"]  # which it did not have
    assert differences(as_judged_before(old), as_judged_before(found), tolerance=NOISE) == []


@pytest.mark.parametrize(
    ("name", "runs", "options"),
    [
        ("models", ("cross", "bi", "offline"), ()),
        ("rmse", ("cross", "bi"), ("--split", "test", "--metric", "rmse")),
        ("half", ("half-baseline-1", "half-mixture-1"), ("--split", "test")),
    ],
)
def test_finished_runs_have_the_same_scores_and_differences_to_the_last_digit(
    name: str, runs: tuple[str, ...], options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_comparison(printed(capsys, "compare", *map(run, runs), *options))
    old = with_names_of(found, expected(f"compare-{name}.json"))
    assert differences(as_judged_before(old), as_judged_before(found)) == []


def test_half_a_study_is_finished(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path("runs").glob("*-half-*/**/*") if path.is_file()}
    assert call("study", "recipes/half.yaml", "--jobs", "1") == 0
    assert "2 of 4 runs to do" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # The two that it makes draw other random numbers than d59e0f2 did: no number of the whole is as it was.
    findings = json.loads(Path("studies/half/study.json").read_text(encoding="utf-8"))
    old, new = (without_times(each) for each in (expected("study.json"), as_study(findings)))
    assert [list(each) for each in (new, *new["judgements"])] == [
        list(each) for each in (old, *old["judgements"])
    ]
    for split, judged in enumerate(new["judgements"]):
        runs = {name: arm["runs"] for name, arm in judged["arms"].items()}
        assert runs == {name: arm["runs"] for name, arm in old["judgements"][split]["arms"].items()}


def test_a_killed_run_is_taken_up_where_its_data_moved(capsys: pytest.CaptureFixture[str]) -> None:
    killed = run("killed")
    Path("data").rename("moved")
    data = [f"data.{split}=moved/{split}.csv" for split in ("train", "dev", "test")]
    assert printed(capsys, "train", "recipes/killed.yaml", *data, "--resume")["run"] == killed


def test_a_killed_run_is_taken_up(capsys: pytest.CaptureFixture[str]) -> None:
    killed = run("killed")
    found = printed(capsys, "train", "recipes/killed.yaml", "--resume")
    assert found["run"] == killed
    old, new = (
        list(csv.DictReader(Path(path).read_text(encoding="utf-8").splitlines()))
        for path in ("expected/evaluations-killed.csv", f"runs/{killed}/predictions/dev-evaluations.csv")
    )
    # What it said before it was killed; the steps after that draw other random numbers than d59e0f2 did.
    assert [(row["id"], row["4"]) for row in new] == [(row["id"], row["4"]) for row in old]
    assert list(new[0]) == list(old[0])
