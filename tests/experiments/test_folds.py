"""Runs over folds and seeds: one folder, one score that no model has learned from, one load."""

import csv
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data import Predictions, read_pairs
from dalmeum.data.folds import fold_rows
from dalmeum.data.groups import near_groups
from dalmeum.experiments.outcome import out_of_fold
from dalmeum.experiments.train import train
from dalmeum.models.ensemble import Ensemble
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.predictions import held_out, read_predictions
from dalmeum.runs.report import rewrite_report
from dalmeum.stats import score
from dalmeum.training.fit import fit
from tests.cli.test_commands import call

Tiny = Callable[[str], str]
Call = pytest.CaptureFixture[str]

WORDS = ("cat", "dog", "man", "bird", "eats", "runs", "sings", "reads")


def write_strangers(path: Path, count: int, seed: int, *, labelled: bool = True) -> str:
    """Pairs that share a sentence with the one before at every sixth; labels count shared words."""
    rng = random.Random(seed)
    names = ["id", "source", "sentence_1", "sentence_2", *(["label", "binary-label"] if labelled else [])]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        first = ""
        for number in range(count):
            own = "".join(rng.choices("bcdfghklmnpqrstvwxz", k=8))
            if number % 6 != 1:
                first = f"{own} {rng.choice(WORDS)} {rng.choice(WORDS)}"
            words = [word if rng.random() < 0.5 else rng.choice(WORDS) for word in first.split()[1:]]
            label = 2.5 * sum(word in first for word in words)
            row = [f"{path.stem}-{number}", "ab"[number % 2], first, f"{own[::-1]} {' '.join(words)}"]
            writer.writerow([*row, label, int(label >= 2.5)] if labelled else row)
    return str(path)


@pytest.fixture
def values(tmp_path: Path, tiny_encoder: Tiny) -> dict[str, Any]:
    return {
        "question": "Does it hold in every fold?",
        "data": {
            "train": write_strangers(tmp_path / "train.csv", 72, 1),
            "test": write_strangers(tmp_path / "test.csv", 24, 3, labelled=False),
            "folds": 3,
        },
        "model": {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32},
        "tasks": {"binary": {"weight": 0.2}},
        "training": {"epochs": 2, "effective_batch_size": 16, "learning_rate": 1e-3, "precision": "float32"},
        "output": str(tmp_path / "runs"),
    }


def recipe_of(values: Mapping[str, Any], **sections: Mapping[str, Any]) -> Recipe:
    changed = {name: {**values.get(name, {}), **changes} for name, changes in sections.items()}
    return build_recipe({**values, **changed}, "test")


def similarity(run: Run, split: str) -> np.ndarray:
    return read_predictions(run.predictions(split)).predictions.similarity


def by_id(run: Run, split: str = "dev") -> dict[str, float]:
    scored = read_predictions(run.predictions(split))
    return dict(zip(scored.ids, scored.predictions.similarity.tolist(), strict=True))


