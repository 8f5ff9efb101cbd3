import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.stats import (
    CorrelationComparison,
    compare_correlations,
    paired_difference,
    pearson,
    steiger,
    williams,
    zou,
)

Array = NDArray[np.float64]

DRAWN = json.loads((Path(__file__).parent / "reference" / "williams.json").read_text())["cases"]


def normal(
    generator: np.random.Generator, n: int, r12: float, r13: float, r23: float
) -> tuple[Array, Array, Array]:
    matrix = [[1, r12, r13], [r12, 1, r23], [r13, r23, 1]]
    label, first, second = generator.multivariate_normal([0, 0, 0], matrix, n).T
    return label, first, second


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: f"n{case['n']}")
def test_williams_agrees_with_psych(case: dict[str, float]) -> None:
    test = williams(case["r12"], case["r13"], case["r23"], int(case["n"]))
    assert test.statistic == pytest.approx(case["t"], abs=1e-6)
    assert test.p_value == pytest.approx(case["p"], rel=1e-6)


def test_williams_and_steiger_as_published() -> None:
    # Silver, Hittner and May (2006, Applied Psychological Measurement 30, 152-153), the program DEPCOR:
    # r12 = .3, r13 = .4, r23 = .5, n = 100. As quoted in the tests of the R package cocor.
    t = williams(0.3, 0.4, 0.5, 100)
    assert (t.statistic, t.p_value) == pytest.approx((-1.0767, 0.2843), abs=5e-5)
    z = steiger(0.3, 0.4, 0.5, 100)
    assert (z.statistic, z.p_value) == pytest.approx((-1.0718, 0.2838), abs=5e-5)
    # Steiger (1980, p. 249), case A: -.8913, computed there with numbers rounded on the way; unrounded
    # cocor has -.8887185.
    z = steiger(0.4, 0.5, 0.1, 103)
    assert z.statistic == pytest.approx(-0.8913, abs=0.003)
    assert z.statistic == pytest.approx(-0.8887185, abs=5e-8)


def test_zou_as_published() -> None:
    # Zou (2007, Psychological Methods 12, 399-413): r12 = .396, r13 = .179, r23 = .088, n = 66.
    interval = zou(0.396, 0.179, 0.088, 66)
    assert (interval.low, interval.high) == pytest.approx((-0.093, 0.517), abs=5e-4)


def test_one_comparison_holds_them_all() -> None:
    label, first, second = normal(np.random.default_rng(0), 300, 0.8, 0.75, 0.7)
    result = compare_correlations(label, first, second)
    r = pearson(label, first), pearson(label, second), pearson(first, second)
    assert result.difference == pytest.approx(r[0] - r[1])
    assert result.williams == williams(*r, 300)
    assert result.steiger == steiger(*r, 300)
    assert result.zou == zou(*r, 300)
    found = paired_difference(label, first, second)
    assert (result.interval, result.p_value) == (found.interval, found.p_value)
    # On normal columns all of them see the same.
    assert result.zou.low == pytest.approx(result.interval.low, abs=0.015)
    assert result.zou.high == pytest.approx(result.interval.high, abs=0.015)
    assert result.p_value == pytest.approx(result.williams.p_value, abs=0.03)


def test_turned_round_all_signs_turn() -> None:
    label, first, second = normal(np.random.default_rng(1), 100, 0.8, 0.7, 0.6)
    one = compare_correlations(label, first, second)
    other = compare_correlations(label, second, first)
    assert other.difference == pytest.approx(-one.difference)
    assert other.williams.statistic == pytest.approx(-one.williams.statistic)
    assert other.steiger.statistic == pytest.approx(-one.steiger.statistic)
    assert (other.zou.low, other.zou.high) == pytest.approx((-one.zou.high, -one.zou.low))


def numbers(result: CorrelationComparison) -> list[float]:
    tests = [number for test in (result.williams, result.steiger) for number in vars(test).values()]
    bounds = [number for estimate in (result.interval, result.zou) for number in vars(estimate).values()]
    return [result.p_value, *tests, *bounds]


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.1, 7.0)])
def test_equal_predictors_do_not_differ(scale: float, shift: float) -> None:
    label, first, _ = normal(np.random.default_rng(2), 50, 0.8, 0.7, 0.6)
    result = compare_correlations(label, first, scale * first + shift)
    assert numbers(result) == [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("noise", [1.0, 1e-5])
def test_a_perfect_predictor_is_finite(noise: float) -> None:
    generator = np.random.default_rng(3)
    label = generator.normal(size=50)
    result = compare_correlations(label, 2 * label, label + noise * generator.normal(size=50))
    assert all(math.isfinite(number) for number in numbers(result))
    assert result.steiger.p_value < 0.01


def test_four_pairs_are_enough() -> None:
    result = compare_correlations([1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 4, 3])
    assert result.difference == pytest.approx(0.8 - 0.6)
    assert 0 < result.williams.p_value < 1


def test_what_can_not_be_compared() -> None:
    with pytest.raises(ValueError, match="3 pairs; to compare two correlations takes at least 4"):
        compare_correlations([1, 2, 3], [1, 2, 3], [1, 3, 2])
    with pytest.raises(ValueError, match="second: all numbers are equal"):
        compare_correlations([1, 2, 3, 4], [1, 2, 4, 3], [2, 2, 2, 2])
    with pytest.raises(ValueError, match="labels: all numbers are equal"):
        compare_correlations([1, 1, 1, 1], [1, 2, 4, 3], [2, 1, 2, 2])
    with pytest.raises(ValueError, match="first: not all numbers are finite"):
        compare_correlations([1, 2, 3, 4], [1, math.nan, 4, 3], [2, 1, 2, 2])
    with pytest.raises(ValueError, match="mirrored"):
        compare_correlations([1, 2, 3, 4], [1, 2, 4, 3], [-1, -2, -4, -3])
    with pytest.raises(ValueError, match="all of one"):
        compare_correlations([1, 2, 3, 4], [1, 2, 4], [1, 2, 4, 5])


STUDIES = 1000


def test_normal_nulls_are_rejected_in_5_percent() -> None:
    generator = np.random.default_rng(4)
    rejected = np.zeros(2)
    for _ in range(STUDIES):
        label, first, second = normal(generator, 100, 0.8, 0.8, 0.9)
        r = pearson(label, first), pearson(label, second), pearson(first, second)
        rejected += [test(*r, 100).p_value < 0.05 for test in (williams, steiger)]
    assert (rejected / STUDIES >= 0.035).all()
    assert (rejected / STUDIES <= 0.065).all()


def test_zou_covers_the_difference_of_normal_pairs() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(STUDIES):
        label, first, second = normal(generator, 100, 0.8, 0.7, 0.75)
        interval = zou(pearson(label, first), pearson(label, second), pearson(first, second), 100)
        covered += interval.low <= 0.1 <= interval.high
    assert 0.93 <= covered / STUDIES <= 0.97
