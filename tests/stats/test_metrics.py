import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.errors import InputError
from dalmeum.stats import (
    METRICS,
    Metric,
    f1,
    mae,
    metric_named,
    pearson,
    rmse,
    spearman,
    try_metric,
    weighted,
)
from dalmeum.stats.metrics import is_free_of_scale, metrics_free_of_scale

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


@pytest.mark.parametrize("name", [*METRICS])
def test_the_rows_of_the_table_can_be_tried(name: str) -> None:
    try_metric(name, metric_named(name))


def test_a_number_nan_and_a_function_of_weights_are_metrics() -> None:
    try_metric("two", Metric(lambda labels, predictions: 2))
    try_metric("none", Metric(lambda labels, predictions: math.nan))
    try_metric("rows", Metric(lambda labels, predictions: lambda weights: weights.sum(axis=1)))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("numpy:corrcoef", "fails on 8 made-up pairs: TypeError: "),
        ("os.path:join", "fails on 8 made-up pairs: TypeError: "),
        ("math:fsum", "fails on 8 made-up pairs: TypeError: math.fsum() takes exactly one argument"),
        ("math:pi", "must be a function of labels and predictions, not 3.14159"),
        ("own_bad:words", "fails on 8 made-up pairs: ValueError: metric own_bad:words: returned 'much', no"),
        ("own_bad:raises", "fails on 8 made-up pairs: RuntimeError: two lines"),
        ("own_bad:infinite", "returned an infinite number for 8 made-up pairs"),
        (
            "own_bad:one",
            "its function of weights of shape (2, 8) returned the shape (), not (2,)",
        ),
    ],
)
def test_what_is_no_metric_is_a_line_that_names_it(
    own_module: Callable[[str, str], Path], name: str, problem: str
) -> None:
    own_module(
        "own_bad",
        "def words(y, p): return 'much'\n"
        "def raises(y, p): raise RuntimeError('two\\nlines')\n"
        "def infinite(y, p): return float('inf')\n"
        "def one(y, p): return lambda weights: weights.sum()\n",
    )
    with pytest.raises(ValueError, match=r".") as caught:
        metric_named(name)
    assert str(caught.value).startswith(f"metric {name}: {problem}")
    assert "\n" not in str(caught.value)


def test_a_metric_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"metric: module math has no corr"):
        metric_named("math:corr")


@pytest.mark.parametrize("row", [Metric(weighted.mae), weighted.mae])
def test_the_name_of_the_binary_f1_is_taken(monkeypatch: pytest.MonkeyPatch, row: Any) -> None:
    monkeypatch.setitem(METRICS, "f1", row)
    with pytest.raises(ValueError, match=r"^metric f1: is the name of the binary F1: give your row another$"):
        metric_named("f1")


def test_which_metrics_take_one_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    def far(labels: Array, predictions: Array) -> float:
        if labels.max() < 4:
            raise ValueError("labels of 0..5 are wanted")
        return pearson(labels, predictions)

    def above(labels: Array, predictions: Array) -> float:
        """A rank statistic of a threshold on the label scale: free of the predictions' scale alone."""
        return float(stats.mannwhitneyu(predictions[labels >= 0.5], predictions[labels < 0.5]).statistic)

    assert metrics_free_of_scale() == ("pearson", "spearman")
    kendall = Metric(lambda labels, predictions: stats.kendalltau(labels, predictions).statistic)
    assert is_free_of_scale(kendall)
    monkeypatch.setitem(METRICS, "kendall", kendall)
    assert metrics_free_of_scale() == ("pearson", "spearman", "kendall")
    assert not is_free_of_scale(Metric(far))
    assert not is_free_of_scale(Metric(above))
