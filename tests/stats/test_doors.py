"""`score` and `difference`: the shape of predictions chooses the method."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import (
    METRICS,
    CorrelationComparison,
    Metric,
    Score,
    bca,
    compare_correlations,
    difference,
    differences_to,
    mean_over_seeds,
    paired_difference,
    score,
    seed_by_pair,
    seeds_by_pair,
    weighted,
)
from dalmeum.stats.weighted import Array

PAIRS = 60
LABELS = np.random.default_rng(1).uniform(0, 5, PAIRS)


def rows(seeds: int, noise: float = 0.8, seed: int = 2) -> Array:
    return LABELS + np.random.default_rng(seed).normal(0, noise, (seeds, PAIRS))


@pytest.fixture
def kendall() -> Iterator[str]:
    """A stranger's own metric, as SciPy has it: no weights, a plain number."""
    METRICS["kendall"] = Metric(lambda labels, predictions: stats.kendalltau(labels, predictions).statistic)
    yield "kendall"
    del METRICS["kendall"]


@pytest.mark.parametrize("name", ["pearson", "spearman", "rmse", "mae"])
def test_predictions_of_one_model_are_bootstrapped(name: str) -> None:
    (model,) = rows(1)
    expected = Score(bca(METRICS[name], LABELS, model, resamples=100))
    assert score(name, LABELS, model, resamples=100) == expected
    assert score(name, LABELS, model[None], resamples=100) == expected
    assert score(METRICS[name], LABELS, model, resamples=100) == expected


def test_predictions_of_seeds_have_an_interval_for_new_seeds() -> None:
    assert score("mae", LABELS, rows(3)) == mean_over_seeds(LABELS, rows(3), metric=weighted.mae)


def test_two_models_are_compared_on_pairs() -> None:
    (first,), (second,) = rows(1), rows(1, 1.2, 3)
    found = difference("pearson", LABELS, first, second)
    assert found == compare_correlations(LABELS, first, second)
    assert isinstance(found, CorrelationComparison)
    assert difference("rmse", LABELS, first[None], second) == paired_difference(
        LABELS, first, second, metric=weighted.rmse
    )
    # Two that mirror each other have no test of correlations, and a difference all the same.
    mirrored = difference("pearson", LABELS, first, -first)
    assert mirrored == paired_difference(LABELS, first, -first)


def test_arms_are_compared_over_seeds_and_pairs() -> None:
    first, second = rows(3), rows(3, 1.2, 3)
    assert difference("pearson", LABELS, first, second) == seed_by_pair(LABELS, first, second)
    assert difference("pearson", LABELS, first, second, paired=True) == seed_by_pair(
        LABELS, first, second, paired=True
    )
    assert difference("pearson", LABELS, first[:2], second) == seed_by_pair(LABELS, first[:2], second)
    with pytest.raises(ValueError, match="paired"):
        difference("pearson", LABELS, first[:2], second, paired=True)
    with pytest.raises(ValueError, match=r"\(k, n\)"):
        difference("pearson", LABELS, first[0], second)


def test_an_unknown_metric_names_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="metric 'r2' is unknown: use one of pearson, spearman, rmse, mae"):
        score("r2", LABELS, rows(1))


def test_a_metric_of_ones_own_is_a_row(kendall: str) -> None:
    (model,), (other,) = rows(1), rows(1, 1.2, 3)
    tau = stats.kendalltau(LABELS, model).statistic
    found = score(kendall, LABELS, model, resamples=200)
    assert found.value == pytest.approx(tau)
    reference = stats.bootstrap(
        (LABELS, model),
        lambda labels, predictions: stats.kendalltau(labels, predictions).statistic,
        paired=True,
        vectorized=False,
        n_resamples=200,
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert found.low == pytest.approx(reference.low, abs=0.03)
    assert found.high == pytest.approx(reference.high, abs=0.03)
    change = difference(kendall, LABELS, model, other, resamples=200)
    assert change.difference == pytest.approx(tau - stats.kendalltau(LABELS, other).statistic)
    arm = score(kendall, LABELS, rows(2), resamples=50)
    assert arm.value == pytest.approx(np.mean([stats.kendalltau(LABELS, row).statistic for row in rows(2)]))


def test_a_plain_statistic_and_its_weighted_twin_agree() -> None:
    (model,) = rows(1)
    plain = Metric(lambda labels, predictions: float(np.mean(np.abs(predictions - labels))))
    one, other = (score(each, LABELS, model, resamples=100) for each in (plain, "mae"))
    for name in ("value", "low", "high"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12)


def test_a_plain_function_is_as_good_as_a_row() -> None:
    (first,), (second,) = rows(1), rows(1, 1.2, 3)

    def plain(labels: Array, predictions: Array) -> float:
        return float(np.mean(np.abs(predictions - labels)))

    assert score(plain, LABELS, first, resamples=100).value == pytest.approx(np.mean(np.abs(first - LABELS)))
    assert score(plain, LABELS, rows(3), resamples=50) == score(Metric(plain), LABELS, rows(3), resamples=50)
    found = difference(plain, LABELS, first, second, resamples=100)
    assert found == difference(Metric(plain), LABELS, first, second, resamples=100)
    tests = (difference(pearson, LABELS, first, second) for pearson in (weighted.pearson, METRICS["pearson"]))
    assert all(isinstance(each, CorrelationComparison) for each in tests)


def test_many_arms_are_judged_together() -> None:
    base, arms = rows(3, 1.2, 3), {"one": rows(3), "other": rows(3, 0.9, 5)}
    together = differences_to("pearson", LABELS, arms, base)
    assert together == seeds_by_pair(LABELS, arms, base)
    alone = difference("pearson", LABELS, arms["one"], base)
    assert together["one"].difference == alone.difference
    models = differences_to("pearson", LABELS, {name: each[0] for name, each in arms.items()}, base[0])
    assert models["one"] == compare_correlations(LABELS, arms["one"][0], base[0])
