"""Pairs that may err alike: whole groups of them are left out."""

import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import (
    METRICS,
    CorrelationComparison,
    SeedDifference,
    SeedMean,
    bca,
    compare_correlations,
    difference,
    gap,
    gap_difference,
    mae,
    pearson,
    resampling,
    score,
    score_each,
    seeds_by_pair,
    weighted,
)
from dalmeum.stats.weighted import Array

SIZES = (1, 1, 2, 2, 3, 5, 9, 1, 4, 12)
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)
GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.uniform(0, 5, len(GROUPS))
# Errors that seeds have of their own, that all of an arm make, and that a group has.
ROWS = LABELS + GENERATOR.normal(0, 0.3, (6, len(GROUPS)))
ROWS += np.repeat(GENERATOR.normal(0, 0.8, (2, len(GROUPS))), 3, axis=0)
ROWS += np.repeat(GENERATOR.normal(0, 0.5, (2, len(SIZES))), 3, axis=0)[:, GROUPS]
ONE, OTHER = ROWS[0], ROWS[3]
FIRST, SECOND = ROWS[:3], ROWS[3:]


def left_out(statistic: object) -> Array:
    """A statistic of (labels, predictions...) with each group left out, by hand."""
    kept = [group != GROUPS for group in range(len(SIZES))]
    return np.array([statistic(rows) for rows in kept])  # type: ignore[operator]


def of_jackknife(values: Array) -> float:
    count = len(values)
    return math.sqrt((count - 1) / count * np.sum((values - values.mean()) ** 2))


@pytest.mark.parametrize("name", ["pearson", "spearman", "rmse", "mae"])
def test_two_models_by_leaving_out_each_group_by_hand(name: str) -> None:
    metric = METRICS[name].statistic

    def change(rows: Array) -> float:
        label, every = LABELS[rows], np.ones((1, len(LABELS[rows])))
        return float((metric(label, ONE[rows])(every) - metric(label, OTHER[rows])(every))[0])  # type: ignore[operator]

    found, error = difference(name, LABELS, ONE, OTHER, groups=GROUPS), of_jackknife(left_out(change))
    assert found.standard_error == pytest.approx(error)
    assert found.degrees_of_freedom == len(SIZES) - 1
    width = stats.t.ppf(0.975, len(SIZES) - 1) * error
    assert (found.low, found.high) == pytest.approx((found.difference - width, found.difference + width))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.difference) / error, len(SIZES) - 1))


def test_equal_groups_of_a_mean_are_the_t_test_of_their_means() -> None:
    groups = np.repeat(np.arange(8), 5)
    found = difference("mae", LABELS, ONE, OTHER, groups=groups)
    means = (np.abs(ONE - LABELS) - np.abs(OTHER - LABELS)).reshape(8, 5).mean(axis=1)
    reference = stats.ttest_1samp(means, 0)
    assert found.p_value == pytest.approx(reference.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))


def test_a_large_group_is_not_taken_for_many_pairs() -> None:
    groups = np.r_[np.zeros(200, int), np.arange(1, 101)]
    generator = np.random.default_rng(1)
    label = generator.uniform(0, 5, 300)
    error = np.where(groups == 0, 0.4, generator.normal(0, 0.4, 300))
    alone = difference("mae", label, label + error, label)
    grouped = difference("mae", label, label + error, label, groups=groups)
    assert grouped.standard_error > 2 * alone.standard_error
    assert grouped.difference == alone.difference


def test_pairs_that_stand_alone_are_judged_as_ever() -> None:
    alone = np.random.default_rng(2).permutation(len(LABELS))
    for metric in ("pearson", "mae"):
        for first, second in ((ONE, OTHER), (FIRST, SECOND)):
            assert difference(metric, LABELS, first, second, groups=alone) == difference(
                metric, LABELS, first, second
            )
            assert score(metric, LABELS, first, groups=alone) == score(metric, LABELS, first)
    sides = (LABELS[:20], FIRST[:, :20], SECOND[:, :20]), (LABELS[20:], FIRST[:, 20:], SECOND[:, 20:])
    groups = alone[:20], alone[20:]
    assert gap_difference(*sides, groups=groups) == gap_difference(*sides)
    assert difference("pearson", LABELS, ONE, OTHER) != difference(
        "pearson", LABELS, ONE, OTHER, groups=GROUPS
    )


def test_whatever_names_the_groups() -> None:
    names = [f"sentence {group}" for group in GROUPS]
    assert difference("pearson", LABELS, ONE, OTHER, groups=names).p_value == pytest.approx(
        difference("pearson", LABELS, ONE, OTHER, groups=GROUPS).p_value
    )
    assert difference("mae", LABELS, ONE, OTHER, groups=GROUPS * 7 - 3).p_value == pytest.approx(
        difference("mae", LABELS, ONE, OTHER, groups=GROUPS).p_value
    )


