import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import Estimate, bca, bca_each, fisher, resampling, weighted

Array = NDArray[np.float64]


def pairs(n: int, seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    label = np.round(generator.uniform(0, 5, n), 1)
    return label, label + generator.normal(0, 1.5, n)


def scipy_statistic(name: str) -> Callable[..., Array]:
    def spearman(a: Array, b: Array, axis: int) -> Array:
        ranks = stats.rankdata(a, axis=axis), stats.rankdata(b, axis=axis)
        return np.asarray(stats.pearsonr(*ranks, axis=axis).statistic)

    return {
        "pearson": lambda a, b, axis: np.asarray(stats.pearsonr(a, b, axis=axis).statistic),
        "spearman": spearman,
        "rmse": lambda a, b, axis: np.sqrt(np.mean((a - b) ** 2, axis=axis)),
        "mae": lambda a, b, axis: np.mean(np.abs(a - b), axis=axis),
    }[name]


@pytest.mark.parametrize("name", ["pearson", "spearman", "rmse", "mae"])
def test_bca_equals_scipy(name: str) -> None:
    columns = pairs(80)
    ours = bca(getattr(weighted, name), *columns, resamples=300, confidence=0.9, seed=7)
    reference = stats.bootstrap(
        columns,
        scipy_statistic(name),
        paired=True,
        vectorized=True,
        n_resamples=300,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(7),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=1e-10)


def test_bca_covers_the_correlation_of_normal_pairs() -> None:
    truth, covered, studies = 0.8, 0, 1000
    generator = np.random.default_rng(1)
    for _ in range(studies):
        first, second = generator.multivariate_normal([0, 0], [[1, truth], [truth, 1]], 100).T
        estimate = bca(weighted.pearson, first, second, resamples=400)
        covered += estimate.low <= truth <= estimate.high
    # 95 % and a little less with 100 pairs; 4 standard errors of 1,000 studies are .028.
    assert 0.92 <= covered / studies <= 0.97


def test_grouping_the_jackknife_moves_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = pairs(3000)
    grouped = bca(weighted.pearson, *columns, resamples=500)
    monkeypatch.setattr(resampling, "JACKKNIFE_GROUPS", 3000)
    complete = bca(weighted.pearson, *columns, resamples=500)
    width = complete.high - complete.low
    assert abs(grouped.low - complete.low) < 0.02 * width
    assert abs(grouped.high - complete.high) < 0.02 * width


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = pairs(101)
    whole = bca(weighted.spearman, *columns, resamples=333)
    monkeypatch.setattr(resampling, "BLOCK_VALUES", 1000)
    assert bca(weighted.spearman, *columns, resamples=333) == whole


def test_several_statistics_share_their_resamples() -> None:
    columns = pairs(50)
    statistics = {"mae": weighted.mae(*columns), "pearson": weighted.pearson(*columns)}
    together = bca_each(statistics, 50, resamples=200)
    assert together["pearson"] == bca(weighted.pearson, *columns, resamples=200)
    assert together["mae"] == bca(weighted.mae, *columns, resamples=200)


@pytest.mark.parametrize(
    ("label", "prediction"),
    [
        ([], []),
        ([1.0], [2.0]),
        ([1.0, 2.0], [2.0, 1.0]),
        ([0.0, 1.0, 2.0, 3.0], [2.0, 2.0, 2.0, 2.0]),  # constant predictions
        ([3.0, 3.0, 3.0, 3.0], [2.0, 1.0, 0.0, 5.0]),  # constant labels
        ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0]),  # perfect: every resample agrees
        ([0.0, 0.0, 0.0, 0.0, 0.0, 4.0], [0.1, 0.2, 0.1, 0.2, 0.1, 4.0]),  # a third of resamples are constant
    ],
)
@pytest.mark.parametrize("name", ["pearson", "spearman", "rmse", "mae", "f1"])
def test_degenerate_pairs_give_no_interval_or_a_finite_one(
    name: str, label: list[float], prediction: list[float]
) -> None:
    first, second = np.array(label), np.array(prediction)
    if name == "f1":
        first, second = (first > 2.5).astype(float), (second > 2.5).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = bca(getattr(weighted, name), first, second, resamples=200)
    assert math.isnan(estimate.low) == math.isnan(estimate.high)
    if name in {"pearson", "spearman"}:
        assert math.isnan(estimate.low)
    assert estimate.low <= estimate.high or math.isnan(estimate.low)


def test_a_few_resamples_without_a_correlation_are_left_out() -> None:
    label, prediction = np.array([0.0] * 17 + [1.0, 2.0, 3.0]), np.arange(20.0)
    # All 20 draws fall on the 17 equal labels in .85^20 = 3.9 % of the resamples.
    estimate = bca(weighted.pearson, label, prediction, resamples=500)
    assert -1 <= estimate.low < estimate.value < estimate.high <= 1


def test_fisher_by_hand() -> None:
    # atanh(.5) = .549306; 1.959964 / sqrt(25) = .391993.
    estimate = fisher(0.5, 28)
    assert estimate.low == pytest.approx(math.tanh(0.549306 - 0.391993), abs=1e-6)
    assert estimate.high == pytest.approx(math.tanh(0.549306 + 0.391993), abs=1e-6)


def test_fisher_agrees_with_scipy() -> None:
    columns = pairs(60)
    reference = stats.pearsonr(*columns)
    estimate = fisher(reference.statistic, 60, confidence=0.99)
    assert (estimate.low, estimate.high) == pytest.approx(
        tuple(reference.confidence_interval(0.99)), abs=1e-9
    )


@pytest.mark.parametrize(("correlation", "n"), [(1.0, 50), (-1.0, 50), (0.3, 3), (math.nan, 50)])
def test_fisher_without_an_interval(correlation: float, n: int) -> None:
    estimate = fisher(correlation, n)
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)


def test_an_estimate_as_json_has_null_for_what_does_not_exist() -> None:
    assert Estimate(0.5, 0.4, 0.6).to_dict() == {"value": 0.5, "low": 0.4, "high": 0.6}
    assert Estimate(math.nan).to_dict() == {"value": None, "low": None, "high": None}
