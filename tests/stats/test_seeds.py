import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import SeedDifference, holm, mean_over_seeds, resampling, seed_by_pair, verdict, weighted
from dalmeum.stats.seeds import standard_error
from dalmeum.stats.weighted import Weighted
from tests.stats import sts_like

Array = NDArray[np.float64]


def study(k: int = 4, m: int = 4, n: int = 200, seed: int = 0) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    label = sts_like.labels(generator, n)
    arms = [
        sts_like.predictions(generator, label, seeds, sts_like.systematic_error(generator, label))
        for seeds in (k, m)
    ]
    return label, arms[0], arms[1]


def average(label: Array, prediction: Array) -> Weighted:
    """A metric that the choice of pairs does not touch."""
    return lambda weights: np.full(len(weights), prediction.mean())


def drawn_scores(label: Array, rows: Array, resamples: int) -> Array:
    """Pearson of each row in each resample, from the drawn pairs themselves."""
    (weights,) = resampling.bootstrap(len(label), resamples, 0)
    drawn = [np.repeat(np.arange(len(label)), row.astype(int)) for row in weights]
    return np.array([[np.corrcoef(label[pairs], row[pairs])[0, 1] for row in rows] for pairs in drawn])


def covariance_between(scores: Array) -> float:
    """Mean covariance of two columns."""
    k = scores.shape[1]
    return float(np.mean([np.cov(scores[:, i], scores[:, j])[0, 1] for i in range(k) for j in range(i)]))


def test_the_parts_of_the_error_of_a_mean() -> None:
    label, arm, _ = study()
    result = mean_over_seeds(label, arm, resamples=200)
    scores = np.array([np.corrcoef(label, row)[0, 1] for row in arm])
    drawn = drawn_scores(label, arm, 200)
    seed_part, pair_part = scores.var(ddof=1) / 4, covariance_between(drawn)
    assert result.value == pytest.approx(scores.mean())
    assert result.seed_variance == pytest.approx(seed_part)
    assert result.pair_variance == pytest.approx(pair_part)
    cross_part = (np.mean(drawn.var(axis=0, ddof=1)) - pair_part) / 4
    assert cross_part < seed_part
    assert result.cross_variance == pytest.approx(cross_part)
    squared = seed_part + pair_part
    mean_squares = (pair_part + cross_part) ** 2 / 199 + cross_part**2 / (199 * 3)
    freedom = squared**2 / (seed_part**2 / 3 + mean_squares)
    assert result.standard_error == pytest.approx(math.sqrt(squared))
    assert result.degrees_of_freedom == pytest.approx(freedom)
    # On Fisher's z, where a standard error is 1 / (1 - r^2) times as large.
    half_width = stats.t.ppf(0.975, freedom) * math.sqrt(squared) / (1 - scores.mean() ** 2)
    z = math.atanh(scores.mean())
    assert (result.low, result.high) == pytest.approx((math.tanh(z - half_width), math.tanh(z + half_width)))


def test_the_parts_of_the_error_of_a_paired_difference() -> None:
    label, arm, baseline = study()
    result = seed_by_pair(label, arm, baseline, paired=True, resamples=200)
    differences = np.array(
        [
            np.corrcoef(label, a)[0, 1] - np.corrcoef(label, b)[0, 1]
            for a, b in zip(arm, baseline, strict=True)
        ]
    )
    drawn = drawn_scores(label, arm, 200) - drawn_scores(label, baseline, 200)
    assert result.difference == pytest.approx(differences.mean())
    assert result.first - result.second == pytest.approx(result.difference)
    assert result.seed_variance == pytest.approx(differences.var(ddof=1) / 4)
    assert result.pair_variance == pytest.approx(covariance_between(drawn))
    t = abs(result.difference) / result.standard_error
    assert result.p_value == pytest.approx(2 * stats.t.sf(t, result.degrees_of_freedom))


def test_the_parts_of_the_error_of_independent_seeds() -> None:
    label, arm, baseline = study(k=3, m=5)
    result = seed_by_pair(label, arm, baseline, resamples=200)
    first, second = drawn_scores(label, arm, 200), drawn_scores(label, baseline, 200)
    between = np.mean([np.cov(first[:, i], second[:, j])[0, 1] for i in range(3) for j in range(5)])
    assert result.pair_variance == pytest.approx(
        covariance_between(first) + covariance_between(second) - 2 * between
    )
    assert (result.seeds, result.pairs) == (3, 200)


def test_without_an_effect_of_pairs_it_is_the_t_test() -> None:
    label, arm, baseline = study(k=5, m=5)
    paired = seed_by_pair(label, arm, baseline, paired=True, metric=average, resamples=20)
    reference = stats.ttest_rel(arm.mean(axis=1), baseline.mean(axis=1))
    assert paired.p_value == pytest.approx(reference.pvalue)
    assert (paired.low, paired.high) == pytest.approx(tuple(reference.confidence_interval()))

    pooled = seed_by_pair(label, arm, baseline[:3], metric=average, resamples=20)
    reference = stats.ttest_ind(arm.mean(axis=1), baseline[:3].mean(axis=1))
    assert pooled.p_value == pytest.approx(reference.pvalue)
    assert pooled.degrees_of_freedom == pytest.approx(reference.df)


def test_without_an_effect_of_seeds_it_is_the_bootstrap_of_one_run() -> None:
    label, arm, _ = study()
    result = mean_over_seeds(label, np.stack([arm[0]] * 3), resamples=200)
    assert result.seed_variance == pytest.approx(0, abs=1e-30)
    assert result.pair_variance == pytest.approx(drawn_scores(label, arm[:1], 200).var(ddof=1))
    assert result.degrees_of_freedom == pytest.approx(199)


