import math

import numpy as np
import pytest

from dalmeum.stats import plateau, steps_to_plateau, steps_to_reach


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


def test_the_plateau_is_the_mean_of_the_best_smoothed_scores() -> None:
    # Smoothed 0, .3, .6, .7, .7, .7, .8, .9; of eight evaluations the best two count.
    scores = [0.0, 0.3, 0.6, 0.9, 0.6, 0.6, 0.9, 0.9]
    assert plateau(scores) == pytest.approx(0.85)
    assert plateau([0.0, math.nan, *scores[1:]]) == pytest.approx(0.85)
    # Of twenty the best five, the last of which is an end and not smoothed.
    assert plateau(np.arange(20.0)) == pytest.approx((19 + 18 + 17 + 16 + 15) / 5)
    assert plateau(np.arange(80.0)) == pytest.approx(77)


def test_a_plateau_of_few_evaluations_or_none() -> None:
    assert plateau([0.4]) == 0.4
    assert plateau([0.4, 0.6]) == 0.6
    assert plateau([0.4, 0.9, 0.8]) == 0.8
    assert math.isnan(plateau([math.nan]))


def test_steps_to_the_own_plateau_do_not_depend_on_its_height() -> None:
    steps = np.arange(10.0, 400, 10)
    rise = 1 - np.exp(-steps / 40)
    found = steps_to_plateau(steps, 0.8 * rise)
    assert found == pytest.approx(steps_to_plateau(steps, 0.5 * rise))
    # 40 log(20), but for a straight line between evaluations and a plateau just below the asymptote.
    assert found == pytest.approx(40 * math.log(20), abs=1)
    assert steps_to_plateau(steps, 0.8 * rise, 0.5) == pytest.approx(40 * math.log(2), abs=0.5)
    assert math.isnan(steps_to_plateau([10, 20], [-0.1, 0.0]))
