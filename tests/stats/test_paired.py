import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import paired_difference, resampling, weighted
from dalmeum.stats.intervals import BootstrapDistribution, influences

Array = NDArray[np.float64]


def runs(n: int = 80, seed: int = 0) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    label = np.round(generator.uniform(0, 5, n), 1)
    shared = label + generator.normal(0, 1, n)
    return label, shared + generator.normal(0, 0.4, n), shared + generator.normal(0, 0.6, n)


def test_the_interval_equals_scipy() -> None:
    def difference(label: Array, first: Array, second: Array, axis: int) -> Array:
        scores = [stats.pearsonr(label, column, axis=axis).statistic for column in (first, second)]
        return np.asarray(scores[0] - scores[1])

    columns = runs()
    ours = paired_difference(*columns, resamples=300, seed=7)
    reference = stats.bootstrap(
        columns, difference, paired=True, n_resamples=300, method="BCa", rng=np.random.default_rng(7)
    ).confidence_interval
    assert ours.difference == pytest.approx(difference(*columns, axis=0))
    assert (ours.interval.low, ours.interval.high) == pytest.approx(
        (reference.low, reference.high), abs=1e-10
    )


@pytest.mark.parametrize(("bias", "acceleration"), [(0.0, 0.0), (0.3, 0.0), (-0.2, 0.1), (0.2, -0.1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_interval_at_the_p_value_touches_zero(bias: float, acceleration: float, sign: int) -> None:
    replicates = sign * np.linspace(-0.5, 4, 9001)
    distribution = BootstrapDistribution(sign * 1.5, replicates, sign * bias, sign * acceleration)
    touching = distribution.interval(1 - distribution.p_value())
    assert 0.05 < distribution.p_value() < 0.95
    assert min(abs(touching.low), abs(touching.high)) < 0.002


def test_no_number_of_resamples_shows_that_p_is_zero() -> None:
    always_above = BootstrapDistribution(2.0, np.linspace(1, 3, 99), bias=0.0, acceleration=0.0)
    assert always_above.p_value() == pytest.approx(2 / 100)
    always_below = BootstrapDistribution(-2.0, np.linspace(-3, -1, 99), bias=0.0, acceleration=0.0)
    assert always_below.p_value() == pytest.approx(2 / 100)


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


def test_memory_does_not_grow_with_the_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    tallest = 0

    def watched(label: Array, prediction: Array) -> weighted.Weighted:
        statistic = weighted.pearson(label, prediction)

        def value(weights: Array) -> Array:
            nonlocal tallest
            tallest = max(tallest, weights.size)
            return statistic(weights)

        return value

    monkeypatch.setattr(resampling, "BLOCK_VALUES", 4000)
    paired_difference(*runs(), metric=watched, resamples=1000)
    assert tallest == 4000


@pytest.mark.slow
def test_a_normal_null_is_rejected_in_5_percent() -> None:
    generator = np.random.default_rng(0)
    rejected, studies = 0, 1000
    for _ in range(studies):
        label = generator.normal(size=200)
        shared = label + generator.normal(0, 0.5, 200)
        first, second = shared + generator.normal(0, 0.3, (2, 200))
        rejected += paired_difference(label, first, second, resamples=600).p_value < 0.05
    assert 0.035 <= rejected / studies <= 0.065
