import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.stats import label_reliability, pearson

Array = NDArray[np.float64]

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def annotated(n: int, noise: float, missing: float, seed: int = 0) -> tuple[Array, Array]:
    """True labels, and up to 7 scores of each."""
    generator = np.random.default_rng(seed)
    truth = generator.uniform(0, 5, n)
    scores = truth[:, None] + generator.normal(0, noise, (n, 7))
    scores[generator.random((n, 7)) < missing] = math.nan
    scores[:, 0] = truth + generator.normal(0, noise, n)
    return truth, scores


def test_the_published_example() -> None:
    # Shrout and Fleiss (1979, Psychological Bulletin 86, table 2 and table 4): ICC(1, 4) = .44, from the mean
    # squares 11.24 between and 6.26 within.
    result = label_reliability(SHROUT_FLEISS)
    assert result.reliability.value == pytest.approx(1 - 6.26 / 11.24, abs=0.001)
    assert result.reliability.value == pytest.approx(0.44, abs=0.005)
    assert result.ceiling.value == pytest.approx(math.sqrt(result.reliability.value))
    assert result.noise == pytest.approx(math.sqrt(6.26), abs=0.001)
    assert result.pairs == 6


def test_the_order_of_a_pair_s_scores_plays_no_part() -> None:
    turned = np.array(SHROUT_FLEISS, float)
    turned[1] = turned[1][::-1]
    assert label_reliability(turned) == label_reliability(SHROUT_FLEISS)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_ceiling_is_what_the_truth_itself_reaches(missing: float) -> None:
    truth, scores = annotated(20_000, 1.0, missing)
    result = label_reliability(scores, resamples=100)
    assert result.ceiling.value == pytest.approx(pearson(truth, np.nanmean(scores, axis=1)), abs=0.002)
    assert result.noise == pytest.approx(1.0, abs=0.01)


def test_the_interval_covers_the_true_ceiling() -> None:
    # Labels uniform over 5 have variance 25 / 12; the mean of seven scores adds 1 / 7.
    ceiling = math.sqrt((25 / 12) / (25 / 12 + 1 / 7))
    covered, studies = 0, 300
    for seed in range(studies):
        estimate = label_reliability(annotated(150, 1.0, 0.0, seed)[1], resamples=300).ceiling
        covered += estimate.low <= ceiling <= estimate.high
    assert 0.91 <= covered / studies <= 0.98


def test_pairs_without_a_score_are_passed_over() -> None:
    scores = np.array([*SHROUT_FLEISS, [math.nan] * 4], float)
    assert label_reliability(scores) == label_reliability(SHROUT_FLEISS)


def test_labels_of_noise_alone_have_no_ceiling() -> None:
    result = label_reliability(np.array([[0, 5], [5, 0], [0, 5], [4, 0.5]]))
    assert result.reliability.value < 0
    assert math.isnan(result.ceiling.value)


def test_what_shows_no_agreement() -> None:
    with pytest.raises(ValueError, match="no pair has the scores of two"):
        label_reliability([[1, math.nan], [2, math.nan], [3, math.nan]])
    with pytest.raises(ValueError, match="2 pairs with a score"):
        label_reliability(np.array([[1, 2], [2, 3], [math.nan, math.nan]]))
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        label_reliability([1, 2, 3])