def test_each_fold_is_what_it_would_be_alone_and_all_answer_with_their_mean(
    values: dict[str, Any], capsys: Call
) -> None:
    recipe = recipe_of(values)
    run = train(recipe, "folds")
    said = capsys.readouterr().err
    assert "training on 72 pairs, each of 3 folds dev in turn, 3 models: " in said
    assert "member fold-2 (3 of 3)" in said
    alone = [train(each, f"alone-{name}") for name, each in recipe.trainings.items()]
    table = read_pairs(values["data"]["train"])
    rows = fold_rows(table, 3, "near_duplicates")
    for fold, one in enumerate(alone):
        assert {*by_id(one)} == {table.id[row] for row in rows[fold]}
    # Out of fold: each pair by the model that did not learn from it; all of them, in the file's order.
    kept = read_predictions(run.predictions("dev"))
    assert kept.ids == table.id
    assert by_id(run) == {name: value for one in alone for name, value in by_id(one).items()}
    assert kept.predictions.binary is not None
    np.testing.assert_allclose(
        similarity(run, "test"), np.mean([similarity(one, "test") for one in alone], axis=0), rtol=1e-12
    )
    assert run.record.out_of_fold
    assert json.loads((run.folder / "run.json").read_text())["out_of_fold"] is True
    assert not alone[0].record.out_of_fold
    assert run.record.data["dev"].rows == 72
    assert not run.predictions("train").exists()
    folds = {"fold-0", "fold-1", "fold-2"}
    assert {path.name for path in run.model.iterdir()} == {*folds, "dalmeum.json", "golden.json"}
    assert list(run.checkpoints.iterdir()) == []
    assert run.recipe() == recipe
    scorer = dalmeum.load(run, "float32")
    assert isinstance(scorer.model, Ensemble)
    test = read_pairs(values["data"]["test"])
    np.testing.assert_allclose(scorer.score(list(test.pairs)), similarity(run, "test"), atol=1e-5)
    np.testing.assert_allclose(
        dalmeum.predict(run, values["data"]["test"], precision="float32"), similarity(run, "test"), atol=1e-5
    )
    # dev is train here, and no leak of one into the other.
    assert not [warning.en for warning in run.record.warnings if "dev" in warning.en or "shar" in warning.en]
    record = run.record.training
    assert record is not None
    assert record["steps"] == sum((one.record.training or {})["steps"] for one in alone)
    assert {key.rpartition(".")[0] for entry in run.history() for key in entry if "." in key} == {
        *recipe.trainings
    }


def test_one_score_whose_interval_goes_by_what_was_kept_together(values: dict[str, Any]) -> None:
    run = train(recipe_of(values), "folds")
    table = read_pairs(values["data"]["train"])
    groups = near_groups(table)
    assert len(set(groups.tolist())) < len(table)
    assert table.label is not None
    found = score("pearson", table.label, similarity(run, "dev"), groups=groups)
    kept = run.metrics()["dev"]["pearson"]
    assert (kept["value"], kept["low"], kept["high"]) == pytest.approx((found.value, found.low, found.high))
    assert run.metrics().keys() == {"dev"}
    page = run.report.read_text(encoding="utf-8")
    assert "the training pairs, out of 3 folds, 72 pairs" in page
    assert "학습 데이터(폴드 3개, 폴드 밖 예측)" in page
    assert 'id="curve-pearson-fold-1"' in page
    assert "The checkpoint was chosen on dev" in page
    run.report.unlink()
    rewrite_report(run)
    assert run.report.read_text(encoding="utf-8") == page


def test_held_out_predictions_are_found_from_a_run(values: dict[str, Any]) -> None:
    run = train(recipe_of(values), "folds")
    found = held_out(run.folder)
    assert found.ids == read_pairs(values["data"]["train"]).id
    np.testing.assert_array_equal(found.predictions.similarity, similarity(run, "dev"))


def test_seeds_answer_with_their_mean_and_dev_is_no_part_of_training(
    values: dict[str, Any], tmp_path: Path
) -> None:
    data = {"folds": None, "dev": write_strangers(tmp_path / "dev.csv", 36, 2)}
    recipe = recipe_of(values, data=data, training={"seed": [7, 3]})
    run = train(recipe, "seeds")
    alone = [train(each, "alone") for each in recipe.trainings.values()]
    assert [one.recipe().training.seed for one in alone] == [7, 3]
    for split in ("train", "dev", "test"):
        mean = np.mean([similarity(one, split) for one in alone], axis=0)
        np.testing.assert_allclose(similarity(run, split), mean, rtol=1e-12)
    assert not run.record.out_of_fold
    assert {path.name for path in run.model.iterdir()} == {"seed-7", "seed-3", "dalmeum.json", "golden.json"}
    scores = [one.metrics()["dev"]["pearson"]["value"] for one in (*alone, run)]
    assert len(set(scores)) == 3
    # An arm of ensembles is another than one of single models.
    more = train(recipe_of(values, data=data, training={"seed": [1, 2]}), "more")
    findings = dalmeum.compare([run, more, *alone])
    assert [sorted(arm.runs) for arm in findings.arms.arms] == [
        sorted(each.id for each in (run, more)),
        sorted(each.id for each in alone),
    ]


