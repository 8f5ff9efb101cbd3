"""What `check` calls a problem is said by train, evaluate and predict, too: once, counted, and kept."""

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

import dalmeum
from tests.cli.test_commands import HEADER, call, prepare
from tests.conftest import run_folders

LEAK = "dev.csv: 2 pairs (12.5%) also in train.csv: a score on one flatters a model trained on the other"
EMPTY = "dev.csv: 1 pair with an empty sentence"
LOST = "dev.csv: 1 pair with U+FFFD, where a character was lost"
OWN_DEV = "dev.csv: is the dev set on which the checkpoint was chosen: scores on it are a little too good"
GONE = (
    "train.csv, which was trained on, is gone or holds other pairs by now: nobody can say whether again.csv "
    "has pairs of it"
)
COMPOSED = "dev.csv: 2 sentences in decomposed Unicode, as macOS writes Hangul, were composed (NFC)"


def rows(split: str, count: int = 16) -> list[str]:
    labels = [row % 6 for row in range(count)]
    return [
        f"{split}-{row},s,{split} sentence {row},{split} other {row},{label},{int(label >= 3)}\n"
        for row, label in enumerate(labels)
    ]


def write(name: str, lines: list[str]) -> None:
    Path(name).write_text(HEADER + "".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Callable[[str], str]) -> Path:
    """A run on spoiled data."""
    folder = tmp_path_factory.mktemp("spoiled")
    prepare(folder, tiny_encoder("bert"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        train, dev = rows("train"), rows("dev")
        dev[0] = "dev-0,s,train sentence 0,train other 0,0,0\n"
        dev[1] = "dev-1,s,train other 1,train sentence 1,1,0\n"
        dev[2] = "dev-2,s,\u3164,x,2,0\n"
        dev[3] = "dev-3,s,깨진 \ufffd 글자,y,3,1\n"
        dev[4] = unicodedata.normalize("NFD", "dev-4,s,한 남자,두 남자,4,1\n")
        write("train.csv", train)
        write("dev.csv", dev)
        write("test.csv", rows("test"))
        assert call("train", "recipe.yaml") == 0
    return folder


@pytest.fixture
def run(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for file in world.glob("*.*"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return str(run_folders(world / "runs")[0])


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines = capsys.readouterr().err.splitlines()
    return [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]


def test_train_records_and_shows_them(run: str) -> None:
    record = json.loads(Path(run, "run.json").read_text(encoding="utf-8"))
    assert [warning["en"] for warning in record["warnings"]][:4] == [COMPOSED, EMPTY, LOST, LEAK]
    assert all(warning["ko"] != warning["en"] for warning in record["warnings"])
    page = Path(run, "report.html").read_text(encoding="utf-8")
    for warning in (COMPOSED, EMPTY, LOST, LEAK):
        assert page.count(warning) == 1


def test_evaluate_and_predict_say_them(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call("evaluate", run, "dev.csv") == 0
    assert told(capsys) == [COMPOSED, EMPTY, LOST, LEAK]
    assert call("predict", run, "dev.csv", "-o", "out.csv") == 0
    assert told(capsys) == [COMPOSED, EMPTY, LOST]
    assert call("check", "train.csv", "dev.csv") == 1
    out = capsys.readouterr().out
    assert "also in" in out


def test_pairs_that_the_run_learned_from_are_told_and_where_nobody_can_say(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    shutil.copy("train.csv", "again.csv")
    assert call("evaluate", run, "again.csv") == 0
    learned = (
        "again.csv: 16 pairs (100.0%) also in train.csv: a score on one flatters a model trained on the other"
    )
    assert told(capsys) == [learned]
    assert call("evaluate", run, "again.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [learned]
    with pytest.warns(UserWarning, match="16 pairs"):
        dalmeum.evaluate(run, "again.csv")
    assert call("evaluate", f"{run}/model", "again.csv") == 0
    assert told(capsys) == [learned]
    write("train.csv", rows("other"))
    assert call("evaluate", run, "again.csv") == 0
    Path("train.csv").unlink()
    assert call("evaluate", run, "again.csv") == 0
    assert told(capsys) == [GONE, GONE]
    shutil.copytree(f"{run}/model", "foreign")
    assert call("evaluate", "foreign", "again.csv") == 0
    assert told(capsys) == []  # nobody knows what it was trained on


def test_the_dev_set_that_chose_the_checkpoint_is_told(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("some.csv", rows("dev")[5:9] + rows("fresh")[:12])
    capsys.readouterr()
    assert call("evaluate", run, "some.csv") == 0
    assert told(capsys) == []  # one evaluation leaves nothing to choose
    shutil.copytree(run, "twice")
    history = Path("twice", "history.json")
    entries = json.loads(history.read_text(encoding="utf-8"))
    history.write_text(json.dumps(2 * entries), encoding="utf-8")
    some = (
        "some.csv: 4 pairs (25.0%) also in dev.csv, on which the checkpoint was chosen: scores on them are a "
        "little too good"
    )
    assert call("evaluate", "twice", "some.csv") == 0
    assert told(capsys) == [some]
    assert call("evaluate", "twice", "dev.csv") == 0
    assert told(capsys)[-1] == OWN_DEV
    history.unlink()
    assert call("evaluate", "twice", "some.csv") == 0
    assert told(capsys) == [some]  # nobody knows that there was one


def test_clean_data_are_met_with_silence(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    write("clean.csv", rows("clean"))
    assert call("evaluate", run, "clean.csv") == 0
    assert call("predict", run, "clean.csv", "-o", "out.csv") == 0
    assert told(capsys) == []


def test_another_label_scale_is_told_by_all(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    small = [line.replace(f",{row % 6},", f",{(row % 6) / 5:g},") for row, line in enumerate(rows("small"))]
    write("small.csv", small)
    setting = (
        "small.csv: labels go from 0 to 1, not over 0 to 5: if that is their scale, set "
        "data.label_range=[0,1] (--label-range 0 1)"
    )
    capsys.readouterr()
    assert call("evaluate", run, "small.csv") == 0
    assert told(capsys) == [setting]
    assert call("predict", run, "small.csv", "-o", "out.csv") == 0
    assert told(capsys) == [setting]
    assert call("check", "small.csv") == 1
    assert "data.label_range=[0,1]" in " ".join(capsys.readouterr().out.split())
    assert call("train", "recipe.yaml", "data.train=small.csv", "data.dev=small.csv", "data.test=null") == 0
    assert told(capsys)[0] == setting
    assert call("check", "small.csv", "--label-range", "0", "1") == 0


def test_on_the_scale_that_is_stated_correlations_alone_exist(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    large = [line.replace(f",{row % 6},", f",{20 * (row % 6)},") for row, line in enumerate(rows("same"))]
    write("large.csv", large)
    write("same.csv", rows("same"))
    capsys.readouterr()
    assert call("evaluate", run, "large.csv") == 2
    assert "(set data.label_range, or --label-range, if your scale differs)" in capsys.readouterr().err
    assert call("evaluate", run, "same.csv", "--json") == 0
    same = json.loads(capsys.readouterr().out)["metrics"]
    assert call("evaluate", run, "large.csv", "--label-range", "0", "100", "--json", "--slices") == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    for name in ("pearson", "spearman"):
        assert found["metrics"][name]["value"] == pytest.approx(same[name]["value"], abs=1e-12)
    nothing = {"value": None, "low": None, "high": None}
    assert (found["metrics"]["rmse"], found["metrics"]["mae"]) == (nothing, nothing)
    assert found["by_source"]["s"]["metrics"]["rmse"] == nothing
    assert list(found["by_label"])[-1] == "80-100"
    scales = (
        "large.csv: its labels are on 0..100, and the run answers on 0..5: rmse, mae, f1 would compare "
        "the two, and are left out"
    )
    assert found["warnings"] == [scales]
    assert printed.err.splitlines()[-1] == f"warning: {scales}"
    table = dalmeum.read_pairs("large.csv", label_range=(0, 100))
    with pytest.warns(UserWarning, match="rmse, mae, f1 would compare"):
        evaluation = dalmeum.evaluate(run, table)
    assert evaluation.metrics.pearson.value == pytest.approx(same["pearson"]["value"], abs=1e-12)
    assert dalmeum.predict(run, "large.csv", label_range=(0, 100)) == pytest.approx(
        dalmeum.predict(run, "same.csv")
    )
    assert (
        call("predict", run, "large.csv", "-o", "hand-in.csv", "--submission", "--label-range", "0", "100")
        == 0
    )
    targets = [float(line.split(",")[1]) for line in Path("hand-in.csv").read_text().splitlines()[1:]]
    assert targets == pytest.approx(dalmeum.predict(run, "same.csv").clip(0, 5))


@pytest.mark.parametrize("ends", [("-1e308", "1e308"), ("3", "3.0000000000000004")])
def test_a_range_that_no_label_has(
    ends: tuple[str, str], run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert call("check", "train.csv", "--label-range", *ends) == 2
    assert call("train", "recipe.yaml", f"data.label_range=[{','.join(ends)}]") == 2
    checked, trained = capsys.readouterr().err.splitlines()
    assert checked.startswith("label range ")
    assert trained.startswith("recipe.yaml: data: label_range ")
    assert not Path("runs").exists()


def test_what_is_scored_is_composed(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tokenizer makes of it: some compose themselves, most do not."""
    pairs = [("한 남자가 기타를 친다.", "한 남자가 café에 간다."), ("가", "나")]
    decomposed = [
        (unicodedata.normalize("NFD", one), unicodedata.normalize("NFD", two)) for one, two in pairs
    ]
    scorer = dalmeum.load(run)
    encoded: list[tuple[str, str]] = []
    encode = type(scorer.encoding).encode

    def noting(self: object, sentence1: list[str], sentence2: list[str]) -> list[object]:
        encoded.extend(zip(sentence1, sentence2, strict=True))
        return encode(self, sentence1, sentence2)  # type: ignore[arg-type]

    monkeypatch.setattr(type(scorer.encoding), "encode", noting)
    assert scorer.score(decomposed).tolist() == scorer.score(pairs).tolist()
    with pytest.warns(UserWarning, match="were composed"):
        dalmeum.predict(scorer, decomposed)
    assert encoded == pairs * 3


def test_pairs_are_scored_in_slices(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = dalmeum.load(run)
    pairs = [(f"sentence {row}", f"other {row % 7}") for row in range(50)]
    whole = scorer.score(pairs)
    together: list[int] = []
    encode = type(scorer.encoding).encode

    def counting(self: object, sentence1: list[str], sentence2: list[str]) -> list[object]:
        together.append(len(sentence1))
        return encode(self, sentence1, sentence2)  # type: ignore[arg-type]

    monkeypatch.setattr("dalmeum.models.scorer.ENCODED_TOGETHER", 16)
    monkeypatch.setattr(type(scorer.encoding), "encode", counting)
    assert scorer.score(pairs) == pytest.approx(whole, abs=1e-6)
    assert together == [16, 16, 16, 2]
