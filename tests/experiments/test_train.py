"""The contracts of a run: its folder, metrics, predictions, model and JSON. Real components throughout."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.data.splits import read_splits
from dalmeum.errors import DataError, InputError
from dalmeum.evaluation.predict import evaluate_table
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.runs.folder import load, open_run
from dalmeum.runs.predictions import read_evaluations, read_predictions
from dalmeum.stats import METRICS, Metric
from tests.conftest import run_folders

Tiny = Callable[[str], str]
Write = Callable[..., Path]


@pytest.fixture
def recipe(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> Recipe:
    return make_recipe(tmp_path, tiny_encoder("bert"), write_pairs)


def make_recipe(tmp_path: Path, encoder: str, write_pairs: Write, **sections: dict[str, Any]) -> Recipe:
    values: dict[str, Any] = {
        "question": "Does it run?",
        "data": {
            "train": str(write_pairs("train.csv", 96, seed=1)),
            "dev": str(write_pairs("dev.csv", 48, seed=2)),
            "test": str(write_pairs("test.csv", 24, seed=3)),
        },
        "model": {"kind": "cross", "encoder": encoder, "max_length": 32},
        "training": {"epochs": 2, "effective_batch_size": 16, "learning_rate": 1e-3, "precision": "float32"},
        "output": str(tmp_path / "runs"),
    }
    for section, changes in sections.items():
        values[section] = values.get(section, {}) | changes
    return build_recipe(values, "test")


def test_run_folder_holds_all_that_the_contract_names(recipe: Recipe) -> None:
    run = train(recipe, "tiny")
    assert run.id.endswith("-tiny")
    for name in ("run.json", "recipe.yaml", "metrics.json", "report.html", "model/config.json"):
        assert (run.folder / name).is_file(), name
    for split, rows in (("train", 96), ("dev", 48), ("test", 24)):
        assert len(run.predictions(split).read_text(encoding="utf-8").splitlines()) == 1 + rows
    evaluations = [entry["eval_pearson"] for entry in run.history() if "eval_pearson" in entry]
    assert len(evaluations) == 2
    assert max(evaluations) == pytest.approx(run.metrics()["dev"]["pearson"]["value"], abs=1e-6)
    assert list(run.checkpoints.iterdir()) == []
    assert run.recipe() == recipe
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert record["state"] == "finished"
    assert record["parent_study"] is None
    assert record["versions"].keys() >= {"dalmeum", "python", "torch", "transformers", "kiwipiepy"}
    assert record["data"]["train"]["rows"] == 96
    assert len(record["data"]["dev"]["sha256"]) == 64
    assert open_run(run.folder).record == run.record
    assert not [path for path in run.folder.rglob("*") if path.name.endswith(".tmp")]


def test_metrics_and_predictions(recipe: Recipe) -> None:
    run = train(recipe)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics.keys() == {"train", "dev", "test"}
    for split in metrics:
        assert metrics[split].keys() == {"pearson", "spearman", "rmse", "mae", "f1"}
        for name in ("pearson", "spearman", "rmse", "mae"):
            estimate = metrics[split][name]
            assert estimate["low"] < estimate["value"] < estimate["high"]
    with run.predictions("dev").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "label", "prediction", "binary_prediction"]
    assert [row["id"] for row in rows] == [f"dev-{number}" for number in range(48)]
    labels = [float(row["label"]) for row in rows]
    predictions = [float(row["prediction"]) for row in rows]
    evaluations = read_evaluations(run.kept_evaluations, read_predictions(run.predictions("dev")).ids)
    seen = [entry["eval_pearson"] for entry in run.history() if "eval_pearson" in entry]
    assert [scipy.stats.pearsonr(labels, row).statistic for row in evaluations] == pytest.approx(seen)
    r = scipy.stats.pearsonr(labels, predictions).statistic
    assert metrics["dev"]["pearson"]["value"] == pytest.approx(r, abs=1e-12)
    similar, predicted = np.array(labels) >= 2.5, np.array(predictions) >= 2.5
    f1 = 2 * (similar & predicted).sum() / (similar.sum() + predicted.sum())
    assert metrics["dev"]["f1"]["value"] == pytest.approx(f1)
    scores = dalmeum.load(run.folder, precision="float32").score(
        list(read_pairs(recipe.data.dev or "").pairs)
    )
    np.testing.assert_allclose(scores, predictions, atol=1e-6)
    gap = metrics["train"]["pearson"]["value"] - metrics["dev"]["pearson"]["value"]
    page = run.report.read_text(encoding="utf-8")
    assert f"a gap of {gap:+.4f}" in page
    assert "The checkpoint was chosen on dev" in page


def test_fewer_pairs_and_a_number_of_steps(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> None:
    sections = {"data": {"max_train_pairs": 40}, "training": {"max_steps": 7, "epochs": 1}}
    recipe = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, **sections)
    run = train(recipe)
    # 40 pairs in batches of 16 are three steps an epoch: two whole epochs and one step.
    assert (run.record.training or {})["steps"] == 7
    assert run.record.data["train"].rows == 40
    drawn = read_splits(recipe)["train"]
    sections["training"]["seed"] = 7
    other = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, **sections)
    assert read_splits(other)["train"].id == drawn.id
    assert len(set(drawn.id)) == 40
    assert drawn.id != tuple(f"train-{number}" for number in range(40))


def test_f1_is_null_without_a_binary_rule(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> None:
    plain = {
        name: str(write_pairs(f"{name}-plain.csv", 48, seed, binary=False))
        for seed, name in enumerate(("train", "dev"))
    }
    recipe = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, data={**plain, "test": None})
    metrics = train(recipe).metrics()
    assert metrics["dev"]["f1"] is None
    assert metrics["dev"]["mae"]["value"] > 0


def test_binary_task_needs_a_rule_and_is_evaluated(
    tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write
) -> None:
    tasks = {"binary": {"weight": 0.5}}
    run = train(make_recipe(tmp_path, tiny_encoder("roberta"), write_pairs, tasks=tasks))
    with run.predictions("test").open(encoding="utf-8", newline="") as file:
        probabilities = [float(row["binary_prediction"]) for row in csv.DictReader(file)]
    assert all(0 < probability < 1 for probability in probabilities)
    assert run.metrics()["dev"]["f1"] is not None
    assert load(run.folder).has_binary

    plain = {"train": str(write_pairs("plain.csv", 48, binary=False)), "dev": None, "test": None}
    refused = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, tasks=tasks, data=plain)
    with pytest.raises(
        InputError, match=r"plain.csv: has no binary column for tasks.binary; set tasks.binary.thr"
    ):
        train(refused)
    derived = make_recipe(
        tmp_path, tiny_encoder("bert"), write_pairs, tasks={"binary": {"threshold": 3.0}}, data=plain
    )
    assert load(train(derived).folder).binary_threshold == 3.0


def test_bi_encoder_makes_a_run_like_any_other(
    tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(
        tmp_path, tiny_encoder("bert"), write_pairs, model={"kind": "bi"}, tasks={"binary": {"weight": 0.5}}
    )
    run = train(recipe)
    with run.predictions("dev").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    predictions = [float(row["prediction"]) for row in rows]
    scorer = dalmeum.load(run.folder, precision="float32")
    scores = scorer.score(list(read_pairs(recipe.data.dev or "").pairs))
    np.testing.assert_allclose(scores, predictions, atol=1e-6)
    assert all(0 < float(row["binary_prediction"]) < 1 for row in rows)
    evaluation = evaluate_table(scorer, read_pairs(write_pairs("fresh.csv", 60, seed=9)))
    assert evaluation.to_dict()["f1"] is not None
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(InputError, match=r"pip install 'dalmeum\[sentence-transformers\]'"):
        train(recipe)
    assert run_folders(recipe.output) == [run.folder]


def test_same_seed_same_scores_other_seed_others(recipe: Recipe) -> None:
    pairs = [("The cat eats.", "A cat sleeps today."), ("The dog runs.", "A bird sings today.")]
    other = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": 7})})
    scores = [dalmeum.load(train(one).folder).score(pairs) for one in (recipe, recipe, other)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-3


def test_evaluate_reads_the_runs_own_rule(recipe: Recipe, write_pairs: Write) -> None:
    run = train(recipe)
    scorer = load(run.folder)
    table = read_pairs(write_pairs("fresh.csv", 60, seed=9, binary=False), labels="required")
    evaluation = evaluate_table(scorer, table)
    assert evaluation.pairs == 60
    assert evaluation.threshold == 2.5
    assert evaluation.to_dict()["f1"] is not None


def test_bad_data_leave_no_run_behind(recipe: Recipe, write_pairs: Write, tmp_path: Path) -> None:
    lines = Path(recipe.data.train).read_text(encoding="utf-8").splitlines()
    Path(recipe.data.train).write_text("\n".join([*lines, "x,s,a,b,7.5,1"]), encoding="utf-8")
    (tmp_path / "test.csv").write_text("id,source,sentence_1,sentence_2\n1,s,a\n")
    with pytest.raises(DataError) as caught:
        train(recipe)
    assert len(caught.value.problems) == 2
    assert "train.csv, line 98: label 7.5 is outside 0..5" in caught.value.problems[0]
    assert "test.csv, line 2" in caught.value.problems[1]
    assert not Path(recipe.output).exists()


@pytest.mark.parametrize(
    ("name", "problem"), [("broken", "fails on 8 made-up pairs"), ("f1", "is the name of")]
)
def test_a_metric_that_fails_is_told_before_training(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, name: str, problem: str
) -> None:
    monkeypatch.setitem(METRICS, name, Metric(lambda labels, predictions: labels[9]))
    with pytest.raises(InputError, match=f"^metric {name}: {problem}"):
        train(recipe)
    assert not Path(recipe.output).exists()


def test_unfinished_run_is_not_loaded(recipe: Recipe) -> None:
    run = train(recipe)
    run.update(state="running")
    with pytest.raises(InputError, match=r"is not finished; go on with dalmeum train \.\.\. --resume"):
        dalmeum.load(run.folder)
    with pytest.raises(
        InputError, match=r"no such run, neither a folder with a run\.json nor an id under runs/"
    ):
        dalmeum.load("nothing")


def test_output_that_cannot_be_written(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(InputError, match="choose another place for the output"):
            train(recipe.model_copy(update={"output": str(output)}))


KILLED_AT = "checkpoint-6"
COMMAND = (sys.executable, "-c", "from dalmeum.cli import main; main()", "train")


def test_killed_and_resumed_run_ends_with_the_same_predictions(
    tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write
) -> None:
    recipe = make_recipe(tmp_path, tiny_encoder("electra"), write_pairs, training={"epochs": 30})
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    whole = train(recipe.model_copy(update={"output": str(tmp_path / "whole")}))

    process = subprocess.Popen([*COMMAND, str(path)], stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not list(Path(recipe.output).glob(f"*/checkpoints/{KILLED_AT}/trainer_state.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (killed,) = run_folders(recipe.output)
    assert json.loads((killed / "run.json").read_text())["state"] == "running"
    assert not (killed / "metrics.json").exists()

    done = subprocess.run(
        [*COMMAND, str(path), "--resume", "--json"], capture_output=True, text=True, check=True
    )
    printed = json.loads(done.stdout)
    assert printed.keys() == {"run", "folder", "metrics"}
    assert printed["folder"] == str(killed)
    for split in ("dev", "test"):
        with open_run(killed).predictions(split).open() as first, whole.predictions(split).open() as second:
            resumed, uninterrupted = (
                [float(row["prediction"]) for row in csv.DictReader(file)] for file in (first, second)
            )
        np.testing.assert_allclose(resumed, uninterrupted, atol=1e-6)

    # Finished: resuming again starts a new run.
    again = subprocess.run(
        [*COMMAND, str(path), "training.epochs=1", "--resume", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(again.stdout)["folder"] != str(killed)


TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.mark.parametrize("kind", ["cross", "bi"])
def test_two_processes_make_one_run(
    tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write, kind: str
) -> None:
    batch = {"effective_batch_size": 15, "micro_batch_size": 4}  # an uneven share each
    recipe = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs, model={"kind": kind}, training=batch)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    done = subprocess.run(
        [*TORCHRUN, "-m", "dalmeum", "train", str(path), "--json"], capture_output=True, text=True, check=True
    )
    printed = json.loads(done.stdout)
    (folder,) = run_folders(recipe.output)
    run = open_run(folder)
    assert (printed["run"], run.record.state) == (run.id, "finished")
    assert run.record.machine["processes"] == 2
    assert len(list(read_pairs(recipe.data.dev or "").pairs)) == 48
    predictions = run.predictions("dev").read_text().splitlines()
    assert len(predictions) == 1 + 48


def test_failure_of_one_process_ends_all_with_a_line(
    tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write
) -> None:
    recipe = make_recipe(tmp_path, tiny_encoder("bert"), write_pairs)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    Path(recipe.data.train).write_text("id,source,sentence_1,sentence_2,label\n1,s,a,b,9\n")
    failed = subprocess.run(
        [*TORCHRUN, "-m", "dalmeum", "train", str(path)], capture_output=True, text=True, timeout=120
    )
    assert failed.returncode != 0
    assert "train.csv, line 2: label 9 is outside 0..5" in failed.stderr
    assert not Path(recipe.output).exists()
