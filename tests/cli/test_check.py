"""`dalmeum check`: its output, its exit codes, its JSON."""

import json
import re
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from dalmeum.cli.check import check, report_lines
from dalmeum.data import read_pairs
from dalmeum.data.checks import check_tables
from dalmeum.errors import DataError, InputError
from tests.cli.test_commands import call

HEADER = "id,source,sentence_1,sentence_2,label,binary-label\n"
CLEAN = HEADER + "a,영화,가,나 다,0.0,0\nb,slack,다,라,2.4,0\nc,slack,마,바,2.5,1\nd,slack,사,아,5,1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    Path("train.csv").write_text(CLEAN, encoding="utf-8")
    Path("dev.csv").write_text(HEADER + "e,영화,나 다,가,1.0,0\nf,slack,하,호,4,1\n", encoding="utf-8")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(check)
    return CliRunner().invoke(app, list(arguments))


def test_the_report() -> None:
    result = run("train.csv")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "train.csv: 4 pairs",
        "  2 sources  pairs",
        "  slack          3",
        "  영화           1",
        "  labels, mean 2.48  pairs",
        "  0.00 .. 0.50           1  ████████████████████████████████████████",
        "  0.50 .. 1.00           0",
        "  1.00 .. 1.50           0",
        "  1.50 .. 2.00           0",
        "  2.00 .. 2.50           1  ████████████████████████████████████████",
        "  2.50 .. 3.00           1  ████████████████████████████████████████",
        "  3.00 .. 3.50           0",
        "  3.50 .. 4.00           0",
        "  4.00 .. 4.50           0",
        "  4.50 .. 5.00           1  ████████████████████████████████████████",
        "  binary labels: 2 similar, 2 not; they imply label >= 2.5 (the next lower label is 2.4)",
        "  lengths     mean  median  95 %  longest",
        "  characters   1.2       1   2.3        3",
        "  words        1.1       1  1.65        2",
        "",
        "no problems, no notes",
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "en",
            "  4 groups of pairs that share sentences, the largest of 6 (92% of the sum of squared sizes)",
        ),
        ("ko", "  같은 문장이 든 쌍끼리 묶은 4개 묶음, 가장 큰 묶음은 6쌍(크기 제곱합의 92%)"),
    ],
)
def test_how_dependent_pairs_are(language: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    hub = "".join(f"h{row},slack,허브,바퀴살 {row},{row / 2},{row // 5}\n" for row in range(6))
    Path("hub.csv").write_text(CLEAN.replace("b,slack,다,라,2.4,0\n", hub), encoding="utf-8")
    result = run("hub.csv")
    assert result.exit_code == 0
    assert line in result.output.splitlines()
    groups = json.loads(run("hub.csv", "--json").output)["tables"][0]["groups"]
    assert groups == {
        "count": 4,
        "largest": 6,
        "largest_share": pytest.approx(36 / 39),
        "design_effect_at_most": pytest.approx(39 / 9),
    }


def test_a_leak_exits_with_one() -> None:
    result = run("train.csv", "dev.csv")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[lines.index("Problems, which would spoil a result") + 1 :] == [
        "  - dev.csv: 1 pair (50.0%) also in train.csv: a score on one flatters a model trained on the other",
        "      dev.csv, line 2 is train.csv, line 2",
        "",
        "Notes",
        "  - dev.csv: 1 pair with a sentence (50.0%) that is also in train.csv",
        "      dev.csv, line 2",
        "",
        "1 problem, 1 note",
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal(language: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    monkeypatch.setenv("COLUMNS", str(width))
    long = CLEAN.replace("slack", "출처의 이름이 매우 길어서 좁은 터미널에는 다 들어가지 않는 것 " * 2)
    Path("long.csv").write_text(long, encoding="utf-8")
    tables = [read_pairs(name) for name in ("train.csv", "long.csv", "dev.csv")]
    lines = list(report_lines(check_tables(tables)))
    assert max(map(cell_len, lines)) <= width
    # A bar is never broken into two.
    assert sum("█" in line for line in lines) == 4 + 4 + 2
    assert not any(line.strip("█ ") == "" for line in lines if line)


def test_the_report_in_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    lines = run("train.csv", "dev.csv").output.splitlines()
    assert lines[:3] == ["train.csv: 문장쌍 4개", "  출처 2개  문장쌍", "  slack          3"]
    assert (
        "  이진 레이블: 유사 2개, 비유사 2개; 유사의 기준은 레이블 2.5 이상(바로 아래 레이블은 2.4)" in lines
    )
    assert lines[lines.index("문제: 결과를 망칩니다") + 1 :] == [
        "  - dev.csv: train.csv에도 있는 문장쌍 1개(50.0%): 한쪽으로 학습한 모델은 다른 쪽에서 점수가",
        "    부풀려집니다",
        "      dev.csv 2행 = train.csv 2행",
        "",
        "참고",
        "  - dev.csv: train.csv에도 있는 문장이 든 문장쌍 1개(50.0%)",
        "      dev.csv 2행",
        "",
        "문제 1건, 참고 1건",
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_json(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALMEUM_LANG", language)
    result = run("train.csv", "dev.csv", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert set(report) == {"ok", "tables", "findings"}
    assert report["ok"] is False
    assert report["tables"][0]["rows"] == 4
    assert report["tables"][0]["sources"] == {"slack": 3, "영화": 1}
    assert report["tables"][0]["binary_rule"] == {"threshold": 2.5, "below": 2.4, "contradictions": 0}
    assert [(finding["severity"], finding["kind"]) for finding in report["findings"]] == [
        ("problem", "shared_pair"),
        ("note", "shared_sentence"),
    ]
    leak = report["findings"][0]
    assert leak["message"].startswith("dev.csv: 1 pair (50.0%) also in train.csv: ")
    assert leak["places"] == ["dev.csv, line 2 is train.csv, line 2"]


def test_problems_of_all_files_are_told_together() -> None:
    Path("bad.csv").write_text(HEADER + "a,s,가,나,9,0\n", encoding="utf-8")
    error = run("bad.csv", "train.csv", "nowhere.csv").exception
    assert isinstance(error, DataError)
    assert error.problems == (
        "bad.csv, line 2: label 9 is outside 0..5 "
        "(set data.label_range, or --label-range, if your scale differs)",
        "nowhere.csv: no such file",
    )
    assert error.exit_code == 2


def test_options_reach_the_reader() -> None:
    Path("pairs.csv").write_bytes("질문1,질문2,점수\n가,나,9\n다,라,1\n".encode("cp949"))
    columns = "sentence1=질문1, sentence2=질문2,label=점수"
    arguments = ("--format", "csv", "--encoding", "cp949", "--label-range", "0", "10", "--columns", columns)
    result = run("pairs.csv", *arguments)
    assert result.exit_code == 0
    assert "  9.00 .. 10.00          1  █" in result.output


def test_columns_that_are_no_pairs() -> None:
    error = run("train.csv", "--columns", "sentence1").exception
    assert isinstance(error, InputError)
    assert str(error) == "--columns: 'sentence1' is not FIELD=COLUMN, as in sentence1=question1"


def test_encoder_counts_tokens_of_pairs(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"가나다라마바사아"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    tokenizer = transformers.BertTokenizer(str(tmp_path / "vocab.txt"), strip_accents=False)
    tokenizer.save_pretrained(tmp_path / "encoder")
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = transformers.BertModel(transformers.BertConfig(vocab_size=len(words), **small))
    model.save_pretrained(tmp_path / "encoder")
    result = run("train.csv", "--encoder", str(tmp_path / "encoder"))
    assert result.exit_code == 0
    # [CLS] 가 [SEP] 나 [SEP]; the first pair has a word more.
    assert re.search(r"^  tokens of a pair +5\.2 +5 +5\.85 +6$", result.output, re.MULTILINE)


def test_an_encoder_that_is_not_there() -> None:
    error = run("train.csv", "--encoder", "./nothing").exception
    assert isinstance(error, InputError)
    assert str(error) == "./nothing: no such model folder"


def test_columns_of_other_names_are_found_by_what_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.csv").write_text(
        "left,right,grade\nA cat eats.,A dog runs.,2.5\nA cat runs.,A dog eats.,1\nA man.,A boy.,4\n"
    )
    Path("test.csv").write_text("left,right,number\nA bird sings.,A horse runs.,7.5\nA girl.,A bird.,3\n")
    assert call("check", "train.csv", "test.csv", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [table["label_mean"] for table in report["tables"]] == [2.5, None]
    told = [found["message"] for found in report["findings"] if "by what it holds" in found["message"]]
    mend = "by what it holds; a recipe says so as data.columns, which dalmeum init writes"
    assert told == [
        f"train.csv: {field} is read from column {column!r}, {mend}"
        for field, column in {"sentence1": "left", "sentence2": "right", "label": "grade"}.items()
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "left,right,comment\nA cat eats.,A dog runs.,I am sure.\nA man.,A boy.,I am not.\n",
            "pairs.csv: which columns hold the sentences? 'left', 'right', 'comment': name them with "
            "--columns sentence1=NAME,sentence2=NAME",
        ),
        (
            "A cat.,A dog.\nA man.,A boy.\n",
            "pairs.csv: no header: its first line, 'A cat.', 'A dog.', is data already: put a line with the "
            "columns' names above it, as in sentence1,sentence2,label",
        ),
        # A strict format's column is misspelt: nothing is guessed.
        (
            "id,source,sentence_1,sentence_2,labell\n1,s,A cat eats.,A dog runs.,2.5\n",
            "pairs.csv: unknown column 'labell'; did you mean 'label'?",
        ),
    ],
)
def test_columns_that_can_not_be_found(text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pairs.csv").write_text(text)
    assert call("check", "pairs.csv") == 2
    assert capsys.readouterr().err.splitlines() == [line]


def test_a_test_file_is_given_no_labels(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test.csv").write_text("id,sentence1,sentence2\n7,A cat eats.,A dog runs.\n9,A man.,A boy.\n")
    assert call("check", "test.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["tables"][0]["label_mean"] is None
