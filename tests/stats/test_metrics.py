import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import f1, mae, pearson, rmse, spearman, weighted

Array = NDArray[np.float64]


def tied_pairs(n: int = 200) -> tuple[Array, Array]:
    generator = np.random.default_rng(3)
    label = np.round(generator.uniform(0, 5, n), 1)
    return label, np.round(label + generator.normal(0, 1, n), 1)


def test_numbers_by_hand() -> None:
    # Deviations -1 0 1 and -1 1 0: covariance 1, sums of squares 2 and 2.
    assert pearson([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    # Ranks 1 2.5 2.5 4 and 1 2 3 4: covariance 4.5, sums of squares 4.5 and 5.
    assert spearman([1, 2, 2, 9], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert rmse([0, 0], [3, 4]) == pytest.approx(math.sqrt(12.5))
    assert mae([0, 1], [3, 0.5]) == pytest.approx(1.75)
    # One hit, one miss, one false alarm.
    assert f1([1, 1, 0, 0], [1, 0, 1, 0]) == pytest.approx(0.5)


def test_correlations_agree_with_scipy() -> None:
    label, prediction = tied_pairs()
    assert pearson(label, prediction) == pytest.approx(stats.pearsonr(label, prediction).statistic, abs=1e-14)
    assert spearman(label, prediction) == pytest.approx(
        stats.spearmanr(label, prediction).statistic, abs=1e-14
    )


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e6, 1e150])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_correlations_ignore_scale_and_shift(scale: float, shift: float) -> None:
    label, prediction = tied_pairs()
    moved = (label + shift) * scale
    assert pearson(moved, prediction) == pytest.approx(pearson(label, prediction), abs=1e-12)
    assert spearman(moved, prediction) == pytest.approx(spearman(label, prediction), abs=1e-12)


def test_a_small_spread_on_a_large_offset_counts() -> None:
    label, prediction = tied_pairs()
    assert pearson(label, 1e6 + 1e-3 * prediction) == pytest.approx(pearson(label, prediction), abs=1e-6)


@pytest.mark.parametrize("constant", [[2.0, 2.0, 2.0], [0.1 + 0.2, 0.3, 0.3]])
def test_a_side_without_variance_has_no_correlation(constant: list[float]) -> None:
    assert math.isnan(pearson(constant, [1, 2, 3]))
    assert math.isnan(pearson([1, 2, 3], constant))
    assert math.isnan(spearman([1, 2, 3], [2, 2, 2]))


def test_few_or_no_pairs() -> None:
    for metric in (pearson, spearman, rmse, mae, f1):
        assert math.isnan(metric([], []))
    assert math.isnan(pearson([1], [2]))
    assert rmse([1], [3]) == mae([1], [3]) == 2
    assert math.isnan(f1([0, 0], [0, 0]))


def test_columns_must_match() -> None:
    with pytest.raises(ValueError, match=r"\(3,\), \(2,\)"):
        pearson([1, 2, 3], [1, 2])


@pytest.mark.parametrize("name", ["pearson", "spearman", "rmse", "mae", "f1"])
def test_whole_weights_are_copies_of_pairs(name: str) -> None:
    first, second = tied_pairs(40)
    if name == "f1":
        first, second = (first > 2.5).astype(float), (second > 2.5).astype(float)
    counts = np.random.default_rng(0).integers(0, 4, (5, 40))
    values = getattr(weighted, name)(first, second)(counts.astype(float))
    unweighted = {"pearson": pearson, "spearman": spearman, "rmse": rmse, "mae": mae, "f1": f1}[name]
    expected = [unweighted(np.repeat(first, row), np.repeat(second, row)) for row in counts]
    np.testing.assert_allclose(values, expected, rtol=1e-12)