def test_folds_and_seeds_together(values: dict[str, Any]) -> None:
    recipe = recipe_of(values, data={"folds": 2}, training={"seed": [1, 2], "epochs": 1})
    run = train(recipe, "both")
    alone = {name: train(each, name) for name, each in recipe.trainings.items()}
    assert list(alone) == ["fold-0-seed-1", "fold-0-seed-2", "fold-1-seed-1", "fold-1-seed-2"]
    for name, value in by_id(run).items():
        others = [by_id(one)[name] for one in alone.values() if name in by_id(one)]
        assert len(others) == 2
        assert value == pytest.approx(np.mean(others))


def test_an_ensemble_of_kinds_in_every_fold(values: dict[str, Any], tiny_encoder: Tiny) -> None:
    members = {"one": {"encoder": tiny_encoder("bert"), "kind": "cross"}, "two": {"kind": "bi"}}
    members["two"]["encoder"] = tiny_encoder("bert")
    model = {"kind": "ensemble", "encoder": None, "max_length": 32, "members": members}
    run = train(recipe_of(values, model=model, data={"folds": 2}, training={"epochs": 1}), "nested")
    test = read_pairs(values["data"]["test"])
    np.testing.assert_allclose(
        dalmeum.load(run, "float32").score(list(test.pairs)), similarity(run, "test"), atol=1e-5
    )
    assert 'id="curve-pearson-fold-1.two"' in run.report.read_text(encoding="utf-8")


def test_killed_at_the_second_fold_it_goes_on_there(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(values)
    whole = train(recipe, "whole")
    saved: list[int] = []

    def die(scorer: Any, single: Recipe, *given: Any, **named: Any) -> Any:
        if single.data.fold == 1:
            raise KeyboardInterrupt
        return fit(scorer, single, *given, **named)

    monkeypatch.setattr("dalmeum.experiments.train.fit", die)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, "killed")

    def counting(*given: Any, before_saving: Callable[[], None], **named: Any) -> Any:
        def saving() -> None:
            saved.append(given[1].data.fold)
            before_saving()

        return fit(*given, before_saving=saving, **named)

    monkeypatch.setattr("dalmeum.experiments.train.fit", counting)
    resumed = train(recipe, "again", resume=True)
    assert resumed.id.endswith("-killed")
    assert set(saved) == {1, 2}
    assert resumed.metrics() == whole.metrics()
    assert resumed.record.warnings == whole.record.warnings
    times = dict.fromkeys(("seconds", "processor_seconds", "members"))
    assert {**(resumed.record.training or {}), **times} == {**(whole.record.training or {}), **times}
    test = list(read_pairs(values["data"]["test"]).pairs)
    np.testing.assert_array_equal(dalmeum.load(resumed).score(test), dalmeum.load(whole).score(test))
    for name in recipe.trainings:
        assert resumed.evaluations_of(name).read_text() == whole.evaluations_of(name).read_text()
    assert resumed.history() == whole.history()
    for split in ("dev", "test"):
        np.testing.assert_array_equal(similarity(resumed, split), similarity(whole, split))


def test_the_command_line_and_frames(values: dict[str, Any], tmp_path: Path, capsys: Call) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_of(values, data={"test": None}).to_yaml(), encoding="utf-8")
    assert call("train", str(path), "training.epochs=1") == 0
    assert "dev, out of fold" in capsys.readouterr().out
    run = open_run("latest", values["output"])
    assert "dev, out of fold" in str(run)
    assert call("evaluate", run.id, values["data"]["train"], "--output", values["output"]) == 0
    assert "72 pairs" in capsys.readouterr().err  # all of them are told as learned from
    frame = list(read_pairs(values["data"]["train"]).pairs)
    labels = read_pairs(values["data"]["train"]).label
    assert labels is not None
    rows = [(one, two, label) for (one, two), label in zip(frame, labels, strict=True)]
    of_rows = dalmeum.train(
        data={"train": rows, "folds": 2},
        model=values["model"],
        training={**values["training"], "epochs": 1},
        output=values["output"],
    )
    assert of_rows.record.out_of_fold
    assert len(by_id(of_rows)) == 72


