import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import (
    Difference,
    Estimate,
    SeedDifference,
    Verdict,
    holm,
    paired_difference,
    verdict,
)
from dalmeum.stats.seeds import standard_error
from dalmeum.stats.student import half_width, p_value


def result(
    difference: float,
    *,
    seed_variance: float = 0.0,
    pair_variance: float = 0.0,
    cross_variance: float = 0.0,
    seeds: int = 3,
    pairs: int = 300,
) -> SeedDifference:
    error, freedom = standard_error(seed_variance, seeds - 1, pair_variance, cross_variance, seeds, pairs)
    width = half_width(error, freedom)
    return SeedDifference(
        interval=Estimate(difference, difference - width, difference + width),
        standard_error=error,
        degrees_of_freedom=freedom,
        p_value=p_value(difference, error, freedom),
        seed_variance=seed_variance,
        pair_variance=pair_variance,
        cross_variance=cross_variance,
        seed_degrees_of_freedom=seeds - 1,
        seeds=seeds,
        pairs=pairs,
        first=0.8 + difference,
        second=0.8,
    )


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04, and the last not below the one before it.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.4, 0.9, 0.5]), [1, 1, 1])
    np.testing.assert_allclose(holm([0.02]), [0.02])
    assert holm([]).shape == (0,)


def test_holm_counts_a_test_that_could_not_be_made() -> None:
    np.testing.assert_allclose(holm([math.nan, 0.01, 0.2]), [math.nan, 0.03, 0.4])


def test_no_difference_comes_before_better() -> None:
    small_but_sure = result(0.002, pair_variance=0.0005**2)
    assert small_but_sure.p_value < 0.05
    assert verdict(small_but_sure, 0.005).outcome == "no_difference"
    assert verdict(small_but_sure, 0.001).outcome == "better"
    assert verdict(small_but_sure, 0.0025).outcome == "better"  # the interval reaches .003


@pytest.mark.parametrize(
    ("difference", "higher_is_better", "outcome"),
    [(0.02, True, "better"), (-0.02, True, "worse"), (0.02, False, "worse"), (-0.02, False, "better")],
)
def test_the_sign_is_read_with_the_metric(difference: float, higher_is_better: bool, outcome: str) -> None:
    sure = result(difference, pair_variance=0.005**2)
    assert verdict(sure, 0.001, higher_is_better=higher_is_better).outcome == outcome


def test_the_adjusted_p_value_decides() -> None:
    sure = result(0.02, pair_variance=0.008**2)
    assert sure.p_value < 0.05 < 5 * sure.p_value
    assert verdict(sure, 0.001).outcome == "better"
    adjusted = verdict(sure, 0.001, adjusted_p_value=5 * sure.p_value)
    assert adjusted.outcome == "undecided"
    assert adjusted.p_value == 5 * sure.p_value
    # Five arms: p must be below .01, so t = 2.5 at 300 pairs must become about 2.58 or more.
    assert adjusted.pairs_to_decide is not None
    assert 2.58 < 2.5 * math.sqrt(adjusted.pairs_to_decide / 300) < 2.6


def test_seeds_to_decide_by_hand() -> None:
    # s = .005: 9 seeds tell .004 from 0 (2.306 * .005 / 3 = .0038), 8 do not (2.365 * .005 / 2.83 = .0042).
    undecided = verdict(result(0.004, seed_variance=0.005**2 / 3), 0.001)
    assert undecided.outcome == "undecided"
    assert undecided.seeds_to_decide == 9
    # And .01 takes one more: 3.182 * .005 / 2 = .008, against 4.303 * .005 / sqrt(3) = .0124 now.
    assert verdict(result(0.01, seed_variance=0.005**2 / 3), 0.001).seeds_to_decide == 4


def test_pairs_to_decide_by_hand() -> None:
    undecided = verdict(result(0.005, pair_variance=0.004**2), 0.001)
    enough = next(
        n for n in range(301, 2000) if stats.t.ppf(0.975, n - 1) * 0.004 * math.sqrt(300 / n) < 0.005
    )
    assert undecided.pairs_to_decide == enough
    assert undecided.seeds_to_decide is None  # seeds are not the trouble


def test_more_can_also_show_that_there_is_no_difference() -> None:
    # 1.96 * .004 * sqrt(300 / n) < .005 - .001 is reached before .001 differs from 0.
    undecided = verdict(result(0.001, pair_variance=0.004**2), 0.005)
    assert undecided.outcome == "undecided"
    assert undecided.pairs_to_decide is not None
    assert undecided.pairs_to_decide == pytest.approx(300 * (1.96 * 0.004 / 0.004) ** 2, rel=0.01)


