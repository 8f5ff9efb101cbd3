"""Ranks: who can't be told apart from the first of a rank shares it."""

import math

import numpy as np
import pytest
from scipy.stats import norm, pearsonr, studentized_range

from dalmeum.stats import paired_difference, rank_models
from dalmeum.stats.ranks import of_all_pairs

GENERATOR = np.random.default_rng(7)
LABELS = GENERATOR.uniform(0, 5, 200)
SHARED = GENERATOR.normal(0, 0.5, 200)


def model(noise: float, seed: int) -> np.ndarray:
    return LABELS + SHARED + np.random.default_rng(seed).normal(0, noise, 200)


def test_the_order_is_that_of_the_scores_and_differences_are_the_paired_ones() -> None:
    rows = np.stack([model(1.0, 1), model(0.2, 2), model(3.0, 3), model(0.25, 4)])
    groups = np.arange(200) // 3
    ranking = rank_models(LABELS, rows, groups=groups)
    scores = [pearsonr(LABELS, row).statistic for row in rows]
    assert list(ranking.order) == sorted(range(4), key=lambda index: -scores[index])
    for index in (0, 2, 3):
        expected = paired_difference(LABELS, rows[index], rows[1], groups=groups)
        assert ranking.to_best[index].difference == pytest.approx(expected.difference, abs=1e-12)
        assert ranking.to_best[index].p_value == pytest.approx(expected.p_value, rel=1e-9)
        assert ranking.to_best[index].low == pytest.approx(expected.low, abs=1e-12)
    assert (ranking.to_best[1].difference, ranking.to_best[1].p_value) == (0.0, 1.0)


def test_models_that_cant_be_told_apart_share_a_rank() -> None:
    rows = np.stack([model(1.5, 1), model(0.20, 2), model(0.205, 3), model(1.55, 4), model(6.0, 5)])
    ranking = rank_models(LABELS, rows)
    assert sorted(ranking.order[:2]) == [1, 2]
    assert ranking.ranks == (3, 1, 1, 3, 5)
    first = paired_difference(LABELS, rows[1], rows[2])
    assert first.p_value > 0.05


def test_p_values_of_all_pairs_are_those_of_the_studentised_range() -> None:
    p_values = np.array([0.2, 0.01, 1e-4])
    for models in (2, 5, 40):
        width = np.sqrt(2) * norm.isf(p_values / 2)
        expected = studentized_range.sf(width, models, np.inf)
        np.testing.assert_allclose(of_all_pairs(p_values, models), expected, atol=1e-9)
    np.testing.assert_allclose(of_all_pairs(p_values, 2), p_values, atol=1e-9)
    assert of_all_pairs([0.0, 1.0], 9).tolist() == pytest.approx([0, 1])
    assert np.isnan(of_all_pairs([math.nan], 9)).all()


def test_a_rank_is_corrected_for_the_number_of_models() -> None:
    """A second whose p-value tells it apart alone does not stand below the first among twenty."""
    for seed in range(200):
        rows = np.stack([model(0.3, 1), model(0.36, 1000 + seed)])
        best, second = sorted(rows, key=lambda row: -pearsonr(LABELS, row).statistic)
        if 0.01 < paired_difference(LABELS, best, second).p_value < 0.05:
            break
    else:
        pytest.fail("no such second was drawn")
    assert rank_models(LABELS, np.stack([second, best])).ranks == (2, 1)
    crowd = np.stack([second, best, *(model(6, each) for each in range(18))])
    assert rank_models(LABELS, crowd).ranks[:2] == (1, 1)


def test_equal_models_share_a_rank_and_one_without_a_score_is_last() -> None:
    best = model(0.2, 1)
    ranking = rank_models(LABELS, np.stack([np.full(200, 2.5), best, 2 * best + 1]))
    assert ranking.ranks == (3, 1, 1)
    assert ranking.order[-1] == 0
    assert math.isnan(ranking.to_best[0].difference)
    assert math.isnan(ranking.to_best[0].p_value)
    assert ranking.to_best[2].difference == 0


@pytest.mark.parametrize("count", [1, 2])
def test_few_pairs_and_one_model(count: int) -> None:
    assert rank_models(LABELS[:count], np.stack([LABELS[:count], -LABELS[:count]])).ranks[0] == 1
    assert rank_models(LABELS, model(1, 1)[None]).ranks == (1,)
    assert rank_models(LABELS, np.full((2, 200), 1.0)).ranks == (1, 1)


@pytest.mark.parametrize(("models", "least"), [(2, 0.02), (12, 0.005)])
def test_the_chance_that_equals_are_put_apart_is_the_level_at_most(models: int, least: float) -> None:
    apart = 0
    for seed in range(400):
        generator = np.random.default_rng([11, seed])
        labels = generator.normal(size=80)
        rows = labels + generator.normal(0, 0.7, (models, 80))
        apart += max(rank_models(labels, rows).ranks) > 1
    assert least < apart / 400 < 0.085
