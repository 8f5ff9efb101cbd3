"""Gaps between train and dev, from predictions that are known."""

import dataclasses

import numpy as np
import pytest

from dalmeum.comparison import Pairs
from dalmeum.comparison.gaps import arm_gaps
from dalmeum.stats import gap, gap_difference, pearson, rmse, weighted

from .made import LABELS, PAIRS, arm, of, rows

TRAIN, DEV = LABELS["train"], LABELS["dev"]


def test_gaps_and_what_the_baseline_has_less() -> None:
    arms = of(arm("arm", 0.5, known=0.6), arm("base", 0.4, known=0.2), baseline="base")
    gaps = arm_gaps(arms, "dev")
    assert list(gaps) == ["base", "arm"]
    mine, base = gaps["arm"], gaps["base"]
    assert mine is not None
    assert base is not None
    train, dev = (rows(0.5, split, known=0.6) for split in ("train", "dev"))
    base_train, base_dev = (rows(0.4, split, known=0.2) for split in ("train", "dev"))
    assert mine.train == pytest.approx([pearson(TRAIN, row) for row in train])
    assert mine.judged == pytest.approx([pearson(DEV, row) for row in dev])
    assert mine.gap == gap((TRAIN, train), (DEV, dev))
    assert base.difference is None
    assert mine.difference == gap_difference((TRAIN, train, base_train), (DEV, dev, base_dev))
    assert mine.difference.p_value < 0.001
    values = mine.to_dict()
    assert values["train"] == pytest.approx(np.mean(mine.train))
    assert values["gap"]["low"] < values["gap"]["value"] < values["gap"]["high"]
    assert list(values["difference"]) == ["value", "low", "high", "p_value"]
    assert base.to_dict()["difference"] is None
    other = dataclasses.replace(arms.baseline, seeds=(11, 12, 13, 14))
    unpaired = arm_gaps(of(*arms.others, other, baseline="base", paired=False), "dev")["arm"]
    assert unpaired is not None
    assert unpaired.gap == mine.gap
    assert unpaired.difference is None


def test_gaps_of_another_metric() -> None:
    found = arm_gaps(of(arm("base", 0.5), arm("arm", 0.4)), "dev", metric="rmse")["arm"]
    assert found is not None
    train, dev = (rows(0.4, split) for split in ("train", "dev"))
    assert found.train == pytest.approx([rmse(TRAIN, row) for row in train])
    assert found.gap == gap((TRAIN, train), (DEV, dev), metric=weighted.rmse)
    assert found.gap.difference < 0


def test_no_gap_without_training_predictions() -> None:
    bare = dataclasses.replace(arm("base", 0.5), train=None, train_predictions=None)
    gaps = arm_gaps(of(bare, arm("arm", 0.4)), "dev")
    assert gaps["base"] is None
    assert gaps["arm"] is not None
    assert gaps["arm"].difference is None


def test_no_gap_over_folds_nor_between_models() -> None:
    base, mine = arm("base", 0.5), arm("arm", 0.4)
    assert arm_gaps(of(base, mine, folds=2), "dev") == {"base": None, "arm": None}
    models = of(arm("base", 0.5, seeds=(1,)), arm("arm", 0.4, seeds=(1,)))
    assert arm_gaps(models, "dev") == {"base": None, "arm": None}


def test_gaps_on_other_training_pairs_are_not_compared() -> None:
    mine = arm("fewer", 0.5)
    assert mine.train_predictions is not None
    fewer = dataclasses.replace(
        mine,
        train=Pairs(PAIRS["train"].ids[:-1], TRAIN[:-1]),
        train_predictions=mine.train_predictions[:, :-1],
    )
    found = arm_gaps(of(arm("base", 0.5), fewer), "dev")["fewer"]
    assert found is not None
    assert found.difference is None