def test_arms_by_the_covariance_of_their_seeds() -> None:
    def scores(rows: Array) -> list[float]:
        return [mae(LABELS[rows], each[rows]) for each in ROWS]

    values = left_out(scores)
    count = len(values)
    covariance = (count - 1) ** 2 / count * np.cov(values, rowvar=False)
    others = ~np.eye(3, dtype=bool)
    within = covariance[:3, :3][others].mean() + covariance[3:, 3:][others].mean()
    expected = within - 2 * covariance[:3, 3:].mean()
    found = seeds_by_pair(LABELS, {"arm": FIRST}, SECOND, groups=GROUPS, metric=weighted.mae)["arm"]
    assert expected > 0
    assert found.pair_variance == pytest.approx(expected)
    assert found.pairs == len(SIZES)
    told = difference("mae", LABELS, FIRST, SECOND, groups=GROUPS)
    assert isinstance(told, SeedDifference)
    assert told == found
    mean = score("mae", LABELS, FIRST, groups=GROUPS)
    assert isinstance(mean, SeedMean)
    assert mean.pair_variance == pytest.approx(covariance[:3, :3][others].mean())


def test_a_score_is_told_by_t_and_several_at_once() -> None:
    found = score("pearson", LABELS, ONE, groups=GROUPS)
    error = of_jackknife(left_out(lambda rows: pearson(LABELS[rows], ONE[rows])))
    width = stats.t.ppf(0.975, len(SIZES) - 1) * error
    assert found.value == pearson(LABELS, ONE)
    assert (found.low, found.high) == pytest.approx((found.value - width, found.value + width))
    statistics = {"pearson": weighted.pearson(LABELS, ONE), "mae": weighted.mae(LABELS, ONE)}
    each = score_each(statistics, len(LABELS), groups=GROUPS)
    assert each["pearson"] == found.interval
    assert math.isnan(score_each(statistics, len(LABELS), groups=GROUPS, resamples=0)["mae"].low)
    assert score_each(statistics, len(LABELS))["pearson"] == bca(weighted.pearson, LABELS, ONE)


def test_a_gap_knows_the_groups_of_each_side() -> None:
    sides = (LABELS[:14], ONE[:14]), (LABELS[14:], ONE[14:])
    groups = GROUPS[:14], GROUPS[14:]
    errors = [np.abs(prediction - label) for label, prediction in sides]
    variances = []
    for error, group in zip(errors, groups, strict=True):
        values = np.array([error[group != each].mean() for each in np.unique(group)])
        variances.append(of_jackknife(values) ** 2)
    found = gap(*sides, groups=groups, metric=weighted.mae)
    assert found.standard_error == pytest.approx(math.sqrt(sum(variances)))
    one_sided = gap(*sides, groups=(None, groups[1]), metric=weighted.mae)
    assert one_sided.standard_error == pytest.approx(math.sqrt(errors[0].var(ddof=1) / 14 + variances[1]))


def test_many_groups_are_left_out_several_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "MOST_LEFT_OUT", 4)
    found = difference("mae", LABELS, ONE, OTHER, groups=GROUPS)
    by_hand = difference("mae", LABELS, ONE, OTHER, groups=GROUPS % 4)
    assert found.degrees_of_freedom == 3
    assert found.standard_error == pytest.approx(by_hand.standard_error)


def test_equal_predictions_and_too_few_groups() -> None:
    same = compare_correlations(LABELS, ONE, 2 * ONE + 1, groups=GROUPS)
    assert (same.difference, same.p_value, same.degrees_of_freedom) == (0.0, 1.0, len(SIZES) - 1)
    two = difference("pearson", LABELS, ONE, OTHER, groups=(GROUPS > 5).astype(int))
    assert isinstance(two, CorrelationComparison)
    assert math.isnan(two.p_value)
    assert math.isfinite(two.difference)
    assert math.isnan(score("mae", LABELS, FIRST, groups=GROUPS > 5).low)


@pytest.mark.parametrize("groups", [GROUPS[:-1], GROUPS[None], 3])
def test_wrong_shapes_are_told(groups: object) -> None:
    with pytest.raises(ValueError, match=r"groups of shape .* for 40 pairs: expected"):
        difference("pearson", LABELS, ONE, OTHER, groups=groups)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="groups of shape"):
        score("mae", LABELS, FIRST, groups=groups)  # type: ignore[arg-type]
