"""What ails each arm, from its predictions and the sentences."""

import dataclasses

import numpy as np
import pytest

from dalmeum.comparison import Arm, Arms
from dalmeum.comparison.diagnosis import arm_diagnoses
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import ErrorSlice
from dalmeum.stats import linearity

from .made import LABELS, PAIRS, SEEDS, ailing, arm, of, sentences

DEV = LABELS["dev"]


@pytest.fixture(scope="module")
def arms() -> Arms:
    return ailing()


def diagnosed(arms: Arms, name: str) -> Diagnosis:
    diagnoses = arm_diagnoses(arms, "dev")
    assert diagnoses is not None
    found = diagnoses[name]
    assert found is not None
    return found


def spacing_only(diagnosis: Diagnosis) -> ErrorSlice:
    (part,) = (part for part in diagnosis.slices["spacing"] if part.name == "spacing only")
    return part


def test_each_arm_is_told_by_what_ails_it(arms: Arms) -> None:
    spaced, bent, base = (diagnosed(arms, name) for name in ("spaced", "bent", "baseline"))
    assert spacing_only(spaced).pairs == 30
    assert spacing_only(spaced).harder
    difference = spacing_only(spaced).difference
    assert difference is not None
    assert difference.low > 0.2
    assert bent.scale.bent
    assert not base.scale.bent
    assert spacing_only(base).difference is None
    runs = [linearity(DEV, row) for row in arms.arms[2].predictions["dev"]]
    assert bent.scale.rmse_isotonic == pytest.approx(np.mean([run.rmse_isotonic for run in runs]))


def test_arms_that_are_not_paired_are_diagnosed_for_themselves(arms: Arms) -> None:
    base = dataclasses.replace(arms.baseline, seeds=(11, 12, 13, 14))
    alone = diagnosed(of(base, *arms.others, pairs=arms.pairs, paired=False), "spaced")
    assert spacing_only(alone).difference is None
    assert spacing_only(alone).rmse == spacing_only(diagnosed(arms, "spaced")).rmse


def test_the_label_range_makes_the_bins(arms: Arms) -> None:
    table = dataclasses.replace(sentences(), label_range=(-4.0, 8.0))
    wide = {"dev": dataclasses.replace(PAIRS["dev"], table=table)}
    found = diagnosed(of(*arms.arms, pairs=wide), "baseline")
    assert [part.name for part in found.slices["label"]] == ["-1.6-0.8", "0.8-3.2", "3.2-5.6"]
    assert [part.name for part in diagnosed(arms, "baseline").slices["label"]] == [
        f"{low}-{low + 1}" for low in range(5)
    ]


def test_without_sentences_there_is_none() -> None:
    assert arm_diagnoses(of(arm("base", 0.5), arm("arm", 0.4)), "dev") is None


def test_an_arm_that_says_nothing_has_no_diagnosis(arms: Arms) -> None:
    constant = Arm("constant", {"dev": np.full((len(SEEDS), len(DEV)), 2.0)})
    diagnoses = arm_diagnoses(of(arms.baseline, constant, pairs=arms.pairs), "dev")
    assert diagnoses is not None
    assert diagnoses["constant"] is None
    assert diagnoses["baseline"] is not None
