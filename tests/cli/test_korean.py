"""The way of a Korean bi-encoder: trained, scored, evaluated, opened elsewhere, trimmed. On real weights."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import dalmeum
from dalmeum.data.practice import write_practice
from dalmeum.data.splits import read_splits
from dalmeum.models.encoders.trim import trim_encoder
from dalmeum.runs.folder import Run, open_run
from tests.cli.test_commands import call

RECIPE = """
data: {train: practice/train.csv, dev: dev.csv, max_train_pairs: 128}
model: {kind: bi, encoder: ENCODER, max_length: 64}
loss: {name: mixture, alpha: 0.1}
training: {epochs: 2, effective_batch_size: 32, learning_rate: 5.0e-4, precision: float32}
"""
ALIKE, APART = ("비가 온다.", "비가 내린다."), ("비가 온다.", "주식 시장이 크게 올랐다.")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, korean_encoder: str) -> Path:
    """A folder with the practice set and one run on it."""
    folder = tmp_path_factory.mktemp("korean-world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_practice(Path("practice"))
        dev = Path("practice", "dev.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        Path("dev.csv").write_text("".join(dev[:81]), encoding="utf-8")
        Path("recipe.yaml").write_text(RECIPE.replace("ENCODER", korean_encoder), encoding="utf-8")
        assert call("train", "recipe.yaml") == 0
    return folder


@pytest.fixture
def run(world: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(world)
    return open_run("latest")


def test_it_learns_and_answers_on_the_label_scale(run: Run, korean_encoder: str) -> None:
    """The untrained encoder's score is what any SentenceTransformer's is: five times its cosine."""
    pairs = {split: table for split, table in read_splits(run.recipe()).items() if split != "test"}
    encoder = dalmeum.load(korean_encoder)
    before = {split: dalmeum.evaluate(encoder, table).metrics for split, table in pairs.items()}
    after = run.metrics()
    assert before["dev"].pearson.value > 0.5  # it reads Korean before it has seen a pair
    assert after["dev"]["pearson"]["value"] > before["dev"].pearson.value
    assert after["train"]["pearson"]["value"] > before["train"].pearson.value + 0.1
    assert after["dev"]["mae"]["value"] < 1.2 < before["dev"].scores["mae"].value


def test_score_of_two_sentences_and_of_a_file(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # In bfloat16, where the processor is good at it, two sentences come to another score beside others.
    exactly = ("--precision", "float32")
    expected = dalmeum.load(run, "float32").score([ALIKE, APART])
    assert expected[0] > expected[1] + 1
    for pair, score in zip((ALIKE, APART), expected, strict=True):
        assert call("score", run.id, *pair, *exactly) == 0
        assert capsys.readouterr().out.split()[0] == f"{score:.4f}"
    pairs = Path("pairs.csv")
    with pairs.open("w", encoding="cp949", newline="") as file:
        csv.writer(file).writerows([("sentence1", "sentence2"), ALIKE, APART])
    assert call("predict", run.id, str(pairs), "-o", "scored.csv", *exactly) == 0
    with open("scored.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    np.testing.assert_allclose([float(row["prediction"]) for row in rows], expected, atol=1e-4)


def test_sentence_transformers_opens_it_and_gives_the_same_scores(run: Run) -> None:
    """With the encoder's own prompt, which both put before every sentence."""
    model = SentenceTransformer(str(run.model), device="cpu")
    assert model.prompts[model.default_prompt_name or ""] == "query: "
    one, other = (model.encode([pair[side] for pair in (ALIKE, APART)]) for side in (0, 1))
    cosines = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    line = json.loads((run.model / "dalmeum.json").read_text(encoding="utf-8"))["similarity"]
    scores = dalmeum.load(run, "float32").score([ALIKE, APART])
    np.testing.assert_allclose(line["slope"] * cosines + line["intercept"], scores, atol=1e-4)


def test_trimmed_further_it_scores_the_same(run: Run, tmp_path: Path) -> None:
    done = trim_encoder(str(run.model), [*ALIKE, *APART], tmp_path / "small")
    assert done.pieces[1] < done.pieces[0] / 10
    expected = dalmeum.load(run, "float32").score([ALIKE, APART])
    found = dalmeum.load(tmp_path / "small", "float32").score([ALIKE, APART])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_check_tells_which_texts_it_can_read(
    run: Run, korean_encoder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def severity(file: str) -> str:
        capsys.readouterr()
        call("check", file, "--encoder", korean_encoder, "--json")
        (found,) = (
            each for each in json.loads(capsys.readouterr().out)["findings"] if each["kind"] == "vocabulary"
        )
        return str(found["severity"])

    foreign = tmp_path / "foreign.csv"
    foreign.write_text(
        "sentence1,sentence2,label\nМама мыла раму.,Папа читает книгу.,1\n我喜欢喝茶,他在看书,4\n",
        encoding="utf-8",
    )
    assert severity("dev.csv") == "note"
    assert severity(str(foreign)) == "problem"
