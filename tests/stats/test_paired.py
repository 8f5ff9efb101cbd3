import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import paired_difference, resampling, weighted
from dalmeum.stats.intervals import influences

Array = NDArray[np.float64]


def runs(n: int = 80, seed: int = 0) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    label = np.round(generator.uniform(0, 5, n), 1)
    shared = label + generator.normal(0, 1, n)
    return label, shared + generator.normal(0, 0.4, n), shared + generator.normal(0, 0.6, n)


def test_of_means_it_is_the_paired_t_test() -> None:
    label, first, second = runs()
    ours = paired_difference(label, first, second, metric=weighted.mae)
    reference = stats.ttest_rel(np.abs(first - label), np.abs(second - label))
    assert ours.p_value == pytest.approx(reference.pvalue)
    assert (ours.low, ours.high) == pytest.approx(tuple(reference.confidence_interval()))
    assert ours.degrees_of_freedom == pytest.approx(79)


def test_of_correlations_it_is_t_on_the_standard_error_of_leaving_each_pair_out() -> None:
    columns = runs(n=40)

    def difference(kept: NDArray[np.intp]) -> float:
        label, first, second = (column[kept] for column in columns)
        return float(np.corrcoef(label, first)[0, 1] - np.corrcoef(label, second)[0, 1])

    everything = np.arange(40)
    left_out = np.array([difference(np.delete(everything, pair)) for pair in everything])
    error = math.sqrt(39 / 40 * float(np.sum((left_out - left_out.mean()) ** 2)))
    ours, value = paired_difference(*columns), difference(everything)
    assert ours.difference == pytest.approx(value)
    assert ours.standard_error == pytest.approx(error)
    width = stats.t.ppf(0.975, 39) * error
    assert (ours.low, ours.high) == pytest.approx((value - width, value + width))
    assert ours.p_value == pytest.approx(2 * stats.t.sf(abs(value) / error, 39))


def test_many_pairs_are_left_out_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = runs(n=1500)
    each = paired_difference(*columns)
    monkeypatch.setattr(resampling, "MOST_LEFT_OUT", 500)
    grouped = paired_difference(*columns)
    assert grouped.degrees_of_freedom == pytest.approx(499)
    assert grouped.standard_error == pytest.approx(each.standard_error, rel=0.15)


def test_the_order_of_the_pairs_does_not_matter() -> None:
    columns, order = runs(n=1500), np.random.default_rng(1).permutation(1500)
    shuffled = paired_difference(*(column[order] for column in columns))
    assert shuffled.p_value == pytest.approx(paired_difference(*columns).p_value, rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0, 2.0, 3.0, 4.0], [0.5, 1.5, 2.5, 3.5]), ([0.0, 0.0, 0.0, 5.0], [1.0, 2.0, 0.0, 3.0])],
    ids=["every pair says the same", "without one pair there is no score"],
)
def test_what_the_pairs_can_not_tell_has_no_p_value(first: list[float], second: list[float]) -> None:
    metric = weighted.mae if first[0] else weighted.pearson
    found = paired_difference([0.0, 1.0, 2.0, 3.0], first, second, metric=metric)
    assert math.isfinite(found.difference)
    assert math.isnan(found.p_value)
    assert math.isnan(found.low)


def test_influences_of_a_mean_are_the_deviations_by_n() -> None:
    # 0 0 0 4: without one of the zeros the mean is 4 / 3, without the 4 it is 0.
    np.testing.assert_allclose(influences(np.array([4 / 3, 4 / 3, 4 / 3, 0])), [-0.25, -0.25, -0.25, 0.75])


def test_equal_predictions_do_not_differ() -> None:
    label, first, _ = runs()
    result = paired_difference(label, first, 3 * first - 2)
    assert (result.difference, result.interval.low, result.interval.high, result.p_value) == (0, 0, 0, 1)


def test_what_has_no_score_has_no_difference() -> None:
    label, first, _ = runs()
    result = paired_difference(label, first, np.full(80, 2.0))
    assert math.isnan(result.difference)
    assert math.isnan(result.p_value)


def test_columns_must_match() -> None:
    with pytest.raises(ValueError, match=r"\(3,\), \(3,\), \(2,\)"):
        paired_difference([1, 2, 3], [1, 2, 3], [1, 2])


def test_memory_does_not_grow_with_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tallest = 0

    def watched(label: Array, prediction: Array) -> weighted.Weighted:
        statistic = weighted.pearson(label, prediction)

        def value(weights: Array) -> Array:
            nonlocal tallest
            tallest = max(tallest, weights.size)
            return statistic(weights)

        return value

    monkeypatch.setattr(resampling, "BLOCK_VALUES", 4000)
    paired_difference(*runs(n=1000), metric=watched)
    assert tallest == 4000
