"""compare on real runs of the practice set, trained by the commands themselves."""

import json
import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
import yaml

import dalmeum
from dalmeum.cli.compare import named_runs
from dalmeum.data.practice import write_practice
from dalmeum.data.splits import read_splits
from dalmeum.errors import InputError
from dalmeum.runs.folder import open_run
from tests.cli.test_commands import call
from tests.conftest import run_folders

ALPHAS = (0.1, 0.9)
SEEDS = (1, 2)

RECIPE = """
data: {train: practice/train.csv, dev: practice/dev.csv, test: practice/test.csv, max_train_pairs: 128}
model: {kind: offline}
training: {epochs: 2, effective_batch_size: 32, learning_rate: 1e-3}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the practice set, a recipe, and its runs with two alphas and two seeds."""
    folder = tmp_path_factory.mktemp("compare")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_practice(Path("practice"))
        Path("recipe.yaml").write_text(RECIPE, encoding="utf-8")
        for alpha in ALPHAS:
            for seed in SEEDS:
                assert call("train", "recipe.yaml", f"loss.alpha={alpha}", f"training.seed={seed}") == 0
    return folder


@pytest.fixture
def runs(world: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the runs, by alpha and seed; the test works in the runs' world."""
    monkeypatch.chdir(world)

    def key(name: str) -> tuple[Any, int]:
        recipe = open_run(name).recipe()
        return recipe.loss.alpha, recipe.training.one_seed

    return sorted((path.name for path in run_folders("runs")), key=key)


def test_what_a_study_of_the_same_runs_says(
    runs: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("compare", *runs, "--json", "-o", str(tmp_path / "page")) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    found = json.loads(out)
    assert err == f"page: {tmp_path}/page/compare.html\n"
    assert json.loads((tmp_path / "page" / "compare.json").read_text(encoding="utf-8")) == found
    assert "compare.html" in {path.name for path in (tmp_path / "page").iterdir()}
    arms = {"alpha": {"loss.alpha": ALPHAS[1]}}
    study = {"question": "?", "baseline": "recipe.yaml", "arms": arms, "seeds": list(SEEDS)}
    Path("study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    assert call("study", "study.yaml", f"baseline.loss.alpha={ALPHAS[0]}", "--json") == 0
    out, err = capsys.readouterr()
    assert "0 of 4 runs to do" in err
    conducted = json.loads(out)
    assert (conducted["name"], conducted["question"]) == ("study", "?")
    assert (found["name"], found["question"]) == (None, None)
    assert list(found["arms"]) == ["baseline", "loss.alpha=0.9"]
    # One schema, and but for names and the count of looks one content, to the last digit.
    renamed = json.loads(out.replace('"alpha"', '"loss.alpha=0.9"').replace('"alpha:', '"loss.alpha=0.9:'))
    assert any("train Pearson still rises" in warning for warning in found["warnings"])
    assert renamed["look"] == {"number": 1, "level": 0.05, "max_seeds": 2, "exploratory": None}
    assert {**renamed, "name": None, "question": None, "look": None} == found


def test_for_people(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", *runs, "--metric", "rmse", "--smallest-effect", "0.01") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert " ".join(lines[:2]) == (
        "rmse on dev: 200 pairs, judged by 54 groups of pairs that share sentences, 2 seeds; smallest effect "
        "that matters 0.01"
    )
    assert [re.split("  +", line)[0] for line in lines[3:6]] == ["arm", "baseline", "loss.alpha=0.9"]
    assert f"{runs[0]}, {runs[1]}" in " ".join(out.split())
    assert lines[-3].startswith("note: two seeds tell little")
    assert call("compare", f"runs/{runs[3]}", runs[0]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pearson on dev: 200 pairs, judged by 54 groups of pairs that share sentences,"
    assert lines[1].startswith("one model each; ")
    assert [lines[5].split()[0], lines[6]] == ["loss.alpha=0.1,", "training.seed=1"]  # a name in two lines
    assert "note: not every recipe has runs of two seeds" in " ".join(lines)


def test_refusals_are_one_line_and_exit_with_2(
    runs: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    elsewhere = str(tmp_path / "nowhere")
    for arguments, line in (
        ((runs[0],), "one run has nothing to be compared with"),
        ((runs[0], f"runs/{runs[0]}"), "is given twice"),
        ((runs[0], runs[1]), "all runs are seeds of one recipe"),
        ((runs[0], "no-run"), "no-run: no such run"),
        ((runs[0], f"runs/{runs[2]}/model"), "no such run"),
        (
            (*runs, "--output", elsewhere),
            f"no such run, neither a folder with a run.json nor an id under {elsewhere}",
        ),
        ((*runs, "--smallest-effect", "inf"), "--smallest-effect inf: give a number"),
        ((*runs, "--split", "test"), "holds pairs without labels"),
        ((*runs, "-o", str(tmp_path / "file")), "can't be written"),
    ):
        assert call("compare", *arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert line in err
        assert err.count("\n") == 1
    for wrong in (
        ("--metric", "f1"),
        ("--split", "train"),
        ("--smallest-effect", "-1"),
        ("--smallest-effect", "nan"),
    ):
        assert call("compare", *runs, *wrong) == 2


def test_an_arm_written_in_two_ways_is_one() -> None:
    """Hangul as keyboards and as macOS write it look the same."""
    runs = [f"{name}=run-{number}" for number, name in enumerate(("가", normalize("NFD", "가"), "나"))]
    assert named_runs(runs, Path("runs")) == {"가": ["run-0", "run-1"], "나": ["run-2"]}


@pytest.fixture
def elsewhere(runs: list[str]) -> Path:
    """Other pairs than the runs' own: 40 of dev, beside two that they were trained on."""
    train, dev = (Path("practice", f"{split}.csv").read_text(encoding="utf-8") for split in ("train", "dev"))
    trained_on = read_splits(open_run(runs[0]).recipe())["train"].lines[:2]
    known = [train.splitlines()[line - 1] for line in trained_on]
    path = Path("else", "where.csv")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*dev.splitlines()[:41], *known]) + "\n", encoding="utf-8")
    return path


def _files(folder: Path) -> list[tuple[Path, int]]:
    """What is there, and when it changed; what is noted of a model that was loaded is no part of a run."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".golden.json"]
    return sorted((path, path.stat().st_mtime_ns) for path in files)


def test_other_pairs_are_scored_and_judged(
    runs: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Scores are those of evaluate, and nothing of the runs' own dev is in the findings."""
    before = _files(Path("runs"))
    named = [f"{arm}={run}" for arm, run in zip(("low", "low", "high", "high"), runs, strict=True)]
    call_data = ["compare", *named, "--data", str(elsewhere), "--json", "-o", str(tmp_path / "page")]
    assert call(*call_data) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert _files(Path("runs")) == before

    split = found["splits"]["where.csv"]
    assert (list(found["splits"]), split["pairs"]) == (["where.csv"], 42)
    scores = []
    for run in runs:
        assert call("evaluate", run, str(elsewhere), "--json") == 0
        scores.append(json.loads(capsys.readouterr().out)["metrics"]["pearson"]["value"])
    assert split["arms"]["low"]["score"]["value"] == pytest.approx(np.mean(scores[:2]), abs=1e-12)
    assert split["arms"]["high"]["difference"]["value"] == pytest.approx(
        np.mean(scores[2:]) - np.mean(scores[:2]), abs=1e-12
    )
    assert found["arms"]["high"]["seeds"] == [1, 2]
    assert split["arms"]["high"]["verdict"]["outcome"] in ("better", "worse", "undecided", "no_difference")
    assert {arm["gap"] for arm in split["arms"].values()} == {None}
    assert split["arms"]["low"]["diagnosis"]["pairs"] == 42
    assert (found["convergence"], found["choice_on_dev"]) == (None, None)
    assert found["choice_of_checkpoint"] == {"low": None, "high": None}

    leak, chosen = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert leak.startswith(f"warning: {elsewhere}: 2 pairs (4.8%) also in practice/train.csv")
    assert chosen == (
        f"warning: {elsewhere}: 40 pairs (95.2%) also in practice/dev.csv, on which the checkpoint was "
        "chosen: scores on them are a little too good"
    )
    assert [f"warning: {warning}" for warning in found["warnings"][:2]] == [leak, chosen]
    assert json.loads((tmp_path / "page" / "compare.json").read_text(encoding="utf-8")) == found
    page = (tmp_path / "page" / "compare.html").read_text(encoding="utf-8")
    assert "Verdict on where.csv" in page
    assert "2 pairs (4.8%) also in practice/train.csv" in page
    assert "체크포인트를 고른 데이터라" in page
    assert "Overfitting on" not in page


def test_other_pairs_for_people_and_in_python(
    runs: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("compare", *runs[:1], *runs[2:3], "--data", str(elsewhere)) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("pearson on where.csv: 42 pairs, ")
    with pytest.warns(UserWarning, match="2 pairs .4.8%. also in practice/train.csv"):
        findings = dalmeum.compare([runs[0], runs[2]], data=elsewhere)
    assert str(findings).splitlines()[0] == shown[0]
    pairs = [("비가 온다.", "비가 내린다.", 4.0), ("나는 집에 간다.", "그는 잔다.", 0.5)] * 2
    rows = [dict(zip(("a", "b", "score"), pair, strict=True)) for pair in pairs]
    columns = {"sentence1": "a", "sentence2": "b", "label": "score"}
    held = dalmeum.compare([runs[0], runs[2]], data=rows, columns=columns)
    assert list(held.to_dict()["splits"]) == ["the list"]


def test_pairs_in_a_file_named_as_a_split_are_none_of_the_runs(
    runs: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of dev it is told what having chosen on it is worth; nothing was chosen on these."""
    Path("else", "dev").write_bytes(elsewhere.read_bytes())
    assert call("compare", *runs, "--data", "else/dev", "--format", "competition", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["splits"]) == ["./dev"]
    assert found["choice_on_dev"] is None


def test_other_pairs_that_can_not_be_judged_are_refused(
    runs: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, first, *_ = elsewhere.read_text(encoding="utf-8").splitlines()
    Path("else", "same.csv").write_text(f"{head}\n{first}\n", encoding="utf-8")
    Path("else", "compare.json").write_text("[]", encoding="utf-8")
    for arguments, line in (
        (("--data", "else/compare.json", "-o", "else"), "else/compare.json: is what is read here"),
        (("--data", "nowhere.csv"), "nowhere.csv: no such file"),
        (("--data", "practice/test.csv"), "where there are none, dalmeum predict RUN"),
        (("--data", "else/same.csv"), "else/same.csv: has no labels that vary"),
        (("--data", str(elsewhere), "--split", "dev"), "split dev and data: are two sets of pairs"),
        (
            ("--columns", "label=score"),
            "--columns, --format, --encoding, --label-range say how --data is read",
        ),
        (
            ("--label-range", "0", "1"),
            "--columns, --format, --encoding, --label-range say how --data is read",
        ),
        (("--data", str(elsewhere), "--columns", "label=score"), "score"),
        (("--data", str(elsewhere), "--metric", "nothing"), "nothing"),
        (("--data", str(elsewhere), "--precision", "double"), "precision 'double' is unknown"),
    ):
        assert call("compare", *runs, *arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert line in err
    with pytest.raises(InputError, match=r"^columns: says how data is read: give data, too$"):
        dalmeum.compare(runs, columns={"label": "score"})
    with pytest.raises(InputError, match=r"^label_range: says how data is read: give data, too$"):
        dalmeum.compare(runs, label_range=(0, 1))
    arms = dalmeum.Arms([0, 1, 2], {"baseline": [0, 1, 2], "other": [0, 2, 1]})
    with pytest.raises(InputError, match=r"^data: is for runs"):
        dalmeum.compare(arms, data=elsewhere)


def test_the_runs_own_dev_is_told_and_so_is_a_training_file_that_is_gone(
    runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "is the dev set on which the checkpoint was chosen: scores on it are a little too good"
    chosen = f"practice/dev.csv: {own}"
    assert call("compare", *runs, "--data", "practice/dev.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["warnings"][0] == chosen
    train = Path("practice", "train.csv").rename(tmp_path / "train.csv")
    try:
        assert call("compare", *runs, "--data", "practice/dev.csv", "--json") == 0
        found = json.loads(capsys.readouterr().out)
    finally:
        train.rename(Path("practice", "train.csv"))
    assert found["warnings"][:2] == [
        "practice/train.csv, which was trained on, is gone or holds other pairs by now: nobody can say "
        "whether practice/dev.csv has pairs of it",
        chosen,
    ]


def test_pairs_on_another_label_scale(
    runs: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Correlations are those of the same labels on the runs' scale; errors exist on one scale alone."""
    table = dalmeum.read_pairs(elsewhere)
    assert table.label is not None
    rows = zip(table.sentence1, table.sentence2, (table.label / 5).tolist(), strict=True)
    head = "sentence1,sentence2,label"
    Path("else", "one.csv").write_text("\n".join([head, *(f'"{a}","{b}",{c!r}' for a, b, c in rows)]) + "\n")

    def found(*arguments: str) -> Any:
        assert call("compare", *runs, "--json", "--data", *arguments) == 0
        return next(iter(json.loads(capsys.readouterr().out)["splits"].values()))["arms"]

    def refused(*arguments: str) -> str:
        assert call("compare", *runs, "--data", *arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    on_one = found("else/one.csv", "--label-range", "0", "1")
    on_five = found(str(elsewhere))
    for arm, result in on_one.items():
        assert result["score"]["value"] == pytest.approx(on_five[arm]["score"]["value"], abs=1e-12)
    takes = "the runs answer on 0..5, and rmse takes one scale: judge by pearson or spearman"
    assert refused("else/one.csv", "--label-range", "0", "1", "--metric", "rmse") == (
        f"else/one.csv: its labels are on 0..1, {takes}"
    )
    assert refused("else/one.csv", "--metric", "rmse") == (
        f"else/one.csv: its labels seem to be on 0..1, {takes}, or say label_range=(0.0, 5.0) "
        "(--label-range 0 5) where that is theirs"
    )
    assert set(found("else/one.csv", "--metric", "rmse", "--label-range", "0", "5")) == set(on_five)
    held = dalmeum.read_pairs("else/one.csv", label_range=(0, 1))
    with pytest.raises(
        InputError, match=r"its labels are on 0\.\.1, the runs answer on 0\.\.5, and mae takes"
    ):
        dalmeum.compare(runs, data=held, metric="mae")
