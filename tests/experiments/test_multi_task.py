"""Runs with the binary task beside similarity: what they leave behind, and who can read it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification

import dalmeum
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import Run
from tests.cli.test_commands import call
from tests.conftest import draw_pairs
from tests.experiments.test_train import make_recipe

Tiny = Callable[[str], str]
Write = Callable[..., Path]
PAIRS = [(first, second) for first, second, _ in draw_pairs(30, seed=11)]


def two_columns(run: Run) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What sentence-transformers and dalmeum answer."""
    theirs = CrossEncoder(str(run.model), device="cpu").predict(PAIRS)
    assert theirs.shape == (len(PAIRS), 2)
    return theirs, dalmeum.load(run.folder, precision="float32").score(PAIRS)


def probabilities(run: Run) -> np.ndarray[Any, Any]:
    scorer = dalmeum.load(run.folder, precision="float32")
    found = scorer.binary(scorer.logits(scorer.encoding.encode(*zip(*PAIRS, strict=True))))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "minilm"])
def test_cross_encoder_of_sentence_transformers_answers_both(
    tmp_path: Path, tiny_encoder: Tiny, minilm: str, write_pairs: Write, kind: str
) -> None:
    encoder = minilm if kind == "minilm" else tiny_encoder(kind)
    training = {"learning_rate": 3e-4} if kind == "minilm" else {"learning_rate": 2e-3, "epochs": 12}
    tasks = {"binary": {"weight": "learned"}}
    run = train(make_recipe(tmp_path, encoder, write_pairs, tasks=tasks, training=training))
    theirs, ours = two_columns(run)
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(theirs[:, 0], ours, atol=1e-4)
    np.testing.assert_allclose(1 / (1 + np.exp(-theirs[:, 1])), probabilities(run), atol=1e-4)
    # On the label scale: what a least-squares line through the training labels leaves.
    with run.predictions("train").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    errors = [float(row["prediction"]) - float(row["label"]) for row in rows]
    assert np.mean(errors) == pytest.approx(0.0, abs=1e-3)
    config = json.loads((run.model / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"] == {"0": "similarity", "1": "binary"}
    # A standard classifier's weights and no more: how the tasks were weighed is in the log.
    with safe_open(run.model / "model.safetensors", "pt") as tensors:
        names = set(tensors.keys())
    assert names <= AutoModelForSequenceClassification.from_pretrained(run.model).state_dict().keys()
    steps = [entry for entry in run.history() if "loss" in entry]
    assert all(entry["similarity_weight"] > 0 and entry["binary_weight"] > 0 for entry in steps)
    assert steps[-1]["binary_weight"] != steps[0]["binary_weight"]
    f1 = run.metrics()["dev"]["f1"]
    assert f1.keys() == {"value", "low", "high"}
    assert 0 <= f1["low"] <= f1["value"] <= f1["high"] <= 1


def test_bce_answers_two_shares(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> None:
    """Behind both heads stands the sigmoid: of similarity, the share of the label range."""
    recipe = make_recipe(
        tmp_path,
        tiny_encoder("bert"),
        write_pairs,
        loss={"name": "bce"},
        tasks={"binary": {"weight": "learned"}},
    )
    run = train(recipe)
    theirs, ours = two_columns(run)
    np.testing.assert_allclose(5 * theirs[:, 0], ours, atol=1e-4)
    np.testing.assert_allclose(theirs[:, 1], probabilities(run), atol=1e-4)
    assert ((theirs > 0) & (theirs < 1)).all()
    assert np.ptp(ours) > 0.01
    with run.predictions("dev").open(encoding="utf-8", newline="") as file:
        assert all(0 < float(row["binary_prediction"]) < 1 for row in csv.DictReader(file))


@pytest.mark.parametrize("without", ["train", "dev"])
def test_a_split_without_binary_column_is_told_before_anything_is_written(
    tmp_path: Path,
    tiny_encoder: Tiny,
    write_pairs: Write,
    capsys: pytest.CaptureFixture[str],
    without: str,
) -> None:
    recipe = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, tasks={"binary": {"weight": "learned"}})
    write_pairs(f"{without}.csv", 48, binary=False)
    capsys.readouterr()  # of making the encoder
    assert command(recipe, tmp_path) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"{tmp_path / without}.csv: has no binary column for tasks.binary; set tasks.binary.threshold, "
        "or leave tasks.binary out"
    ]
    assert not Path(recipe.output).exists()
    # Either mend is one.
    assert command(recipe, tmp_path, "tasks.binary.threshold=2.5", "training.max_steps=1") == 0
    assert command(recipe, tmp_path, "tasks.binary=", "training.max_steps=1") == 0


def test_test_split_needs_no_binary_column(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> None:
    recipe = make_recipe(
        tmp_path, tiny_encoder("bert"), write_pairs, tasks={"binary": {}}, training={"max_steps": 1}
    )
    write_pairs("test.csv", 24, seed=3, binary=False)
    assert train(recipe).metrics()["test"]["f1"] is not None


def command(recipe: Recipe, folder: Path, *overrides: str) -> int:
    """The exit code of `dalmeum train`."""
    path = folder / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    return call("train", str(path), *overrides)
