"""dalmeum demo, on a study that is shorter than its own."""

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import dalmeum
from dalmeum.data.practice import practice_tables
from dalmeum.demo import LIVE_PAIRS, write_files
from dalmeum.recipe import load_recipe
from dalmeum.recipe.study import arm_recipes, load_study
from tests.cli.test_commands import call
from tests.conftest import run_folders

DEMO = ("demo", "--folder", "my set", "--output", "my runs")
STUDY = "my set/practice.yaml"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the demo went through, with two arms, two seeds, few pairs and steps."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = write_files(Path("my set"), Path("my runs"))
        lines = study.read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if "  mixture: " not in line)
        text = text.replace("epochs: 20", "epochs: 1").replace("[1, 2, 3]", "[1, 2]")
        text = text.replace("  model:", "    max_train_pairs: 200\n  model:")
        study.write_text(text, encoding="utf-8")
        assert call(*DEMO) == 0
    return folder


@pytest.fixture
def there(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert call(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def runs() -> list[str]:
    return [path.name for path in run_folders("my runs")]


def dev_pearson(run: str) -> float:
    value: float = json.loads(Path("my runs", run, "metrics.json").read_text())["dev"]["pearson"]["value"]
    return value


def test_the_best_run_on_dev_of_the_best_arm_is_handed_in(
    there: None, capsys: pytest.CaptureFixture[str]
) -> None:
    done = printed(capsys, *DEMO)
    assert list(done) == ["run", "folder", "metrics", "report", "submission", "study", "page"]
    arm = done["study"]["choice_on_dev"]["best"]
    of_the_arm = [run for run in runs() if run[:-2].endswith(f"-practice-{arm}")]
    assert len(of_the_arm) == 2
    assert done["run"] == max(of_the_arm, key=dev_pearson)
    assert done["folder"] == f"my runs/{done['run']}"
    assert done["metrics"]["dev"]["pearson"]["value"] == dev_pearson(done["run"])
    assert all(Path(done[name]).is_file() for name in ("report", "submission", "page"))


def test_the_submission_and_its_score_on_the_hidden_labels(
    there: None, capsys: pytest.CaptureFixture[str]
) -> None:
    done = printed(capsys, *DEMO)
    with open(done["submission"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    test = practice_tables()["test"]
    assert [row["id"] for row in rows] == list(test.id)
    scores = dalmeum.load(done["folder"]).score(list(test.pairs)).clip(0, 5)
    assert [float(row["target"]) for row in rows] == pytest.approx(scores, abs=1e-6)
    evaluated = printed(capsys, "evaluate", done["folder"], "my set/test_labels.csv")
    assert done["metrics"]["test"] == evaluated["metrics"]


def test_study_finds_what_the_demo_left(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    before = runs()
    done = printed(capsys, *DEMO)
    Path(done["page"]).unlink()
    assert printed(capsys, "study", STUDY) == done["study"]
    assert Path(done["page"]).is_file()
    assert len(before) == 4
    assert runs() == before


def test_demo_for_people(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*DEMO) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "0 of 4 runs to do" in err
    question = lines[: lines.index("")]
    assert " ".join(question) == load_study(Path(STUDY)).question
    table = lines.index("verdicts are for this training set") + 1
    assert [line.split()[0] for line in lines[table : table + 3]] == ["arm", "baseline", "mixture-binary"]
    heads = [line.split()[0] for line in lines if line.endswith("score  95 % interval")]
    assert heads == ["dev", "test"]
    assert "study       studies/practice/study.html" in lines
    assert f"  dalmeum study '{STUDY}'" in lines  # whole, to be copied
    start = lines.index("The model, asked now (0 to 5):")
    scored = [line.split(maxsplit=1) for line in lines[start + 1 : start + 4]]
    assert lines[-3] == '  dalmeum score latest "one sentence" "another"'
    run = dalmeum.load(Path("my runs", max(runs(), key=dev_pearson)))
    assert [pair for _, pair in scored] == [" / ".join(pair) for pair in LIVE_PAIRS]
    assert [float(score) for score, _ in scored] == pytest.approx(run.score(LIVE_PAIRS), abs=0.0051)
    assert lines[-1] == Path("studies/practice/study.html").resolve().as_uri()


def test_a_study_without_dev_is_refused(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("without dev")
    study = write_files(folder, Path("my runs"))
    study.write_text(study.read_text(encoding="utf-8").replace("[dev]", "[test]"), encoding="utf-8")
    before = runs()
    assert call("demo", "--folder", str(folder), "--output", "my runs") == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"{study}: splits: dev is missing: the demo chooses its model there; add it"
    )
    assert runs() == before


@pytest.mark.parametrize("name", ["2024", "runs #1", "a: b", "연습 실행", "it's"])
def test_any_path_is_read_back_from_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    baseline = load_study(write_files(Path(name), Path(name, "out"))).baseline
    assert (baseline.output, baseline.data.dev) == (f"{name}/out", f"{name}/dev.csv")
    assert load_study(write_files(Path("plain"), Path(name))).baseline.output == name


def test_the_recipe_is_an_arm_of_the_study(tmp_path: Path) -> None:
    """But for its seed and its question, so that what is learnt of the one holds for the other."""
    study = load_study(write_files(tmp_path / "practice", Path("runs")))
    recipe = load_recipe(tmp_path / "practice" / "recipe.yaml")
    arm = arm_recipes(study)["mixture"]
    seed = arm.training.model_copy(update={"seed": recipe.training.seed})
    assert recipe == arm.model_copy(update={"training": seed, "question": recipe.question})


@pytest.mark.slow
def test_the_whole_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = printed(capsys, "demo")
    scores = {name: arm["score"]["value"] for name, arm in done["study"]["splits"]["dev"]["arms"].items()}
    assert list(scores) == ["baseline", "mixture", "mixture-binary"]
    assert min(scores.values()) > 0.7
    assert done["metrics"]["test"]["pearson"]["low"] > 0.5
    assert len(run_folders("runs")) == 9


def test_a_better_model_is_one_command_away(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call(*DEMO) == 0
    shown = capsys.readouterr().out
    assert "These runs trained the offline encoder" in " ".join(shown.split())
    (line,) = [line for line in shown.splitlines() if line.startswith("  dalmeum init ")]
    assert shlex.split(line) == [
        *("dalmeum", "init", "my set/train.csv", "my set/dev.csv"),
        *("--encoder", "package:e5", "-o", "my set/e5.yaml"),
    ]
