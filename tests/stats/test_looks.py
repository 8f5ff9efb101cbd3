"""Levels of looks, against exact integrals and a simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.languages import Text
from dalmeum.stats.looks import Look, levels_of_looks

SCHEDULE = (3, 5, 8, 13, 21, 34, 60)


def test_one_look_at_the_end_has_the_whole_level() -> None:
    assert levels_of_looks([60], 60) == pytest.approx([0.05])
    assert levels_of_looks([10], 10, level=0.01) == pytest.approx([0.01])


def test_two_looks_as_the_bivariate_normal_has_them() -> None:
    first, second = levels_of_looks([30, 60], 60)
    assert first == pytest.approx(0.025)
    bounds = [stats.norm.isf(level / 2) for level in (first, second)]
    normal = stats.multivariate_normal(cov=[[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]])
    inside = normal.cdf(bounds, lower_limit=[-bound for bound in bounds])
    assert 1 - inside == pytest.approx(0.05, abs=1e-7)


def test_all_looks_together_have_the_level() -> None:
    levels = levels_of_looks(SCHEDULE, 60)
    steps = np.diff([0, *SCHEDULE])
    draws = np.random.default_rng(0).normal(size=(200_000, len(steps))) * np.sqrt(steps)
    p_values = 2 * stats.norm.sf(np.abs(np.cumsum(draws, axis=1)) / np.sqrt(SCHEDULE))
    assert (p_values < levels).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)
    spent = (p_values[:, :3] < levels[:3]).any(axis=1).mean()
    assert spent == pytest.approx(0.05 * 8 / 60, abs=0.001)


def test_a_look_counts_those_before_it() -> None:
    assert Look((3,), 3).level == 0.05  # to the last digit what no look is judged at
    assert (Look((3,), 3).number, Look((3,), 3).last_level) == (1, None)
    assert Look((3,), 12).level == pytest.approx(0.0125, abs=1e-15)
    second = Look((3, 5), 12)
    assert (second.number, second.level) == (2, levels_of_looks([3, 5], 12)[1])
    assert second.last_level == levels_of_looks([3, 5, 12], 12)[2]
    exploratory = Look((5,), 3, Text("too many", "너무 많음"))
    assert (exploratory.number, exploratory.level, exploratory.last_level) == (None, 0.05, None)


def test_later_looks_leave_the_earlier_ones_alone() -> None:
    assert levels_of_looks(SCHEDULE, 60)[:3] == levels_of_looks(SCHEDULE[:3], 60)
    every = levels_of_looks(range(2, 61), 60)
    assert len(every) == 59
    assert all(0 < level < 0.05 for level in every)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([], "give the number of seeds at each look, rising"),
        ([3, 3], r"seeds \[3, 3\]: give the number"),
        ([0, 3], "rising"),
        ([3, 61], "61 seeds are more than max_seeds=60: such a look is exploratory"),
    ],
)
def test_what_is_no_schedule(seeds: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        levels_of_looks(seeds, 60)
