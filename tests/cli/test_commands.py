"""train, predict and evaluate on one tiny real run: what they print, as JSON and for people."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import dalmeum
from dalmeum.cli import main
from dalmeum.data import read_pairs
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.runs.folder import open_run
from tests.conftest import draw_pairs, run_folders
from tests.pages.parsed import Parsed

METRICS = ["pearson", "spearman", "rmse", "mae", "f1"]
HEADER = "id,source,sentence_1,sentence_2,label,binary-label\n"


def call(*arguments: str) -> int:
    """The exit code of `dalmeum ARGUMENTS...`, run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dalmeum", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def prepare(folder: Path, encoder: str) -> None:
    """train.csv, dev.csv, test.csv (without labels) and a recipe.yaml that takes a second."""
    for name, count, seed in (("train", 48, 1), ("dev", 24, 2), ("test", 12, 3)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            head = HEADER.strip().split(",")
            writer.writerow(head[:4] if name == "test" else head)
            for number, (first, second, label) in enumerate(draw_pairs(count, seed)):
                row = [f"{name}-{number}", "drawn", first, second, label, int(label >= 2.5)]
                writer.writerow(row[:4] if name == "test" else row)
    recipe = f"""
data: {{train: train.csv, dev: dev.csv, test: test.csv}}
model: {{kind: cross, encoder: {encoder}, max_length: 32}}
training: {{epochs: 1, effective_batch_size: 16, learning_rate: 1e-3, precision: float32}}
"""
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A copy of the finished run's folder, for the tests here to go on in."""
    return Path(shutil.copytree(trained, tmp_path_factory.mktemp("commands") / "here"))


@pytest.fixture
def run(world: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run's id; the test works in the run's world."""
    monkeypatch.chdir(world)
    return run_folders("runs")[0].name


def test_train_as_json(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "recipe.yaml", "output=other", "--json") == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    printed = json.loads(out)
    assert list(printed) == ["run", "folder", "metrics"]
    assert printed["folder"] == f"other/{printed['run']}"
    assert printed["metrics"] == json.loads(Path(printed["folder"], "metrics.json").read_text())
    assert list(printed["metrics"]) == ["train", "dev"]  # test has no labels
    for split in printed["metrics"].values():
        assert list(split) == METRICS
        assert all(set(estimate) == {"value", "low", "high"} for estimate in split.values())
    assert re.search(r"^epoch 1\.0/1  step 3 .* dev pearson ", err, re.MULTILINE)


def test_train_for_people(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "recipe.yaml", "output=people") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "train      score  95 % interval"
    assert [line.split()[0] for line in lines[1:6]] == METRICS
    assert re.fullmatch(r"rmse +\d\.\d{4}  \d\.\d{4} to \d\.\d{4}", lines[3])
    assert lines[7] == "dev        score  95 % interval"
    (folder,) = run_folders("people")
    assert lines[-4:] == [
        f"run         {folder.name}",
        f"model       {folder}/model",
        f"report      {folder}/report.html",
        f"submission  {folder}/submission.csv",
    ]


def test_warnings_stay_out_of_the_json(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    korean = HEADER + "a,s,고양이,강아지,1,0\nb,s,사과,배,4,1\n"
    Path("cp949.csv").write_bytes(korean.encode("cp949"))
    warning = "warning: cp949.csv: is not UTF-8; read as CP949\n"
    for command in (
        ("predict", run, "cp949.csv", "-o", "cp949.out.csv", "--json"),
        ("evaluate", run, "cp949.csv", "--json"),
        ("train", "recipe.yaml", "data.train=cp949.csv", "output=warned", "--json"),
    ):
        assert call(*command) == 0
        out, err = capsys.readouterr()
        assert isinstance(json.loads(out), dict)
        assert warning in err


@pytest.mark.parametrize("setting", ["en", "ko"])
def test_a_runs_warnings_are_kept_in_both_languages(
    run: str, setting: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALMEUM_LANG", setting)
    Path("cp949.csv").write_bytes(f"{HEADER}a,s,고양이,강아지,1,0\nb,s,사과,배,1,0\n".encode("cp949"))
    output = f"output={setting}"
    assert call("train", "recipe.yaml", "data.dev=cp949.csv", output, "--resume", "--json") == 0
    told = [
        {
            "en": f"no unfinished run of this recipe on these data under {setting}: started a new one",
            "ko": f"{setting} 아래에 같은 레시피와 데이터로 끝나지 않은 실행이 없어 새로 시작했습니다",
        },
        {
            "en": "cp949.csv: is not UTF-8; read as CP949",
            "ko": "cp949.csv: UTF-8이 아니어서 CP949로 읽었습니다",
        },
        {
            "en": "cp949.csv: all labels are 1: no correlation exists on these pairs",
            "ko": "cp949.csv: 레이블이 모두 1이어서 이 문장쌍에서는 상관을 구할 수 없습니다",
        },
    ]
    (folder,) = run_folders(setting)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["warnings"] == told
    opened = open_run(folder)
    assert [{"en": each.en, "ko": each.ko} for each in opened.record.warnings] == told
    page = Parsed((folder / "report.html").read_text(encoding="utf-8"))
    err = capsys.readouterr().err
    for each in told:
        assert f"{'주의' if setting == 'ko' else 'warning'}: {each[setting]}\n" in err
        assert each["en"] in page.english
        assert each["en"] not in page.korean
        assert each["ko"] in page.korean
        assert each["ko"] not in page.english


def test_warnings_of_older_runs_are_one_string_for_both_languages(run: str) -> None:
    path = Path("runs", run, "run.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    try:
        path.write_text(json.dumps({**record, "warnings": ["odd quotes"]}), encoding="utf-8")
        opened = open_run(path.parent)
        assert opened.record.warnings == (Text("odd quotes", "odd quotes"),)
        assert open_run(opened.update().folder).record == opened.record
        path.write_text(json.dumps({**record, "warnings": [{"en": "odd quotes"}]}), encoding="utf-8")
        with pytest.raises(InputError, match="is no record that this version of dalmeum reads"):
            open_run(path.parent)
    finally:
        path.write_text(json.dumps(record), encoding="utf-8")


def test_predict(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("predict", run, "dev.csv", "-o", "new/dev.csv", "--precision", "float32", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"run": run, "file": "dev.csv", "rows": 24, "out": "new/dev.csv"}
    assert err == ""
    # The run's own predictions, but for batches that were padded differently.
    columns = []
    for path in (Path("new/dev.csv"), Path("runs", run, "predictions", "dev.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["id", "label", "prediction", "binary_prediction"]
        columns.append([float(row["prediction"]) for row in rows])
    np.testing.assert_allclose(columns[0], columns[1], atol=1e-6)


def test_predict_a_submission(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("predict", run, "test.csv", "-o", "hand-in.csv", "--submission") == 0
    assert capsys.readouterr().out == "12 pairs scored: hand-in.csv\n"
    with open("hand-in.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "target"]
    assert [row[0] for row in rows] == [f"test-{number}" for number in range(12)]
    scores = dalmeum.load(Path("runs", run)).score(list(read_pairs("test.csv").pairs))
    np.testing.assert_allclose([float(row[1]) for row in rows], np.clip(scores, 0, 5), atol=1e-6)


def test_evaluate_as_json(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", run, "dev.csv", "--precision", "float32", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["run", "file", "rows", "metrics", "warnings"]
    assert (printed["run"], printed["file"], printed["rows"]) == (run, "dev.csv", 24)
    assert list(printed["metrics"]) == METRICS
    recorded = json.loads(Path("runs", run, "metrics.json").read_text())["dev"]
    for name in METRICS:
        assert printed["metrics"][name]["value"] == pytest.approx(recorded[name]["value"], abs=1e-6)
    assert call("evaluate", run, "dev.csv", "--json", "--slices") == 0
    sliced = json.loads(capsys.readouterr().out)
    assert sliced["by_source"]["drawn"]["pairs"] == 24
    assert sum(part["pairs"] for part in sliced["by_label"].values()) == 24


def test_evaluate_for_people(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", f"runs/{run}/model", "dev.csv") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "24 pairs   score  95 % interval"
    assert [line.split()[0] for line in lines[1:6]] == METRICS
    assert lines[7].split() == ["label", "pairs", *METRICS]


def test_one_pair_has_no_correlation(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.csv").write_text(HEADER + "a,s,cat,dog,1,0\n", encoding="utf-8")
    assert call("evaluate", run, "one.csv") == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "1 pair     score  95 % interval",
        "pearson        -",
        "spearman       -",
    ]
    assert call("evaluate", run, "one.csv", "--json") == 0
    nothing = {"value": None, "low": None, "high": None}
    assert json.loads(capsys.readouterr().out)["metrics"]["pearson"] == nothing


@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("rows", ["a,s,cat,dog,1,0\n", "a,s,cat,dog,1,0\nb,s,bird,man,4,1\n"])
def test_a_split_of_one_or_two_pairs(
    split: str, rows: str, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few.csv").write_text(HEADER + rows, encoding="utf-8")
    assert call("train", "recipe.yaml", f"data.{split}=few.csv", "output=few", "--json") == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert metrics[split]["mae"]["value"] >= 0


@pytest.mark.parametrize("split", ["train", "dev"])
def test_constant_labels(split: str, run: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{row},s,the cat {row},a dog,2.5,1\n" for row in range(20))
    Path("constant.csv").write_text(HEADER + rows, encoding="utf-8")
    assert call("train", "recipe.yaml", f"data.{split}=constant.csv", "output=constant", "--json") == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert metrics[split]["pearson"]["value"] is None
    assert metrics[split]["mae"]["value"] > 0
