"""How well a vocabulary covers a text, and that an encoder which can't read it is told of."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from typer.testing import CliRunner, Result

from dalmeum.cli.check import check
from dalmeum.data.practice import practice_tables, write_practice
from dalmeum.experiments.train import train
from dalmeum.models.encoders.coverage import MOST_SPELLED, MOST_UNKNOWN, Coverage, coverage
from dalmeum.recipe import build_recipe
from tests.conftest import REAL_DATA
from tests.models.twins import NAMES, TOKENIZERS

Tiny = Callable[[str], str]


def korean() -> list[str]:
    table = practice_tables()["dev"]
    return [*table.sentence1, *table.sentence2]


def test_shares_worked_out_by_hand() -> None:
    vocabulary = ["[UNK]", "abc", "d", "##e", "##f", "##fg", "x"]
    backend = Tokenizer(
        models.WordPiece({token: row for row, token in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
    # Tokens: abc, d ##e ##f, d ##e ##fg, x, [UNK]; words of three letters and more: abc, def, defg, and zzzz.
    found = coverage(tokenizer, ["abc def", "defg x zzzz", "abc def"])
    assert found == Coverage(unknown=1 / 9, spelled=3 / 14)
    assert coverage(tokenizer, []) == Coverage(0.0, 0.0)
    # Chinese characters are words of their own.
    assert coverage(tokenizer, ["我喜欢喝茶和咖啡"]).spelled == 0.0


def test_minilm_reads_english_and_no_korean(minilm: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    english = coverage(tokenizer, ["A man is playing the guitar.", "Two women are singing on a stage."])
    assert english == Coverage(0.0, 0.0)
    found = coverage(tokenizer, korean())
    assert found.spelled > MOST_SPELLED
    assert not found.readable


@pytest.mark.parametrize("name", NAMES)
def test_a_korean_vocabulary_reads_korean(name: str) -> None:
    found = coverage(TOKENIZERS[name](), korean())
    assert found.readable
    assert found.spelled < 0.3


@pytest.mark.parametrize(
    ("file", "columns", "readable"),
    [
        ("korsts/sts-dev.tsv", ("sentence1", "sentence2"), False),
        ("sick/SICK_trial.txt", ("sentence_A", "sentence_B"), True),
    ],
)
def test_public_sets(minilm: str, file: str, columns: tuple[str, str], readable: bool) -> None:
    path = REAL_DATA / file
    if not path.is_file():
        pytest.skip(f"needs {path}")
    with path.open(encoding="utf-8", newline="") as rows:
        sentences = [
            row[column]
            for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
            for column in columns
        ]
    found = coverage(AutoTokenizer.from_pretrained(minilm), sentences)
    assert found.readable is readable
    assert (found.spelled > 0.7) is not readable
    assert (found.unknown > 0.04) is not readable


def test_either_share_is_enough() -> None:
    assert not Coverage(unknown=MOST_UNKNOWN, spelled=0.0).readable
    assert not Coverage(unknown=0.0, spelled=MOST_SPELLED).readable
    assert Coverage(unknown=MOST_UNKNOWN - 0.01, spelled=MOST_SPELLED - 0.01).readable


def run_check(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(check)
    return CliRunner().invoke(app, list(arguments))


def test_check_tells_both_shares(minilm: str, tmp_path: Path, write_pairs: Callable[..., Path]) -> None:
    foreign = str(write_practice(tmp_path / "practice")["dev"])
    result = run_check(foreign, "--encoder", minilm, "--json")
    assert result.exit_code == 1
    (found,) = [each for each in json.loads(result.output)["findings"] if each["kind"] == "vocabulary"]
    assert found["severity"] == "problem"
    assert "the encoder can't read this text: its vocabulary spells " in found["message"]
    result = run_check(str(write_pairs("english.csv", 40)), "--encoder", minilm, "--json")
    (found,) = [each for each in json.loads(result.output)["findings"] if each["kind"] == "vocabulary"]
    assert found["severity"] == "note"
    assert found["message"].endswith(
        "english.csv: its vocabulary spells 0.0% of the letters out one by one, "
        "and 0.0% of the tokens are unknown to it"
    )


@pytest.mark.parametrize("kind", ["cross", "bi"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_train_warns_of_a_foreign_vocabulary(
    kind: str, language: str, tiny_encoder: Tiny, tmp_path: Path, write_pairs: Callable[..., Path]
) -> None:
    path = write_pairs("english.csv", 16)
    if language == "ko":
        path = write_practice(tmp_path / "practice")["dev"]
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:17]), encoding="utf-8")
    recipe = {
        "data": {"train": str(path)},
        "model": {"kind": kind, "encoder": tiny_encoder("bert"), "max_length": 32},
        "training": {"epochs": 1, "effective_batch_size": 8},
        "output": str(tmp_path / "runs"),
    }
    run = train(build_recipe(recipe, "recipe"))
    told = [warning for warning in run.record.warnings if "the encoder can't read this text" in warning.en]
    assert len(told) == (1 if language == "ko" else 0)
    assert all("인코더가 이 글을 읽지 못합니다" in warning.ko for warning in told)