def test_out_of_fold_is_the_mean_of_all_that_was_predicted() -> None:
    def part(names: str, values: Sequence[float]) -> tuple[tuple[str, ...], Predictions]:
        return tuple(names), Predictions(np.array(values), np.array(values) / 10)

    found = out_of_fold(
        tuple("abc"), [part("ca", [4, 2]), part("b", [1]), part("b", [2]), part("ac", [3, 6])]
    )
    assert found.similarity.tolist() == [2.5, 1.5, 5.0]
    assert found.binary is not None
    assert found.binary.tolist() == pytest.approx([0.25, 0.15, 0.5])
    single = out_of_fold(("a",), [(("a",), Predictions(np.array([1.0])))])
    assert single.binary is None


def test_a_studys_arm_predicts_as_the_mean_of_its_runs(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [train(recipe_of(values, data={"fold": fold}), f"one-{fold}") for fold in (0, 1)]
    study = tmp_path / "studies" / "learning"
    study.mkdir(parents=True)
    arms = {"baseline": {"runs": [run.id for run in runs]}, "slow": {"runs": [runs[0].id]}}
    (study / "study.json").write_text(json.dumps({"arms": arms}), encoding="utf-8")
    test = values["data"]["test"]
    means = np.mean([similarity(run, "test") for run in runs], axis=0)
    found = dalmeum.predict("studies/learning", test, arm="baseline", precision="float32")
    np.testing.assert_allclose(found, means, atol=1e-5)
    exactly = ("-o", "out.csv", "--precision", "float32")
    assert call("predict", "studies/learning", "--arm", "slow", test, *exactly) == 0
    np.testing.assert_allclose(
        read_predictions(Path("out.csv")).predictions.similarity, similarity(runs[0], "test"), atol=1e-5
    )
    capsys.readouterr()
    for arguments, told in (
        (["studies/learning"], "studies/learning: is a study: name one of its arms, --arm baseline or slow"),
        (
            ["studies/learning", "--arm", "fast"],
            "studies/learning: has no arm fast: name one of its arms, --arm baseline or slow",
        ),
        ([runs[0].id, "--arm", "slow"], "--arm slow: of which study? Name its folder, as in studies/NAME"),
    ):
        assert call("predict", *arguments, test, *exactly) == 2
        assert capsys.readouterr().err.strip() == told
    (study / "study.json").write_text("[]", encoding="utf-8")
    assert call("predict", "studies/learning", "--arm", "slow", test, *exactly) == 2
    assert "study.json: does not say which runs its arms have" in capsys.readouterr().err


def test_a_run_answers_both_orders_everywhere_where_its_recipe_says_so(values: dict[str, Any]) -> None:
    recipe = recipe_of(values, data={"fold": 0}, inference={"swap": True})
    run, plain = train(recipe, "swap"), train(recipe_of(values, data={"fold": 0}), "plain")
    test = list(read_pairs(values["data"]["test"]).pairs)
    one = dalmeum.load(plain, "float32")
    both = (one.score(test) + one.score([(second, first) for first, second in test])) / 2
    np.testing.assert_allclose(similarity(run, "test"), both, atol=1e-5)
    np.testing.assert_allclose(dalmeum.load(run, "float32").score(test), both, atol=1e-5)
    assert np.abs(similarity(plain, "test") - both).max() > 1e-4
    for split in ("train", "dev"):
        assert (similarity(run, split) != similarity(plain, split)).any()
    over_folds = train(recipe_of(values, data={"folds": 2}, inference={"swap": True}), "folds")
    np.testing.assert_allclose(
        dalmeum.load(over_folds, "float32").score(test), similarity(over_folds, "test"), atol=1e-5
    )
    # Runs from before there was a choice are known as ever.
    assert "inference" not in plain.recipe().model_dump(mode="json")
    assert run.recipe() == recipe
