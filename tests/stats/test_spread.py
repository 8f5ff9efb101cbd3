"""How much seeds differ, from all arms together."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from dalmeum.stats import judged_together, paired_spreads, seed_spreads
from dalmeum.stats.weighted import Array


def row(spread: float, seeds: int = 3, mean: float = 0.8) -> Array:
    """Scores of exactly this standard deviation."""
    made = np.arange(seeds) - (seeds - 1) / 2
    return np.asarray(mean + spread * made / made.std(ddof=1))


def told(rows: Sequence[Array]) -> list[tuple[float, float, float]]:
    """Variance, degrees of freedom, and whether it is pooled."""
    return [(each.variance, each.degrees_of_freedom, each.pooled) for each in seed_spreads(rows)]


def test_variances_are_pooled_by_their_degrees_of_freedom() -> None:
    pooled = (2 * 0.01**2 + 4 * 0.02**2) / 6
    for each in told([row(0.01), row(0.02, seeds=5)]):
        assert each == pytest.approx((pooled, 6, True))


def test_a_quiet_arm_is_pooled_too() -> None:
    """Its s^2 came out small by chance, as far as anyone can tell."""
    spreads = told([row(0.01), row(0.01), row(0.0001), row(0.01)])
    assert spreads[2] == pytest.approx((3 * 0.01**2 / 4, 8, True), rel=0.01)


def test_an_arm_that_is_visibly_noisier_keeps_its_own() -> None:
    # F = 9 with 2 and 8 degrees of freedom: p = .009. It still counts in what the others are judged by.
    others, noisy = [row(0.01)] * 4, row(0.03)
    spreads = told([*others, noisy])
    assert spreads[4] == pytest.approx((0.03**2, 2, False))
    assert spreads[0] == pytest.approx(((4 * 0.01**2 + 0.03**2) / 5, 10, True))


def test_an_arm_far_out_does_not_count_for_the_others() -> None:
    spreads = told([*[row(0.01)] * 4, row(0.1)])
    assert spreads[4] == pytest.approx((0.1**2, 2, False))
    assert spreads[0] == pytest.approx((0.01**2, 8, True))


def test_the_baseline_is_believed_to_be_noisy_sooner() -> None:
    # F = 4 with 2 and 8 degrees of freedom: p = .06.
    assert [each[2] for each in told([row(0.02), *[row(0.01)] * 4])] == [False, True, True, True, True]
    assert [each[2] for each in told([*[row(0.01)] * 4, row(0.02)])] == [True] * 5


def test_an_arm_without_a_score_is_left_out() -> None:
    spreads = seed_spreads([row(0.01), np.array([0.8, math.nan, 0.8]), row(0.02)])
    assert math.isnan(spreads[1].variance)
    for each in (spreads[0], spreads[2]):
        assert (each.variance, each.degrees_of_freedom) == pytest.approx(((0.01**2 + 0.02**2) / 2, 4))


def test_runs_that_all_agree() -> None:
    constant = np.full(3, 0.5)
    assert told([constant, constant]) == [(0, 4, True)] * 2
    assert told([constant, row(0.01)])[1] == pytest.approx((0.01**2, 2, False))


def test_of_one_arm_it_is_students_t_test_of_equal_variances() -> None:
    (found,) = judged_together([row(0.01), row(0.02, mean=0.9)], [(0.0, 0.0)], 1500)
    assert found.difference == pytest.approx(0.1)
    assert found.standard_error == pytest.approx(math.sqrt((0.01**2 + 0.02**2) / 2 * (1 / 3 + 1 / 3)))
    assert found.degrees_of_freedom == pytest.approx(4)


def test_a_noisy_arm_and_the_pool_are_two_estimates() -> None:
    found = judged_together([*[row(0.01)] * 4, row(0.1, seeds=5)], [(0.0, 0.0)] * 4, 1500)[3]
    variance, own, pooled = found.standard_error**2, 0.1**2 / 5, 0.01**2 / 3
    assert variance == pytest.approx(own + pooled)
    assert found.degrees_of_freedom == pytest.approx(variance**2 / (own**2 / 4 + pooled**2 / 8))


def test_paired_differences_know_less_together() -> None:
    generator = np.random.default_rng(0)
    apart = paired_spreads(list(generator.normal(size=(4, 400))))
    assert apart[0].variance == pytest.approx(1, rel=0.15)
    assert apart[0].degrees_of_freedom == pytest.approx(4 * 399, rel=0.05)
    # All of it is the baseline's: four differences are one.
    common = generator.normal(size=400)
    same = paired_spreads([common, common, common])
    assert same[0].variance == pytest.approx(common.var(ddof=1))
    assert same[0].degrees_of_freedom == pytest.approx(399)
    alone = paired_spreads([common[:5]])
    assert (alone[0].variance, alone[0].degrees_of_freedom) == pytest.approx((common[:5].var(ddof=1), 4))


def test_paired_a_noisy_arm_keeps_its_own_and_one_without_a_score_is_left_out() -> None:
    generator = np.random.default_rng(1)
    rows = [*generator.normal(size=(5, 10)), 6 * generator.normal(size=10), np.full(10, math.nan)]
    spreads = paired_spreads(rows)
    assert [each.pooled for each in spreads] == [*[True] * 5, False, False]
    assert spreads[5].variance == pytest.approx(rows[5].var(ddof=1))
    assert math.isnan(spreads[6].variance)
