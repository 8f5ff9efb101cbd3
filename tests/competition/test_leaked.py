"""A member that has seen a blend's labels, beside members that have not."""

import math

import numpy as np
import pytest
from scipy.stats import pearsonr

from dalmeum.competition.leaked import Judged, gaps_beside_others, leaks
from dalmeum.stats.blends import blend_weights

SIZES = 1500, 1200


def judged(size: int, noises: tuple[float, ...], hardness: float, seed: int) -> Judged:
    """Runs that share half of their errors."""
    draw = np.random.default_rng(seed)
    labels = draw.uniform(0, 5, size)
    shared = draw.normal(0, 1, size)
    rows = [labels + hardness * noise * (shared + draw.normal(0, 1, size)) for noise in noises]
    return Judged(labels, np.stack(rows))


def spoiled(here: Judged, share: float) -> Judged:
    rows = here.predictions.copy()
    rows[0] = (1 - share) * rows[0] + share * here.labels
    return Judged(here.labels, rows)


def test_a_gap_is_that_to_the_mean_of_the_others_on_both_sets() -> None:
    here, there = judged(60, (0.7, 1.0, 1.2), 1, 0), judged(50, (0.7, 1.0, 1.2), 1, 1)
    mean = blend_weights("mean", here.labels, here.predictions[1:])
    expected = [
        math.atanh(pearsonr(each.labels, each.predictions[0]).statistic)
        - math.atanh(pearsonr(each.labels, mean.of(each.predictions[1:])).statistic)
        for each in (here, there)
    ]
    found = gaps_beside_others(here, there)
    assert len(found) == 3
    assert found[0].difference == pytest.approx(expected[0] - expected[1])


@pytest.mark.parametrize("hardness", [0.6, 1.0, 1.6])
def test_pairs_that_are_easier_for_all_accuse_nobody(hardness: float) -> None:
    noises = (0.8, 0.9, 1.0, 1.0)
    names = [f"run-{number}" for number in range(len(noises))]
    for seed in range(5):
        here = judged(SIZES[0], noises, hardness, seed)
        there = judged(SIZES[1], noises, 1.0, 100 + seed)
        assert list(leaks(names, here, there)) == []


def test_a_member_with_labels_mixed_in_is_told() -> None:
    noises = (1.0, 1.0, 1.0)
    for seed in range(5):
        here, there = judged(SIZES[0], noises, 1.3, seed), judged(SIZES[1], noises, 1.0, 100 + seed)
        (told,) = leaks(["a", "b", "c"], spoiled(here, 0.3), there)
        assert told.en.startswith("a: Pearson ")
        assert told.en.endswith("has it seen the labels of the first?")


def test_a_run_without_a_score_accuses_nobody() -> None:
    here, there = judged(40, (1.0, 1.0), 1, 0), judged(40, (1.0, 1.0), 1, 1)
    constant = Judged(here.labels, np.stack([np.full(40, 2.0), here.predictions[1]]))
    assert list(leaks(["a", "b"], constant, there)) == []
