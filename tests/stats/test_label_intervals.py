import math

import numpy as np
import pytest
from scipy.stats import norm

from dalmeum.stats.label_intervals import FEWEST, LEVEL, NEAREST, LabelIntervals, half_widths, held_by_others

RANGE = (0.0, 5.0)


def test_the_width_is_the_conformal_quantile_of_all_where_there_are_few() -> None:
    # 30 errors of .1 to 3.0: the smallest that ceil(31 * .9) = 28 of them do not exceed is 2.8.
    predictions = np.full(30, 2.5)
    errors = np.arange(1, 31) / 10
    signs = np.where(np.arange(30) % 2, 1, -1)
    order = np.random.default_rng(1).permutation(30)
    intervals = LabelIntervals.of(predictions[order], (predictions + signs * errors)[order], (-10, 10))
    assert intervals.at(np.array([2.5])) == pytest.approx(np.array([[-0.3, 5.3]]))
    assert len(intervals) == 30


def test_only_the_nearest_count() -> None:
    predictions = np.concatenate([np.linspace(0, 1, 150), np.linspace(4, 5, 150)])
    labels = predictions + np.where(predictions < 2, 0.2, -0.7)
    intervals = LabelIntervals.of(predictions, labels, RANGE)
    ends = intervals.at(np.array([0.5, 4.5]))
    assert ends == pytest.approx(np.array([[0.3, 0.7], [3.8, 5.2]]).clip(*RANGE))


@pytest.mark.parametrize("ties", [False, True])
def test_the_nearest_are_those_of_a_sort_by_distance(ties: bool) -> None:
    generator = np.random.default_rng(3)
    predictions = np.sort(generator.normal(2, 1, 400))
    if ties:
        predictions = predictions.round(1)
    errors = generator.exponential(size=400)
    rank = math.ceil((NEAREST + 1) * LEVEL)
    for score in (*generator.uniform(-2, 6, 50), -9.0, 9.0):
        distance = np.abs(predictions - score)
        bound = np.sort(distance)[NEAREST - 1]
        (width,) = half_widths(predictions, errors, np.array([score]))
        if ties:  # of those at the bound any may count
            surely, perhaps = errors[distance < bound - 1e-9], errors[distance <= bound + 1e-9]
            assert np.sum(surely <= width) <= rank <= np.sum(perhaps <= width)
        else:
            assert width == np.sort(errors[distance <= bound])[rank - 1]


def test_ends_stay_in_the_label_range_and_hold_the_score_that_is_in_it() -> None:
    generator = np.random.default_rng(2)
    predictions = generator.uniform(-0.5, 5.5, 300)
    labels = (predictions + generator.normal(0, 0.5, 300)).clip(*RANGE)
    scores = np.array([-0.3, 0.0, 2.5, 5.0, 5.4])
    ends = LabelIntervals.of(predictions, labels, RANGE).at(scores)
    inside = scores.clip(*RANGE)
    assert (ends[:, 0] >= 0).all()
    assert (ends[:, 1] <= 5).all()
    assert (ends[:, 0] <= inside).all()
    assert (inside <= ends[:, 1]).all()
    assert LabelIntervals.of(predictions, labels, RANGE).at(np.array([])).shape == (0, 2)


def test_it_covers_what_it_says_on_every_level_where_the_error_grows_with_the_score() -> None:
    generator = np.random.default_rng(5)
    predictions = generator.uniform(0, 5, 4000)
    spread = 0.1 + 0.2 * predictions
    labels = predictions + spread * generator.normal(size=4000)
    intervals = LabelIntervals.of(predictions, labels, (-20, 20))
    for score in (0.5, 2.5, 4.5):
        true = norm.ppf(0.95) * (0.1 + 0.2 * score)
        low, high = intervals.at(np.array([score]))[0]
        assert (high - low) / 2 == pytest.approx(true, rel=0.2)
    held = held_by_others(intervals.predictions, intervals.errors)
    assert intervals.coverage == held.mean()
    for part in np.array_split(held, 4):  # by level
        assert part.mean() == pytest.approx(LEVEL, abs=4 * math.sqrt(0.09 / len(part)))


def test_a_label_is_not_held_by_its_own_error() -> None:
    # Each error is of a pair alone on its level: of the others none is as large.
    errors = np.zeros(100)
    errors[::5] = 4.0  # a fifth: more than a tenth lie outside, so that the quantile is 4
    assert held_by_others(np.arange(100.0), errors).all()
    errors[:] = 0
    errors[50] = 4.0
    held = held_by_others(np.arange(100.0), errors)
    assert np.flatnonzero(~held).tolist() == [50]


def test_too_few_pairs() -> None:
    few = np.zeros(FEWEST - 1)
    with pytest.raises(ValueError, match="29 pairs: an interval needs 30"):
        LabelIntervals.of(few, few, RANGE)
