import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dalmeum.stats import (
    gap,
    gap_difference,
    mae,
    mean_over_seeds,
    pearson,
    seed_by_pair,
    weighted,
)
from tests.stats.sts_like import (
    QUALITY,
    labels,
    noise_variances,
    predictions,
    systematic_error,
    true_pearson,
)

Array = NDArray[np.float64]


def split(n: int, noise: float, seed: int) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    label = generator.normal(size=n)
    return label, label + generator.normal(0, noise, n)


def test_a_gap_of_means_is_welchs_t_test() -> None:
    train, dev = split(120, 0.5, 0), split(60, 0.8, 1)
    ours = gap(train, dev, metric=weighted.mae)
    errors = [np.abs(label - prediction) for label, prediction in (train, dev)]
    reference = stats.ttest_ind(*errors, equal_var=False)
    assert ours.difference == pytest.approx(mae(*train) - mae(*dev))
    assert ours.p_value == pytest.approx(reference.pvalue)
    assert (ours.low, ours.high) == pytest.approx(tuple(reference.confidence_interval()))


def test_the_errors_of_both_sets_count() -> None:
    same = split(100, 0.5, 0)
    result = gap(same, same)
    assert result.difference == 0
    assert result.interval.low < -0.01
    assert result.interval.high > 0.01
    assert result.p_value > 0.9


def test_the_gap_of_an_arm_against_the_baseline_s() -> None:
    generator = np.random.default_rng(2)
    label, prediction = split(300, 0.6, 3)
    remembered = prediction + 0.5 * (label - prediction)  # the arm knows its training pairs by half
    train = (label, remembered, prediction)
    label, prediction = split(200, 0.6, 4)
    dev = (label, prediction + generator.normal(0, 0.05, 200), prediction)
    result = gap_difference(train, dev)
    expected = pearson(train[0], train[1]) - pearson(train[0], train[2])
    expected -= pearson(dev[0], dev[1]) - pearson(dev[0], dev[2])
    assert result.difference == pytest.approx(expected)
    assert result.interval.low > 0
    assert result.p_value < 0.01
    # What is hard for both arms does not count, so the interval is narrower than the arm's own.
    own = gap(train[:2], dev[:2]).interval
    assert result.interval.high - result.interval.low < own.high - own.low


def test_an_arm_that_is_the_baseline_has_no_other_gap() -> None:
    label, prediction = split(50, 0.5, 0)
    result = gap_difference((label, prediction, prediction), (label, prediction, prediction))
    assert (result.difference, result.interval.low, result.interval.high, result.p_value) == (0, 0, 0, 1)


def test_gaps_cover_and_reject_as_they_say() -> None:
    truth = 1 / math.sqrt(1 + 0.5**2) - 1 / math.sqrt(1 + 0.7**2)
    covered = rejected = 0
    studies = 400
    for study in range(studies):
        one, other = split(150, 0.5, 3 * study), split(100, 0.7, 3 * study + 1)
        result = gap(one, other)
        covered += result.interval.low <= truth <= result.interval.high
        rejected += gap(one, split(100, 0.5, 3 * study + 2)).p_value < 0.05
    assert 0.92 <= covered / studies <= 0.98
    assert 0.02 <= rejected / studies <= 0.08


def test_two_pairs_have_no_interval() -> None:
    result = gap(split(50, 0.5, 0), ([1.0, 2.0], [1.0, 3.0]))
    assert math.isfinite(result.difference)
    assert math.isnan(result.interval.low)
    assert math.isnan(result.p_value)


def test_columns_must_match() -> None:
    with pytest.raises(ValueError, match=r"\(3,\), \(2,\)"):
        gap(([1, 2, 3], [1, 2]), ([1, 2], [1, 2]))


def drawn_arm(
    generator: np.random.Generator, n: int, seeds: int = 4, known: float = 0.0
) -> tuple[Array, Array]:
    """Labels and predictions (seeds, n) of an arm that knows its pairs by this share."""
    label = labels(generator, n)
    rows = predictions(generator, label, seeds, systematic_error(generator, label))
    return label, rows + known * (label - rows)


def test_a_gap_over_seeds_is_made_of_seeds_and_the_pairs_of_both_sets() -> None:
    generator = np.random.default_rng(5)
    train, dev = drawn_arm(generator, 300, known=0.3), drawn_arm(generator, 120)
    result = gap(train, dev)
    gaps = [
        pearson(train[0], one) - pearson(dev[0], other) for one, other in zip(train[1], dev[1], strict=True)
    ]
    assert result.difference == pytest.approx(np.mean(gaps))
    sides = [mean_over_seeds(*side).pair_variance for side in (train, dev)]
    parts = [float(np.var(gaps, ddof=1)) / 4, *sides]
    error = math.sqrt(sum(parts))
    # Satterthwaite's, with what the pair parts would have if no seed had any luck with them.
    most = sum(parts) ** 2 / sum(part**2 / df for part, df in zip(parts, (3, 299, 119), strict=True))
    half = (result.interval.high - result.interval.low) / 2
    assert stats.t.ppf(0.975, most) * error <= half <= stats.t.ppf(0.975, 3) * error
    assert result.p_value == pytest.approx(0, abs=1e-3)


def test_an_arm_against_the_baseline_over_seeds() -> None:
    generator = np.random.default_rng(6)
    (label, base), (dev_label, dev_base) = drawn_arm(generator, 300), drawn_arm(generator, 120)
    arm = base + 0.3 * (label - base)
    dev_arm = dev_base + generator.normal(0, 0.05, dev_base.shape)
    result = gap_difference((label, arm, base), (dev_label, dev_arm, dev_base))
    own = gap((label, arm), (dev_label, dev_arm))
    other = gap((label, base), (dev_label, dev_base))
    assert result.difference == pytest.approx(own.difference - other.difference)
    sides = [
        seed_by_pair(label, arm, base, paired=True),
        seed_by_pair(dev_label, dev_arm, dev_base, paired=True),
    ]
    half = (result.interval.high - result.interval.low) / 2
    assert half > 1.9 * math.sqrt(sum(side.pair_variance for side in sides))
    assert half < (own.interval.high - own.interval.low) / 4
    assert result.p_value < 0.001
    same = gap_difference((label, base, base), (dev_label, dev_base, dev_base))
    assert (same.difference, same.interval.low, same.interval.high, same.p_value) == (0, 0, 0, 1)


def test_gaps_over_seeds_cover_as_they_say() -> None:
    truth = true_pearson(), true_pearson(systematic=0.9)
    covered = 0
    studies = 250
    for study in range(studies):
        generator = np.random.default_rng(study)
        # A seed's quality is its own, and the same on both sets.
        spread = np.sqrt(noise_variances(generator, 3, QUALITY))[:, None]
        sides = []
        for n, systematic in ((400, 0.5), (300, 0.9)):
            label = labels(generator, n)
            shared = generator.normal(0, systematic, n)
            sides.append((label, label + shared + spread * generator.normal(size=(3, n))))
        interval = gap(sides[0], sides[1], resamples=150).interval
        covered += interval.low <= truth[0] - truth[1] <= interval.high
    assert 0.92 <= covered / studies <= 0.98