@pytest.mark.parametrize("metric", [weighted.spearman, weighted.rmse, weighted.mae])
def test_other_metrics(metric: weighted.Statistic) -> None:
    label, arm, baseline = study()
    result = seed_by_pair(label, arm, baseline, metric=metric, resamples=200)
    ones = np.ones((1, len(label)))
    assert result.first == pytest.approx(np.mean([metric(label, row)(ones) for row in arm]))
    assert 0 < result.p_value < 1


def test_equal_arms_do_not_differ() -> None:
    label, arm, _ = study()
    result = seed_by_pair(label, arm, arm, paired=True, resamples=100)
    assert (result.difference, result.low, result.high, result.p_value) == (0, 0, 0, 1)


def test_a_collapsed_seed_has_no_score_and_nothing_follows() -> None:
    label, arm, baseline = study()
    arm[1] = 2.5
    result = seed_by_pair(label, arm, baseline, resamples=100)
    assert math.isnan(result.difference)
    assert math.isnan(result.low)
    assert math.isnan(result.p_value)


def test_two_pairs_have_no_interval() -> None:
    label, arm, _ = study(n=2)
    assert math.isnan(mean_over_seeds(label, arm).standard_error)


def test_shapes_that_do_not_fit() -> None:
    label, arm, baseline = study()
    with pytest.raises(ValueError, match="of 1 seed: how much seeds differ takes at least 2"):
        seed_by_pair(label, arm[:1], baseline[:1])
    with pytest.raises(ValueError, match="3 and 4 seeds can't be paired"):
        seed_by_pair(label, arm[:3], baseline, paired=True)
    with pytest.raises(ValueError, match=r"second of shape \(4, 199\)"):
        seed_by_pair(label, arm, baseline[:, :199])
    with pytest.raises(ValueError, match=r"predictions of shape \(200,\)"):
        mean_over_seeds(label, arm[0])


STUDIES = 2000
PAIRS = 250
RESAMPLES = 400


def null_study(generator: np.random.Generator, k: int, arms: int, common: bool) -> list[SeedDifference]:
    """Arms that are as good as the baseline: of the same systematic errors, or of others of their size."""
    label = sts_like.labels(generator, PAIRS)
    shared = sts_like.systematic_error(generator, label)

    def arm() -> Array:
        systematic = shared if common else sts_like.systematic_error(generator, label)
        return sts_like.predictions(generator, label, k, systematic, quality=0)

    baseline = arm()
    return [seed_by_pair(label, arm(), baseline, resamples=RESAMPLES) for _ in range(arms)]


@pytest.mark.slow
@pytest.mark.parametrize("common", [True, False], ids=["luck", "systematic"])
@pytest.mark.parametrize("k", [3, 5, 10])
def test_null_studies_are_decided_in_about_5_percent(k: int, common: bool) -> None:
    generator = np.random.default_rng(k)
    outcomes = [verdict(null_study(generator, k, 1, common)[0], 0).outcome for _ in range(STUDIES)]
    decided = outcomes.count("better") + outcomes.count("worse")
    assert 0.035 <= decided / STUDIES <= 0.065


@pytest.mark.slow
def test_holm_keeps_a_null_study_of_three_arms_at_5_percent() -> None:
    k, studies = 5, STUDIES // 2
    generator = np.random.default_rng(k)
    decided = sum(
        min(holm([arm.p_value for arm in null_study(generator, k, 3, common=False)])) < 0.05
        for _ in range(studies)
    )
    # Arms share a baseline, so their tests are correlated and Holm is on the safe side.
    assert 0.02 <= decided / studies <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5, 10])
def test_intervals_cover_the_true_score_and_the_true_difference(k: int) -> None:
    generator = np.random.default_rng(k)
    truth, truth_baseline = sts_like.true_pearson(), sts_like.true_pearson(systematic=0.7)
    means = differences = 0
    for _ in range(STUDIES):
        label = sts_like.labels(generator, PAIRS)
        systematic = sts_like.systematic_error(generator, label)
        arm = sts_like.predictions(generator, label, k, systematic)
        baseline = sts_like.predictions(generator, label, k, systematic * 0.7 / sts_like.SYSTEMATIC)
        mean = mean_over_seeds(label, arm, resamples=RESAMPLES)
        difference = seed_by_pair(label, arm, baseline, resamples=RESAMPLES)
        means += mean.low <= truth <= mean.high
        differences += difference.low <= truth - truth_baseline <= difference.high
    assert 0.93 <= means / STUDIES <= 0.97
    assert 0.93 <= differences / STUDIES <= 0.97


def test_the_pair_variance_of_the_mean_would_count_luck_twice() -> None:
    """Arms that differ by luck alone: nothing is left for the pairs, all is in the seeds' variance."""
    generator = np.random.default_rng(0)
    shares = []
    for _ in range(20):
        (result,) = null_study(generator, 5, 1, common=True)
        shares.append(result.pair_variance / result.seed_variance)
    assert np.median(shares) < 0.1
    assert min(shares) == 0  # a covariance below 0 is chance, and never narrows the interval


def test_noise_in_the_pair_part_takes_no_degrees_of_freedom_from_the_seeds() -> None:
    # Pair part .02 against cross terms of 1: 299 * .02^2 / (1.02^2 + 1 / 2) = .08 degrees of freedom.
    error, freedom = standard_error(0.05, 2, 0.02, 1.0, seeds=3, pairs=300)
    assert (error, freedom) == pytest.approx((math.sqrt(0.07), 2))