def test_pairs_mend_only_the_luck_with_these_pairs() -> None:
    lasting = result(0.004, seed_variance=0.005**2 / 3)
    assert verdict(lasting, 0.001).pairs_to_decide is None
    luck = result(0.004, seed_variance=0.005**2 / 3, cross_variance=0.005**2 / 3)
    # Still 2 degrees of freedom: 4.303 * .005 / sqrt(3) * sqrt(300 / n) < .004.
    assert verdict(luck, 0.001).pairs_to_decide == math.ceil(300 * (4.302653 * 0.005 / 0.004) ** 2 / 3)


def test_what_nothing_would_decide() -> None:
    nothing = verdict(result(0.0, pair_variance=0.004**2), 0.0)
    assert nothing == Verdict("undecided", 1.0)
    missing = verdict(result(math.nan, pair_variance=math.nan), 0.005)
    assert missing.outcome == "undecided"
    assert missing.seeds_to_decide is None


def test_equal_arms_do_not_differ() -> None:
    assert verdict(result(0.0), 0.001).outcome == "no_difference"


def test_a_smallest_effect_below_zero() -> None:
    with pytest.raises(ValueError, match="smallest_effect is -1"):
        verdict(result(0.0), -1)


def of_models(value: float, low: float, high: float) -> Difference:
    """With the p-value of a normal difference that has this interval."""
    error = (high - low) / 2 / stats.norm.ppf(0.975)
    p_value = 2 * float(stats.norm.sf(abs(value) / error))
    return Difference(Estimate(value, low, high), p_value, error, math.inf)


def test_models_are_judged_by_the_same_rule() -> None:
    assert verdict(of_models(0.001, -0.002, 0.004), 0.005, pairs=300) == Verdict(
        "no_difference", of_models(0.001, -0.002, 0.004).p_value
    )
    sure = of_models(0.02, 0.01, 0.03)
    assert verdict(sure, 0.005, pairs=300).outcome == "better"
    assert verdict(sure, 0.005, higher_is_better=False, pairs=300).outcome == "worse"
    assert verdict(of_models(-0.02, -0.03, -0.01), 0.005, pairs=300).outcome == "worse"
    assert verdict(sure, 0.005, adjusted_p_value=0.06, pairs=300).outcome == "undecided"
    nothing = verdict(Difference(Estimate(math.nan), math.nan, math.nan, math.nan), 0.005, pairs=300)
    assert nothing.outcome == "undecided"
    assert nothing.pairs_to_decide is None


def test_pairs_that_would_decide_on_models() -> None:
    # z = .01 / .01 = 1 at 300 pairs must become 1.96: 300 * 1.96^2 = 1152.4 pairs.
    close = of_models(0.01, 0.01 - 0.01 * stats.norm.ppf(0.975), 0.01 + 0.01 * stats.norm.ppf(0.975))
    decided = verdict(close, 0.001, pairs=300)
    assert decided == Verdict("undecided", close.p_value, None, 1153)
    # By Holm over two: the quantile of .0125 each side.
    two = verdict(close, 0.001, adjusted_p_value=2 * close.p_value, pairs=300)
    assert two.pairs_to_decide == math.ceil(300 * float(stats.norm.ppf(1 - 0.0125)) ** 2)
    # A wide interval round .001 shrinks into +- .005, whose nearer side is .004 away: (.008 / .004)^2.
    wide = verdict(of_models(0.001, -0.007, 0.009), 0.005, pairs=300)
    assert wide.pairs_to_decide == 1201
    assert verdict(of_models(0.0, -0.01, 0.01), 0.0, pairs=300).pairs_to_decide is None


def test_the_pairs_that_decide_do_decide() -> None:
    generator = np.random.default_rng(3)
    labels = generator.uniform(0, 5, 150)
    first, second = (labels + generator.normal(0, noise, 150) for noise in (0.75, 0.8))
    found = paired_difference(labels, first, second)
    needed = verdict(found, 0.0, pairs=150).pairs_to_decide
    assert needed is not None
    copies = needed // 150

    def outcome(copies: int) -> str:
        repeated = paired_difference(*(np.tile(column, copies) for column in (labels, first, second)))
        return verdict(repeated, 0.0, pairs=150 * copies).outcome

    assert copies >= 4
    assert outcome(copies - 1) == "undecided"
    assert outcome(copies + 2) == "better"
