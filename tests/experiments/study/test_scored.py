"""Rows of predictions of seeds and folds, from runs made by hand."""

from pathlib import Path

import numpy as np
import pytest

from dalmeum.data import PairTable, Predictions
from dalmeum.errors import InputError
from dalmeum.experiments.predictions import write_predictions
from dalmeum.experiments.runs import Run, RunRecord
from dalmeum.experiments.study.convergence import convergence
from dalmeum.experiments.study.judge import judge
from dalmeum.experiments.study.scored import read_arm
from dalmeum.stats import seed_by_pair

from .fake_runs import fake_run

FOLDS = {0: ["a", "d"], 1: ["b", "e"], 2: ["c", "f"]}
LABEL = {name: float(number) for number, name in enumerate("abcdef")}
TEST = {"x": 1.0, "y": 4.0}


def fold_run(folder: Path, seed: int, fold: int) -> Run:
    """A run that left out a fold: 10 * seed + fold above the label on dev."""
    shift = 10.0 * seed + fold
    splits = {
        "dev": {name: LABEL[name] + shift for name in FOLDS[fold]},
        "test": dict.fromkeys(TEST, float(fold)),
    }
    folder = folder / f"{seed}-{fold}"
    for split, predictions in splits.items():
        labels = np.array([{**LABEL, **TEST}[name] for name in predictions])
        empty = ("",) * len(labels)
        table = PairTable(tuple(predictions), empty, empty, empty, label=labels)
        path = folder / "predictions" / f"{split}.csv"
        write_predictions(path, table, Predictions(np.array([*predictions.values()])))
    return Run(folder, RunRecord(folder.name, "finished", "", "test", {}, {}, {}))


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return [fold_run(tmp_path, seed, fold) for seed in (1, 2) for fold in FOLDS]


def test_out_of_fold_a_pair_is_scored_by_the_run_that_left_it_out(runs: list[Run]) -> None:
    scored = read_arm(runs, "dev", folds=3)
    assert scored.ids == ("a", "d", "b", "e", "c", "f")
    assert scored.labels.tolist() == [0, 3, 1, 4, 2, 5]
    shifts = scored.predictions - scored.labels
    assert shifts.tolist() == [[10, 10, 11, 11, 12, 12], [20, 20, 21, 21, 22, 22]]


def test_on_test_a_pair_has_the_mean_of_all_folds(runs: list[Run]) -> None:
    scored = read_arm(runs, "test", folds=3)
    assert (scored.ids, scored.labels.tolist()) == (("x", "y"), [1, 4])
    assert scored.predictions.tolist() == [[1, 1], [1, 1]]


def test_without_folds_a_run_is_a_row(runs: list[Run]) -> None:
    assert read_arm([runs[0], runs[3]], "dev").predictions.tolist() == [[10, 13], [20, 23]]
    with pytest.raises(InputError, match="was not scored on the same pairs"):
        read_arm(runs, "dev")


def test_the_verdict_is_on_rows_out_of_fold(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.uniform(0, 5, 90)
    rows = {arm: labels + generator.normal(0, 1 - 0.3 * (arm == "arm"), (2, 90)) for arm in ("base", "arm")}

    def made(arm: str, seed: int, fold: int) -> Run:
        part = slice(30 * fold, 30 * fold + 30)
        run = fake_run(tmp_path / f"{arm}{seed}{fold}", {"dev": (labels[part], rows[arm][seed, part])})
        path = run.predictions("dev")
        path.write_text(path.read_text().replace("dev-", f"dev-{fold}-"))
        return run

    arms = {arm: [made(arm, seed, fold) for seed in (0, 1) for fold in range(3)] for arm in rows}
    judgement = judge(arms, "base", split="dev", metric="pearson", smallest_effect=0.005, folds=3)
    expected = seed_by_pair(labels, rows["arm"], rows["base"])
    base, arm = judgement.arms
    assert (judgement.pairs, base.seeds, len(base.runs)) == (90, 2, 6)
    assert arm.difference == expected


def test_steps_of_a_seed_are_the_mean_of_its_folds(tmp_path: Path) -> None:
    def made(name: str, *reached: int) -> list[Run]:
        return [
            fake_run(tmp_path / f"{name}-{number}", {}, curve=[(step, 1.0)])
            for number, step in enumerate(reached)
        ]

    result = convergence(
        {"base": made("base", 10, 20, 30, 60), "arm": made("arm", 8, 8, 8, 10)}, "base", folds=2
    )
    assert result is not None
    assert result.arms["base"] is not None
    assert result.arms["arm"] is not None
    base, arm = result.arms["base"][0], result.arms["arm"][0]
    assert (base.steps.value, base.reached, base.seeds) == (30, 2, 2)  # seeds of 15 and 45 steps
    assert arm.difference is not None
    assert arm.difference.value == (8 - 15 + 9 - 45) / 2
