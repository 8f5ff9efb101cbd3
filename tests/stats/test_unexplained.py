import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from dalmeum.stats import least_squares, mean_over_seeds, pearson, relative_squared_error
from dalmeum.stats.weighted import Weighted

Array = NDArray[np.float64]

# The line is 3 + 2x, its values 1, 1, 5, 5, the squared residuals 1, 1, 4, 4: 10 of the labels' 26.
LABEL = np.array([0.0, 2.0, 3.0, 7.0])
PREDICTION = np.array([[-1.0, -1.0, 1.0, 1.0]])
HALVES = [np.array([0, 1]), np.array([2, 3])]


def by_hand(label: Array, prediction: Array, inside: Array) -> float:
    slope, intercept = np.polyfit(prediction, label, 1)
    squares = (label - intercept - slope * prediction) ** 2
    return float((squares * inside).sum() / inside.sum() / squares.mean())


def test_the_line_is_least_squares() -> None:
    assert least_squares(LABEL, PREDICTION)[0].tolist() == [1, 1, 5, 5]
    assert least_squares(LABEL, -3 * PREDICTION + 8)[0].tolist() == pytest.approx([1, 1, 5, 5])


def test_shares_add_up_to_what_pearson_lost() -> None:
    ratios = [each.value for each in relative_squared_error(LABEL, PREDICTION, HALVES)]
    assert ratios == pytest.approx([0.4, 1.6])
    assert 1 - pearson(LABEL, PREDICTION[0]) ** 2 == pytest.approx(10 / 26)
    assert sum(0.5 * ratio for ratio in ratios) == pytest.approx(1)


def test_the_interval_of_one_run_is_scipys_with_a_line_for_each_resample() -> None:
    generator = np.random.default_rng(1)
    label = generator.normal(0, 1, 60)
    prediction = label + generator.normal(0, 1, 60) * np.where(label > 0.5, 1.5, 0.7)
    rows = np.flatnonzero(label > 0.5)
    found = relative_squared_error(label, prediction[None], [rows], resamples=400, seed=5)[0]
    inside = (label > 0.5).astype(float)
    expected = scipy.stats.bootstrap(
        (label, prediction, inside),
        by_hand,
        paired=True,
        vectorized=False,
        n_resamples=400,
        method="BCa",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_over_seeds_it_is_the_mean_with_the_error_of_seeds_and_pairs() -> None:
    generator = np.random.default_rng(2)
    label = generator.normal(0, 1, 400)
    rows = label + generator.normal(0, 0.7, 400) + generator.normal(0, 0.5, (4, 400))
    group = np.arange(300)

    def metric(label: Array, row: Array) -> Weighted:
        inside = np.isin(np.arange(400), group).astype(float)

        def value(weights: Array) -> Array:
            drawn = [np.repeat(np.arange(400), counts.astype(int)) for counts in weights]
            return np.array([by_hand(label[pairs], row[pairs], inside[pairs]) for pairs in drawn])

        return value

    expected = mean_over_seeds(label, rows, metric=metric, resamples=200)
    found = relative_squared_error(label, rows, [group], resamples=200)[0]
    assert found.value == pytest.approx(expected.value)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=2e-3)


@pytest.mark.parametrize("seeds", [1, 4])
def test_intervals_hold_the_truth(seeds: int) -> None:
    """A tenth of the pairs has twice the error: 4 / 1.3 times its share of the squares."""
    pairs, hard, held, studies = 300, 30, 0, 120
    for study in range(studies):
        generator = np.random.default_rng(study)
        truth = generator.normal(0, 2, pairs)
        scale = np.where(np.arange(pairs) < hard, 2.0, 1.0)
        label = truth + scale * generator.normal(0, 1, pairs)
        rows = truth + 0.05 * generator.normal(0, 1, (seeds, pairs))
        found = relative_squared_error(label, rows, [np.arange(hard)], resamples=400)[0]
        held += found.low < 4 / 1.3 < found.high
    # Few pairs of one group decide, and both intervals are known to run short there.
    assert 0.85 <= held / studies <= 0.99


def test_what_does_not_exist_is_nan() -> None:
    constant, perfect = np.ones((1, 4)), 2 * LABEL[None] + 1
    for rows in (constant, perfect, np.concatenate([PREDICTION, constant])):
        assert all(np.isnan(each.value) for each in relative_squared_error(LABEL, rows, HALVES))
    # Of a perfect line rounding leaves something, which is no error.
    label = np.random.default_rng(0).normal(0, 1, 40)
    (found,) = relative_squared_error(label, label[None] / 3 + 0.1, [np.arange(20)], resamples=100)
    assert np.isnan(found.value)


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_group_of_two_pairs_has_a_value_and_no_interval(seeds: int) -> None:
    generator = np.random.default_rng(0)
    label = generator.normal(0, 1, 40)
    rows = label + generator.normal(0, 1, (seeds, 40))
    two, three = relative_squared_error(label, rows, [np.arange(2), np.arange(3)], resamples=200)
    assert np.isfinite([two.value, three.value, three.low]).all()
    assert np.isnan(two.low)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="expected \\(k, n\\)"):
        relative_squared_error(LABEL, LABEL, HALVES)
