"""Runs of ensembles: one folder, one load, and all that takes runs takes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum import training
from dalmeum.experiments.train import train
from dalmeum.models.ensemble import Ensemble
from dalmeum.recipe import Recipe
from dalmeum.runs.contents import Contents
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import read_predictions
from dalmeum.runs.reuse import Wanted
from dalmeum.training.fit import fit
from tests.cli.test_commands import call
from tests.experiments.test_train import make_recipe

Tiny = Callable[[str], str]
Write = Callable[..., Path]
Call = pytest.CaptureFixture[str]


@pytest.fixture
def recipe(tmp_path: Path, tiny_encoder: Tiny, write_pairs: Write) -> Recipe:
    members = {
        "offline": {"kind": "offline", "training": {"epochs": 2}},
        "words": {"kind": "bi", "encoder": tiny_encoder("bert"), "max_length": 32},
    }
    model = {"kind": "ensemble", "encoder": None, "members": members}
    return make_recipe(
        tmp_path, "", write_pairs, model=model, training={"epochs": 1}, tasks={"binary": {"weight": 0.2}}
    )


def test_one_run_folder_and_one_load(recipe: Recipe, capsys: Call) -> None:
    run = train(recipe, "two")
    said = capsys.readouterr().err
    assert "member offline (1 of 2)" in said
    assert "member words (2 of 2)" in said
    assert {path.name for path in run.model.iterdir()} == {"offline", "words", "dalmeum.json", "golden.json"}
    assert list(run.checkpoints.iterdir()) == []
    assert not run.kept_evaluations.exists()
    assert run.recipe() == recipe
    record = run.record.training
    assert record is not None
    assert record["steps"] == 2 * 6 + 6
    assert record["members"]["offline"]["precision"] == "float32"
    assert record["weights"].keys() == {"offline", "words"}
    said_on_dev = read_predictions(run.predictions("dev")).predictions.similarity
    assert recipe.data.dev is not None
    table = dalmeum.read_pairs(recipe.data.dev)
    scorer = dalmeum.load(run, "float32")
    assert isinstance(scorer.model, Ensemble)
    pairs = list(zip(table.sentence1, table.sentence2, strict=True))
    np.testing.assert_allclose(scorer.score(pairs), said_on_dev, atol=1e-4)
    found = dalmeum.predict(run, recipe.data.dev, precision="float32")
    np.testing.assert_allclose(found, said_on_dev, atol=1e-4)
    evaluated = dalmeum.evaluate(run, recipe.data.dev, precision="float32").metrics
    assert evaluated.pearson.value == pytest.approx(run.metrics()["dev"]["pearson"]["value"], abs=1e-5)
    assert run.metrics()["dev"]["f1"] is not None
    # What each member says alone, put together by the weights that the record has.
    alone = {name: dalmeum.load(run.model / name, "float32").score(pairs) for name in record["weights"]}
    weighted = sum(record["weights"][name] * each for name, each in alone.items())
    rest = scorer.score(pairs) - weighted
    np.testing.assert_allclose(rest, rest.mean(), atol=1e-4)


def test_the_report_draws_each_members_curves(recipe: Recipe) -> None:
    run = train(recipe, "two")
    page = run.report.read_text(encoding="utf-8")
    for member in ("offline", "words"):
        for figure in ("pearson", "loss", "mae"):
            assert f'id="curve-{figure}-{member}"' in page
        assert f"Pearson r, {member}" in page
    assert 'id="curve-pearson"' not in page


def test_killed_at_the_second_member_it_goes_on_there(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(recipe, "whole")
    trained: list[str] = []

    def die(scorer: Any, single: Recipe, *given: Any, **named: Any) -> Any:
        if single.model.kind == "bi":
            raise KeyboardInterrupt
        return fit(scorer, single, *given, **named)

    monkeypatch.setattr("dalmeum.experiments.train.fit", die)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, "killed")

    def counting(*given: Any, before_saving: Callable[[], None], **named: Any) -> Any:
        def saving() -> None:
            trained.append(given[1].model.kind)
            before_saving()

        return fit(*given, before_saving=saving, **named)

    monkeypatch.setattr("dalmeum.experiments.train.fit", counting)
    resumed = train(recipe, "again", resume=True)
    assert resumed.id.endswith("-killed")
    assert trained == ["bi"]
    assert resumed.history() == whole.history()
    one, other = (read_predictions(run.predictions("dev")).predictions for run in (resumed, whole))
    np.testing.assert_array_equal(one.similarity, other.similarity)


def test_what_members_began_with_decides_whether_a_run_counts(
    recipe: Recipe, tiny_encoder: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = Contents.of(recipe)
    assert contents.encoder is not None
    assert contents.encoder.startswith("offline kiwipiepy")
    assert ", words sha256 " in contents.encoder
    other = recipe.model.members["words"].model_copy(update={"encoder": tiny_encoder("roberta")})
    members = {**recipe.model.members, "words": other}
    changed = recipe.model_copy(update={"model": recipe.model.model_copy(update={"members": members})})
    assert Contents.of(changed).encoder != contents.encoder
    before = training.training_version("offline") + training.training_version("bi")
    assert contents.training_version == before
    monkeypatch.setitem(training.CHANGED_SINCE, "bi", training.CHANGED_SINCE["bi"] + 1)
    assert Contents.of(recipe).training_version == before + 1
    tables = {split: dalmeum.read_pairs(getattr(recipe.data, split)) for split in ("train", "dev")}
    files = data_files(recipe, tables)  # type: ignore[arg-type]
    again = dalmeum.load_recipe(recipe.to_change())
    assert Wanted.of(again, files) == Wanted.of(recipe, files)
    longer = dalmeum.load_recipe(
        recipe.to_change(), model={"members": {"words": {"training": {"epochs": 2}}}}
    )
    assert Wanted.of(longer, files).key != Wanted.of(recipe, files).key


def test_studies_and_comparisons_take_them(recipe: Recipe, tmp_path: Path) -> None:
    arms: dict[str, Any] = {
        "alone": {"model": {"kind": "offline"}},
        "longer": {"model.members.offline.training.epochs": 3},
    }
    findings = dalmeum.study(
        question="Do two help?",
        baseline=recipe.to_change(),
        arms=arms,
        seeds=[1, 2],
        name="two",
        folder=tmp_path / "study",
        jobs=1,
    )
    assert [arm.name for arm in findings.judgements[0].arms] == ["baseline", "alone", "longer"]
    runs = sorted((tmp_path / "runs").glob("*/run.json"))
    assert len(runs) == 6
    kept = [Run.open(path.parent) for path in runs]
    kinds = [run.recipe().model.kind for run in kept]
    assert (kinds.count("ensemble"), kinds.count("offline")) == (4, 2)
    seeds = [[each.training.seed for each in run.recipe().singles] for run in kept if run.recipe().members]
    assert sorted(seeds) == [[1, 1], [1, 1], [2, 2], [2, 2]]
    assert findings.convergence is None
    changes = {arm.name: arm.changes for arm in findings.arms.arms}
    assert changes["longer"] == {"model.members.offline.training.epochs": 3}
    compared = dalmeum.compare([run.folder for run in kept])
    assert {len(arm.runs) for arm in compared.arms.arms} == {2}
    again = dalmeum.study(
        question="Do two help?",
        baseline=recipe.to_change(),
        arms=arms,
        seeds=[1, 2],
        name="two",
        folder=tmp_path / "study",
        jobs=1,
    )
    assert len([*(tmp_path / "runs").glob("*/run.json")]) == 6
    assert again.judgements == findings.judgements
    plan = dalmeum.plan(
        question="Do two help?",
        baseline=recipe.to_change(),
        arms=arms,
        seeds=[1, 2],
        name="two",
        folder=tmp_path / "study",
    )
    assert plan.finished == 6


def test_the_command_line_says_what_it_is_going_to_do(recipe: Recipe, tmp_path: Path, capsys: Call) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert call("train", str(path), "training.max_steps=1", "--json") == 0
    said = capsys.readouterr()
    encoder = recipe.model.members["words"].encoder
    assert ": offline (from kiwipiepy " in said.err
    assert f") + {encoder} on cpu in float32, 2 steps" in said.err
    run = json.loads(said.out)["run"]
    output = ("--output", recipe.output)
    assert call("score", run, "비가 온다.", "비가 내린다.", *output) == 0
    assert call("evaluate", run, recipe.data.dev or "", *output) == 0
    assert call("train", str(path), "model.members.words.encoder=./nowhere") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "./nowhere: no such model folder"
