"""Plans from run folders whose predictions and times are known, and from a few real runs."""

import csv
import dataclasses
import datetime
import math
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data import Predictions
from dalmeum.data.splits import PairReader
from dalmeum.errors import InputError
from dalmeum.experiments.plan import plan_study
from dalmeum.experiments.plan_text import plan_lines
from dalmeum.experiments.study import Cell, cell_recipes, conduct, read_data, study_cells
from dalmeum.machine import processor
from dalmeum.recipe.study import Study, load_study
from dalmeum.runs.contents import Contents
from dalmeum.runs.data import data_files
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import write_predictions
from dalmeum.stats import DifferenceSpread, SeedDifference, chance_to_find, differences_to
from tests.comparison.made import LABELS, rows
from tests.conftest import draw_pairs

from .fake_runs import fake_run
from .made_runs import predicted

NOISE = {"baseline": 0.5, "mae": 0.45, "half": 0.4, "tenth": 0.55}
"""Of the predictions of an arm, each with a luck of its own."""

BEGUN = datetime.datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Two arms over three seeds, none of its runs made; the test works beside its data."""
    monkeypatch.chdir(tmp_path)
    for split, labels in LABELS.items():
        with open(f"{split}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "sentence_1", "sentence_2", "label"])
            for number, label in enumerate(labels.tolist()):
                writer.writerow([f"{split}-{number}", f"{split} {number}", f"also {number}", repr(label)])
    return load_study(
        question="Does it help?",
        baseline={
            "data": {"train": "train.csv", "dev": "dev.csv"},
            "model": {"kind": "offline"},
            "training": {"epochs": 2},
        },
        arms={"mae": {"loss.name": "mae"}, "half": {"loss.alpha": 0.5}},
        seeds=[1, 2, 3],
        smallest_effect=0.01,
    )


def finish(study: Study, cell: Cell, *, seconds: float = 60, **record: Any) -> Run:
    """The finished run of a cell, as the study itself would leave it."""
    recipe = cell_recipes(study)[cell]
    tables = read_data({cell: recipe}, study.splits, PairReader())[cell]
    run = fake_run(Path(study.baseline.output, cell.name), {})
    for split, table in tables.items():
        values = [
            predicted(name.split("-")[0], NOISE[cell.arm], cell.seed)[int(name.split("-")[1])]
            for name in table.id
        ]
        write_predictions(run.predictions(split), table, Predictions(np.array(values)))
    (run.folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    known = {
        "data": data_files(recipe, tables),
        "created": BEGUN.isoformat(),
        "finished": (BEGUN + datetime.timedelta(seconds=seconds)).isoformat(),
        "machine": {"device": "cpu", "processor": processor()},
        **dataclasses.asdict(Contents.of(recipe)),
    }
    return run.update(**{**known, **record})


def finish_all(study: Study, arms: Sequence[str], seeds: Sequence[int] = (1, 2, 3), **how: Any) -> None:
    for cell in study_cells(study):
        if cell.arm in arms and cell.seed in seeds:
            finish(study, cell, **how)


def with_arms(study: Study, **arms: dict[str, Any]) -> Study:
    return study.model_copy(update={"arms": arms})


def test_like_runs_say_what_the_judge_would(study: Study) -> None:
    others = with_arms(study, tenth={"loss.alpha": 0.1, "training.epochs": 3})
    finish_all(study, ["baseline"])
    finish_all(others, ["tenth"], seconds=90)
    plan = plan_study(study, "alpha", jobs=2)
    arms = {"tenth": rows_of("tenth")}
    (found,) = differences_to("pearson", LABELS["dev"], arms, rows_of("baseline")).values()
    assert isinstance(found, SeedDifference)
    assert plan.error is not None
    assert plan.power is not None
    assert plan.error.seed_sd**2 == pytest.approx(found.seed_variance * 3 / 2)
    assert plan.error.seed_degrees_of_freedom == 4
    assert plan.error.pair_se**2 == pytest.approx(found.pair_variance)
    assert plan.error.recipes == {
        "baseline": ("baseline-1", "baseline-2", "baseline-3"),
        "tenth-1": ("tenth-1", "tenth-2", "tenth-3"),
    }
    spread = DifferenceSpread(
        found.seed_variance * 3, 4, found.pair_variance, found.cross_variance * 3, 300, arms=2, pooled=2
    )
    assert plan.power.power.value == pytest.approx(chance_to_find(spread, 0.01, 3))
    assert (plan.power.power.low, plan.power.power.high) == pytest.approx(
        tuple(chance_to_find(spread.at(quantile), 0.01, 3) for quantile in (0.9, 0.1))
    )
    assert (plan.runs, plan.finished, plan.pairs, plan.arms, plan.seeds) == (9, 3, 300, 2, 3)
    # Runs of two epochs take 60 s, of three 90 s: the six to come, of two each, two at once.
    assert plan.cost is not None
    assert (plan.cost.seconds_a_run, plan.cost.seconds, plan.cost.jobs) == (60, 180, 2)
    assert plan.cost.machines == (f"cpu, {processor()}",)


def rows_of(arm: str) -> Any:
    return np.stack([predicted("dev", NOISE[arm], seed) for seed in (1, 2, 3)])


def test_plan_and_judge_agree_on_the_same_runs(study: Study) -> None:
    alone = with_arms(study, mae={"loss.name": "mae"})
    finish_all(alone, ["baseline", "mae"])
    plan = plan_study(alone, "mae")
    arm = conduct(alone, "mae").findings.judgements[0].arms[1]
    assert plan.power is not None
    assert plan.power.detectable_effect == pytest.approx(arm.detectable_effect)
    assert plan.power.seeds_needed == arm.advice
    assert (plan.finished, plan.cost) == (6, None)
    assert not any("dalmeum study" in line for line in plan_lines(plan))


def test_two_of_its_own_arms_say_it_alone(study: Study) -> None:
    finish_all(with_arms(study, tenth={"loss.alpha": 0.1, "training.epochs": 20}), ["tenth"])
    finish_all(study, ["baseline"])
    mixed = plan_study(study, "alpha", jobs=1).error
    finish_all(study, ["mae"])
    own = plan_study(study, "alpha", jobs=1).error
    assert mixed is not None
    assert own is not None
    assert len(mixed.recipes) == 2
    assert set(own.recipes) == {"baseline", "mae"}
    assert mixed.pair_se != own.pair_se


def test_what_is_not_like_does_not_count(study: Study) -> None:
    other_data = study.model_copy(
        update={
            "baseline": study.baseline.model_copy(
                update={"data": study.baseline.data.model_copy(update={"max_train_pairs": 100})}
            )
        }
    )
    finish_all(other_data, ["baseline"])
    finish_all(study, ["mae"], encoder="kiwipiepy 0.1")
    assert plan_study(study, "alpha").error is None
    finish_all(study, ["mae"], seeds=[1])
    plan = plan_study(study, "alpha", jobs=1)
    assert (plan.error, plan.power, plan.finished) == (None, None, 1)
    assert plan.cost is not None
    assert plan.cost.seconds == 8 * 60
    lines = "\n".join(plan_lines(plan))
    assert "--seed-sd" in lines
    assert "'seeds=[1, 2]' 'arms={mae: {loss.name: mae}}' -o studies/alpha-pilot" in lines


def test_one_recipe_says_nothing_of_pairs(study: Study) -> None:
    finish_all(study, ["half"])
    plan = plan_study(study, "alpha")
    assert plan.error is not None
    assert plan.power is not None
    assert math.isnan(plan.error.pair_se)
    assert plan.error.seed_degrees_of_freedom == 2
    assert plan.to_dict()["error"]["pair_se"] is None
    assert "all below is at best" in " ".join(" ".join(plan_lines(plan)).split())
    stated = plan_study(study, "alpha", pair_se=0.01)
    assert stated.error is not None
    assert stated.power is not None
    assert stated.error.pair_se == pytest.approx(0.01)
    assert stated.error.seed_sd == plan.error.seed_sd
    assert stated.error.stated == ("pair_se",)
    assert stated.power.power.value < plan.power.power.value


def test_pairs_that_can_not_be_seen_for_the_seeds_are_told(study: Study) -> None:
    plan = plan_study(study, "alpha", seed_sd=0.006, pair_se=0.0)
    assert plan.error is not None
    found = dataclasses.replace(plan.error, recipes={"baseline": ("1", "2"), "mae": ("3", "4")}, stated=())
    stated, unseen = (
        " ".join(" ".join(plan_lines(each)).split())
        for each in (plan, dataclasses.replace(plan, error=found))
    )
    assert "give the difference of two recipes a standard error of 0.0000 (as stated)" in stated
    assert "lost in the luck of so few seeds (from 4 runs of 2 recipes): counted as nothing" in unseen
    assert "0.0000" not in unseen


def test_numbers_by_hand_need_no_runs(study: Study) -> None:
    finish_all(study, ["baseline", "mae"])
    plan = plan_study(study, "alpha", seed_sd=0.006, pair_se=0.003)
    assert plan.error is not None
    assert plan.power is not None
    known = DifferenceSpread.stated(0.006, 0.003, 300, arms=2)
    assert plan.power.power.value == pytest.approx(chance_to_find(known, 0.01, 3))
    assert (plan.error.recipes, plan.error.stated) == ({}, ("seed_sd", "pair_se"))
    half = plan_study(study, "alpha", seed_sd=0.006)
    assert half.error is not None
    assert half.error.stated == ("seed_sd",)
    assert list(half.error.recipes) == ["baseline", "mae"]
    for wrong in (-0.1, math.nan, "much"):
        with pytest.raises(
            InputError, match=r"seed_sd .*: give a number of 0 or more, in units of the metric"
        ):
            plan_study(study, "alpha", seed_sd=wrong)  # type: ignore[arg-type] # that is the point


def test_without_a_smallest_effect_there_is_one_that_is_found(study: Study) -> None:
    plan = plan_study(study.model_copy(update={"smallest_effect": 0.0}), "a", seed_sd=0.006, pair_se=0.003)
    assert plan.power is not None
    values = plan.power.to_dict()
    assert values["detectable_effect"] == pytest.approx(0.0217, abs=0.001)
    assert [values[name] for name in ("seeds_needed", "pairs_needed")] == [None] * 2
    assert values["power"] == {"value": None, "low": None, "high": None}
    assert values["no_difference"]["value"] == 0


def test_runs_elsewhere_tell_the_time_only_where_none_here_do(study: Study) -> None:
    there = {"device": "cuda:0", "processor": "Another"}
    finish_all(study, ["baseline"], seconds=10, machine=there)
    elsewhere = plan_study(study, "alpha", jobs=6).cost
    assert elsewhere is not None
    assert (elsewhere.seconds, elsewhere.machines) == (10, ("cuda:0, Another",))
    # The arm's own runs say it, whatever others of as many pairs took.
    finish_all(study, ["mae"], seeds=[1], seconds=300)
    finish_all(study, ["half"], seeds=[1, 2], seconds=100)
    here = plan_study(study, "alpha", jobs=1).cost
    assert here is not None
    assert here.seconds == 2 * 300 + 1 * 100
    assert here.machines == (f"cpu, {processor()}",)


def test_over_folds_a_seed_has_a_run_of_each(study: Study) -> None:
    cut = {"dev": None, "folds": 2, "fold": 0, "fold_groups": "sentences"}
    data = study.baseline.data.model_copy(update=cut)
    folded = study.model_copy(
        update={"baseline": study.baseline.model_copy(update={"data": data}), "folds": 2}
    )
    cells = [cell for cell in study_cells(folded) if cell.arm in {"baseline", "mae"}]
    for cell in cells[:-1]:
        finish(folded, cell)
    plan = plan_study(folded, "folded")
    assert plan.error is not None
    assert (plan.pairs, plan.runs, plan.finished) == (500, 18, 11)
    assert [len(runs) for runs in plan.error.recipes.values()] == [6, 4]
    assert plan.error.seed_degrees_of_freedom == 3
    own = [rows(NOISE["baseline"], "train")]  # a row a seed, on all pairs of the file
    assert own[0].shape[1] == plan.pairs


def test_seeds_of_a_recipe_are_known_also_where_each_has_a_training_set_of_its_own(study: Study) -> None:
    resampled = study.model_copy(update={"resample_train": 100})
    finish_all(resampled, ["baseline", "mae"], seeds=[1, 2])
    plan = plan_study(resampled, "alpha")
    assert plan.error is not None
    assert list(plan.error.recipes) == ["baseline", "mae"]
    assert [len(runs) for runs in plan.error.recipes.values()] == [2, 2]
    assert plan.error.seed_degrees_of_freedom == 1  # of one difference, seed by seed


def test_a_damaged_run_says_nothing(study: Study) -> None:
    finish_all(study, ["baseline", "mae"])
    Path("runs/mae-2/predictions/dev.csv").write_text("id\n", encoding="utf-8")
    plan = plan_study(study, "alpha")
    assert plan.error is not None
    assert list(plan.error.recipes) == ["baseline"]
    assert math.isnan(plan.error.pair_se)


def test_frames_are_planned_too_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    how: dict[str, Any] = {
        "question": "?",
        "baseline": {
            "data": {"train": draw_pairs(40, 1), "dev": draw_pairs(30, 2)},
            "model": {"kind": "offline"},
        },
        "arms": {"mae": {"loss.name": "mae"}},
    }
    plan = dalmeum.plan(how, seed_sd=0.006, pair_se=0.003)
    assert (plan.pairs, plan.runs, plan.finished) == (30, 6, 0)
    assert str(plan).startswith(
        "?\n\nplan of study: pearson on dev, 30 pairs; the baseline and 1 arm, 3 seeds"
    )
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="jobs 0: give a whole number"):
        dalmeum.plan(how, jobs=0)
    with pytest.raises(InputError, match="metric 'accuracy' is unknown"):
        dalmeum.plan(how, metric="accuracy")


def test_a_plan_is_told_without_torch(study: Study) -> None:
    finish_all(study, ["baseline", "mae"])
    Path("study.yaml").write_text(study.to_yaml(), encoding="utf-8")
    program = (
        "import contextlib, sys, dalmeum.cli\n"
        "sys.argv[1:] = ['study', 'study.yaml', '--plan', '--jobs', '2']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    dalmeum.cli.main()\n"
        "print([name for name in ('torch', 'transformers', 'plotly') if name in sys.modules])\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
    assert "6 of 9 are there, 3 to do" in told.stdout


def test_a_pilot_of_real_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_encoder: Callable[[str], str],
    write_pairs: Callable[..., Path],
) -> None:
    """The command that a plan names is one that works, and its runs are the study's own."""
    monkeypatch.chdir(tmp_path)
    study = load_study(
        question="Does a larger learning rate help?",
        baseline={
            "data": {
                "train": str(write_pairs("train.csv", 48, seed=1)),
                "dev": str(write_pairs("dev.csv", 32, seed=2)),
            },
            "model": {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32},
            "training": {"epochs": 1, "effective_batch_size": 16, "precision": "float32"},
        },
        arms={"faster": {"training.learning_rate": 2e-3}, "slower": {"training.learning_rate": 1e-6}},
    )
    Path("lr.yaml").write_text(study.to_yaml(), encoding="utf-8")
    command = plan_lines(plan_study(study, "lr"), "dalmeum study lr.yaml")[-1]
    program, verb, file, *overrides, option, folder = shlex.split(command)
    assert (program, verb, option, folder) == ("dalmeum", "study", "-o", "studies/lr-pilot")
    conduct(load_study(file, overrides), "lr", jobs=1)
    plan = plan_study(study, "lr", jobs=1)
    assert plan.error is not None
    assert plan.power is not None
    assert plan.cost is not None
    assert (plan.finished, plan.runs) == (4, 9)
    assert [len(runs) for runs in plan.error.recipes.values()] == [2, 2]
    assert list(plan.error.recipes) == ["baseline", "faster"]
    assert plan.error.seed_sd > 0
    assert 0 < plan.power.power.low < plan.power.power.value < plan.power.power.high < 1
    assert 0 < plan.cost.seconds < 60
