"""Gaps between train and dev, from predictions that are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dalmeum.experiments.study.choice import SPLITS, checkpoint_optimism, choice_on_dev
from dalmeum.experiments.study.gaps import ArmGap, arm_gaps
from dalmeum.experiments.study.scored import read_evaluations

from dalmeum.data import PairTable
from dalmeum.errors import InputError
from dalmeum.experiments.predictions import write_evaluations
from dalmeum.experiments.runs import Run
from dalmeum.stats import gap_difference_over_seeds, gap_over_seeds, optimism_of_choice, pearson, t_interval

from .fake_runs import LABELS, SEEDS, Array, fake_arm, fake_run

LIKE: dict[str, Any] = {"split": "dev", "metric": "pearson"}


def rows(runs: tuple[Run, ...], split: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    columns = [
        np.loadtxt(run.predictions(split), delimiter=",", skiprows=1, usecols=2, dtype=np.float64)
        for run in runs
    ]
    return np.stack(columns)


def test_gaps_and_what_the_baseline_has_less(tmp_path: Path) -> None:
    arms = {
        "arm": fake_arm(tmp_path, "arm", 0.5, known=0.6),
        "base": fake_arm(tmp_path, "base", 0.4, known=0.2),
    }
    gaps = arm_gaps(arms, "base", **LIKE)
    assert list(gaps) == ["base", "arm"]
    arm, base = gaps["arm"], gaps["base"]
    assert arm is not None
    assert base is not None
    train, dev = (rows(arms["arm"], split) for split in ("train", "dev"))
    base_train, base_dev = (rows(arms["base"], split) for split in ("train", "dev"))
    assert arm.train == pytest.approx([pearson(LABELS["train"], row) for row in train])
    assert arm.judged == pytest.approx([pearson(LABELS["dev"], row) for row in dev])
    assert arm.gap == gap_over_seeds((LABELS["train"], train), (LABELS["dev"], dev))
    assert base.difference is None
    assert arm.difference == gap_difference_over_seeds(
        (LABELS["train"], train, base_train), (LABELS["dev"], dev, base_dev)
    )
    assert arm.difference.p_value < 0.001
    unpaired = arm_gaps(arms, "base", **LIKE, paired=False)["arm"]
    assert unpaired is not None
    assert unpaired.gap == arm.gap
    assert unpaired.difference is None
    values = arm.to_dict()
    assert values["train"] == pytest.approx(np.mean(arm.train))
    assert values["gap"]["low"] < values["gap"]["value"] < values["gap"]["high"]


def test_no_gap_for_runs_without_training_predictions(tmp_path: Path) -> None:
    arms = {
        "base": fake_arm(tmp_path, "base", 0.5, train=False),
        "arm": fake_arm(tmp_path, "arm", 0.4),
    }
    gaps = arm_gaps(arms, "base", **LIKE)
    assert gaps["base"] is None
    assert gaps["arm"] is not None
    assert gaps["arm"].difference is None
    arms["arm"][2].predictions("train").unlink()
    assert arm_gaps(arms, "base", **LIKE)["arm"] is None


def test_gaps_on_other_training_pairs_are_not_compared(tmp_path: Path) -> None:
    base = fake_arm(tmp_path, "base", 0.5)
    fewer = tuple(
        fake_run(
            tmp_path / f"fewer-{seed}",
            {
                "train": (LABELS["train"][:-1], rows(base, "train")[index, :-1]),
                "dev": (LABELS["dev"], rows(base, "dev")[index]),
            },
        )
        for index, seed in enumerate(SEEDS)
    )
    gap = arm_gaps({"base": base, "fewer": fewer}, "base", **LIKE)["fewer"]
    assert isinstance(gap, ArmGap)
    assert gap.difference is None


def test_choice_is_made_between_mean_predictions(tmp_path: Path) -> None:
    arms = {name: fake_arm(tmp_path, name, noise) for name, noise in (("a", 0.5), ("b", 0.1), ("c", 0.4))}
    choice = choice_on_dev(arms, "pearson")
    assert choice is not None
    means = np.stack([rows(runs, "dev").mean(axis=0) for runs in arms.values()])
    assert choice.optimism == optimism_of_choice(LABELS["dev"], means)
    assert choice.best == "b"
    lowest = choice_on_dev(arms, "rmse")
    assert lowest is not None
    assert lowest.best == "b"
    values = choice.to_dict()
    assert values["score"] - values["optimism"] == pytest.approx(values["corrected"])
    assert sum(values["chosen"].values()) == pytest.approx(1)


def test_no_choice_from_a_constant_arm(tmp_path: Path) -> None:
    constant = fake_run(tmp_path / "constant", {"dev": (LABELS["dev"], np.full(len(LABELS["dev"]), 2.0))})
    assert choice_on_dev({"a": fake_arm(tmp_path, "a", 0.5), "b": [constant] * 4}, "pearson") is None


def with_evaluations(run: Run, *evaluations: Array) -> Run:
    size = len(evaluations[0])
    empty = ("",) * size
    table = PairTable(tuple(f"dev-{row}" for row in range(size)), empty, empty, empty)
    write_evaluations(run.evaluations, table, dict(enumerate(evaluations)))
    return run


def test_what_having_kept_the_best_of_equal_checkpoints_adds(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    labels = LABELS["dev"]
    runs = []
    for seed, run in enumerate(fake_arm(tmp_path, "arm", 0.5)):
        several = labels + generator.normal(0, 1, (6, len(labels)))
        runs.append(with_evaluations(run, *several[: 1 + 5 * (seed < 2)]))
    first, second, third, fourth = runs
    both = checkpoint_optimism([first, second])
    assert both is not None
    each = []
    for run in (first, second):
        kept = read_evaluations(run)
        assert kept is not None
        assert kept[0].tolist() == labels.tolist()
        each.append(optimism_of_choice(labels, kept[1], splits=SPLITS).optimism)
    assert both == t_interval(each)
    # Two folds of one seed are one number.
    of_folds = checkpoint_optimism([first, second, second, first], folds=2)
    assert of_folds == t_interval([np.mean(each)] * 2)
    # r = .82 has a standard error of .019, and the best of six lies 1.27 of them above their mean.
    assert both.value == pytest.approx(1.27 * 0.019, abs=0.008)
    alone = checkpoint_optimism([third, fourth])
    assert alone is not None
    assert abs(alone.value) < 0.001


def test_no_checkpoints_where_they_were_not_kept_or_say_nothing(tmp_path: Path) -> None:
    run, other, *_ = fake_arm(tmp_path, "arm", 0.5)
    assert checkpoint_optimism([run]) is None
    with_evaluations(other, np.full(len(LABELS["dev"]), 1.0))
    assert checkpoint_optimism([other]) is None
    swapped = other.evaluations.read_text(encoding="utf-8").splitlines()
    swapped[1], swapped[2] = swapped[2], swapped[1]
    for damaged in ("\n".join(swapped), "id,1\ndev-0,much", ""):
        other.evaluations.write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match=r"dev-evaluations\.csv: is damaged: train the run again"):
            checkpoint_optimism([other])
    other.evaluations.write_text("id,1\nx,much\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"dev-evaluations\.csv: is damaged: train the run again"):
        checkpoint_optimism([other])
