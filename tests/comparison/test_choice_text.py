"""What choosing on dev does to scores, in words."""

import dataclasses

import pytest

from dalmeum.comparison import Findings, compare_arms
from dalmeum.comparison.choice_text import choice_told, flattered_told
from dalmeum.stats import Estimate

from .made import each_verdict


@pytest.fixture(scope="module")
def findings() -> Findings:
    return compare_arms(each_verdict())


def flattered(findings: Findings, split: str = "dev", **by: Estimate | None) -> str | None:
    told = flattered_told(dataclasses.replace(findings, checkpoints=by), split)
    return None if told is None else told.en


def test_scores_on_dev_are_said_to_be_flattered(findings: Findings) -> None:
    begin = "on dev, where checkpoints were chosen: a run's Pearson is flattered by "
    one, other = Estimate(0.00121), Estimate(0.00304)
    assert flattered(findings, baseline=one, clean=other) == f"{begin}baseline 0.0012, clean 0.0030"
    assert flattered(findings, baseline=one, clean=Estimate(0.00122)) == f"{begin}0.0012"
    # Of one arm nobody knows: the other is named.
    assert flattered(findings, baseline=None, clean=Estimate(-0.0001)) == f"{begin}clean 0.0000"
    assert flattered(findings, baseline=None) is None
    assert flattered(findings, "test", baseline=one) is None


def test_what_to_expect_says_which_choices_are_in_it(findings: Findings) -> None:
    choice = findings.choice
    assert choice is not None
    told = choice_told(choice)
    assert "having been picked there flatters it by" in told.en
    assert "체크포인트" not in told.ko
    both = choice_told(dataclasses.replace(choice, optimism=0.01, corrected=0.9, with_checkpoints=True))
    assert (
        "having been picked there, and its checkpoints too, flatters it by 0.0100: expect 0.9000" in both.en
    )
    assert "체크포인트와 비교 조건을 모두 dev에서 고른 탓에 0.0100만큼" in both.ko
