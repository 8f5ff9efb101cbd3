import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import Difference, Verdict, holm, verdict, verdicts
from dalmeum.stats.student import difference, equivalence_p_value


def result(value: float, error: float, freedom: float = 300) -> Difference:
    return difference(value, error, freedom)


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04, and the last not below the one before it.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.4, 0.9, 0.5]), [1, 1, 1])
    np.testing.assert_allclose(holm([0.02]), [0.02])
    assert holm([]).shape == (0,)
    np.testing.assert_allclose(holm([[0.01, 0.04], [0.5, 0.02]]), [[0.02, 0.04], [0.5, 0.04]])


def test_holm_counts_a_test_that_could_not_be_made() -> None:
    np.testing.assert_allclose(holm([math.nan, 0.01, 0.2]), [math.nan, 0.03, 0.4])


def test_no_difference_comes_before_better() -> None:
    small_but_sure = result(0.002, 0.0005)
    assert small_but_sure.p_value < 0.05
    assert verdict(small_but_sure, 0.005).outcome == "no_difference"
    assert verdict(small_but_sure, 0.001).outcome == "better"
    assert verdict(small_but_sure, 0.0025).outcome == "better"  # the interval reaches .003


@pytest.mark.parametrize(
    ("value", "higher_is_better", "outcome"),
    [(0.02, True, "better"), (-0.02, True, "worse"), (0.02, False, "worse"), (-0.02, False, "better")],
)
def test_the_sign_is_read_with_the_metric(value: float, higher_is_better: bool, outcome: str) -> None:
    assert verdict(result(value, 0.005), 0.001, higher_is_better=higher_is_better).outcome == outcome


def test_equivalence_is_two_one_sided_tests() -> None:
    found = result(0.002, 0.0015, 20)
    # The nearer margin, .005, is 2 standard errors away; the other counts for nothing.
    assert equivalence_p_value(found, 0.005) == pytest.approx(2 * stats.t.sf(2, 20))
    assert equivalence_p_value(result(-0.002, 0.0015, 20), 0.005) == equivalence_p_value(found, 0.005)
    assert equivalence_p_value(found, 0.002) == 1
    assert equivalence_p_value(result(0.0, 0.0), 0.001) == 0
    assert math.isnan(equivalence_p_value(result(math.nan, math.nan), 0.001))


@pytest.mark.parametrize("value", [-0.004, -0.0019, 0.0, 0.001, 0.0021, 0.0029, 0.01])
@pytest.mark.parametrize("error", [0.0001, 0.001, 0.002])
def test_of_one_arm_the_verdict_is_what_the_interval_shows(value: float, error: float) -> None:
    found = result(value, error, 12)
    inside = found.low > -0.005 and found.high < 0.005
    clear = found.low > 0 or found.high < 0
    outcome = verdict(found, 0.005).outcome
    assert (outcome == "no_difference") is inside
    assert (outcome in {"better", "worse"}) is (clear and not inside)


def test_the_number_of_arms_counts_for_better_and_for_equal() -> None:
    sure, equal = result(0.02, 0.008), result(0.0, 0.0022)
    assert [verdict(each, 0.005).outcome for each in (sure, equal)] == ["better", "no_difference"]
    five = verdicts([sure, equal, *[result(0.01, 0.01)] * 3], 0.005)
    assert [each.outcome for each in five[:2]] == ["undecided"] * 2
    assert five[0].p_value == pytest.approx(5 * sure.p_value)
    assert five[1].equivalence_p_value == pytest.approx(5 * equivalence_p_value(equal, 0.005))
    assert 5 * sure.p_value > 0.05 > sure.p_value


def test_what_can_not_be_told() -> None:
    assert verdict(result(0.0, 0.004), 0.0) == Verdict("undecided", 1.0, 1.0)
    missing = verdict(result(math.nan, math.nan), 0.005)
    assert missing.outcome == "undecided"
    assert math.isnan(missing.p_value)


def test_equal_arms_do_not_differ() -> None:
    assert verdict(result(0.0, 0.0), 0.001).outcome == "no_difference"


def test_a_smallest_effect_below_zero() -> None:
    with pytest.raises(ValueError, match="smallest_effect is -1"):
        verdict(result(0.0, 0.0), -1)
