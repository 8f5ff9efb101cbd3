import math

import pytest

from dalmeum.stats import steps_to_reach


def test_a_straight_line_between_two_evaluations() -> None:
    # From .6 at 100 to .8 at 200: .75 after three quarters.
    assert steps_to_reach([100, 200, 300], [0.6, 0.8, 0.7], 0.75) == pytest.approx(175)
    assert steps_to_reach([100, 200, 300], [0.6, 0.8, 0.9], 0.8) == 200
    assert steps_to_reach([100, 200], [0.6, 0.8], 0.8) == 200


def test_the_first_crossing_counts_after_a_dip() -> None:
    assert steps_to_reach([10, 20, 30, 40], [0.5, 0.7, 0.4, 0.9], 0.6) == pytest.approx(15)


def test_reached_at_once_or_never() -> None:
    assert steps_to_reach([100, 200], [0.6, 0.8], 0.5) == 100
    assert steps_to_reach([100, 200], [0.6, 0.8], 0.9) == math.inf
    assert steps_to_reach([], [], 0.9) == math.inf


def test_an_evaluation_without_a_score_is_passed_over() -> None:
    assert steps_to_reach([100, 200, 300], [0.6, math.nan, 0.8], 0.7) == pytest.approx(200)
    assert steps_to_reach([100, 200], [0.6, 0.8], math.nan) == math.inf


def test_columns_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"\(2,\) and scores of \(1,\)"):
        steps_to_reach([1, 2], [0.5], 0.4)
    with pytest.raises(ValueError, match="do not rise"):
        steps_to_reach([1, 3, 3], [0.1, 0.2, 0.3], 0.2)
