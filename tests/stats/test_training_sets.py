"""Errors of seeds that have training sets of their own, against the formula written out."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import t as student_t

from dalmeum.stats import (
    DifferenceSpread,
    TrainingSets,
    advice,
    chance_to_find,
    difference,
    differences_to,
    gap_over_training_sets,
    judged_together,
    mean_over_seeds,
    pearson,
    seed_by_pair,
    t_interval,
)
from dalmeum.stats.training_sets import variance_share

GENERATOR = np.random.default_rng(3)
LABELS = GENERATOR.uniform(0, 5, 200)
SHARED = GENERATOR.normal(0, 0.8, 200)
BASE = LABELS + SHARED + GENERATOR.normal(0, 0.4, (4, 200))
ARM = LABELS + SHARED + GENERATOR.normal(0, 0.5, (4, 200))


def test_the_variance_of_a_mean_is_nadeau_and_bengios() -> None:
    assert variance_share(10) == 0.1
    # 10 runs that are trained on .9 of the pairs: theirs has 1 / 10 + .1 / .9 where .1 is tested on.
    assert variance_share(10, 0.1) == pytest.approx(1 / 10 + 0.1 / 0.9)
    assert variance_share(3, 0.5) == pytest.approx(4 / 3)
    sets = TrainingSets(100, 250, 0.25)
    assert sets.to_dict() == {"pairs": 100, "pool": 250, "parts": "overlapping", "overlap": 0.25}
    assert TrainingSets(100, 250).parts == "disjoint"


def test_correlated_scores_have_the_variance_that_is_said() -> None:
    """Scores that correlate rho: s^2 (1 / k + rho / (1 - rho)) is right in the mean."""
    rho, k = 0.4, 5
    common, own = GENERATOR.normal(size=(20000, 1)), GENERATOR.normal(size=(20000, k))
    scores = math.sqrt(rho) * common + math.sqrt(1 - rho) * own
    told = scores.var(axis=1, ddof=1).mean() * variance_share(k, rho)
    assert told == pytest.approx(scores.mean(axis=1).var(), rel=0.04)


def test_only_the_seeds_part_grows() -> None:
    disjoint = seed_by_pair(LABELS, ARM, BASE, paired=True, resamples=200)
    shared = seed_by_pair(LABELS, ARM, BASE, paired=True, resamples=200, overlap=0.5)
    own = [pearson(LABELS, one) - pearson(LABELS, other) for one, other in zip(ARM, BASE, strict=True)]
    assert disjoint.seed_variance == pytest.approx(np.var(own, ddof=1) / 4)
    assert shared.seed_variance == pytest.approx(np.var(own, ddof=1) * (1 / 4 + 1))
    assert shared.pair_variance == disjoint.pair_variance
    assert shared.difference == disjoint.difference
    assert shared.standard_error**2 == pytest.approx(shared.seed_variance + shared.pair_variance)
    arm = mean_over_seeds(LABELS, ARM, resamples=200, overlap=0.5)
    scores = [pearson(LABELS, row) for row in ARM]
    assert arm.seed_variance == pytest.approx(np.var(scores, ddof=1) * 1.25)
    for through in (
        difference("pearson", LABELS, ARM, BASE, True, resamples=200, overlap=0.5),
        differences_to("pearson", LABELS, {"arm": ARM}, BASE, True, resamples=200, overlap=0.5)["arm"],
    ):
        assert through == shared


def test_sets_that_overlap_are_the_same_for_all_arms() -> None:
    with pytest.raises(ValueError, match="arms share the training sets that overlap: set paired=True"):
        judged_together([np.arange(3.0), np.arange(3.0)], [(0.0, 0.0)], 100, overlap=0.2)


def test_intervals_of_numbers_without_pairs() -> None:
    values = [1.0, 2.0, 4.0]
    error = np.std(values, ddof=1) * math.sqrt(1 / 3 + 0.25 / 0.75)
    found = t_interval(values, overlap=0.25)
    assert found.high - found.value == pytest.approx(student_t.ppf(0.975, 2) * error)


def test_gaps_hold_the_luck_of_the_training_pairs_once() -> None:
    train = np.array([0.95, 0.97, 0.96, 0.99])
    judged = np.array([pearson(LABELS, row) for row in ARM])
    base = np.array([pearson(LABELS, row) for row in BASE])
    found = gap_over_training_sets(train, (LABELS, ARM), overlap=0.5, resamples=200)
    pairs = mean_over_seeds(LABELS, ARM, resamples=200).pair_variance
    assert found.difference == pytest.approx(np.mean(train - judged))
    assert found.standard_error**2 == pytest.approx(np.var(train - judged, ddof=1) * 1.25 + pairs)
    less = gap_over_training_sets(train - 0.9, (LABELS, ARM, BASE), resamples=200)
    pairs = seed_by_pair(LABELS, ARM, BASE, paired=True, resamples=200).pair_variance
    assert less.difference == pytest.approx(np.mean(train - 0.9 - (judged - base)))
    assert less.standard_error**2 == pytest.approx(np.var(train - judged + base, ddof=1) / 4 + pairs)


def test_more_seeds_than_the_pool_has_sets_for_count_with_what_their_sets_share() -> None:
    scores = 0.8 + 0.02 * np.random.default_rng(0).normal(size=(2, 3))
    (found,) = judged_together(list(scores), [(1e-8, 0.0)], 1000, paired=True)
    sets = TrainingSets(100, 450)
    free = advice(found, 0.005, pairs=1000)
    limited = advice(found, 0.005, pairs=1000, training_sets=sets)
    assert free is not None
    assert limited is not None
    # Of 60 parts, four of a shuffle, 1770 - 15 * 6 pairs are of two shuffles and share 100 / 450.
    overlap = 100 / 450 * (1770 - 15 * 6) / 1770
    assert sets.of_seeds(60).overlap == pytest.approx(overlap)
    spread = DifferenceSpread.of(found, arms=1, paired=True)
    scale = (1 - overlap) * 60 * variance_share(60, overlap)
    known = dataclasses.replace(
        spread, seed_variance=spread.seed_variance * scale, cross_variance=spread.cross_variance * scale
    )
    assert (limited.of, limited.count) == ("seeds", 60)
    assert limited.power == pytest.approx(chance_to_find(known, 0.005, 60), abs=0.005)
    assert limited.power < free.power
    # Where sets that share nothing are enough, it is those.
    assert advice(found, 0.05, pairs=1000, training_sets=sets) == advice(found, 0.05, pairs=1000)
    # More seeds take nothing of what the sets have in common.
    (found,) = judged_together(list(scores), [(1e-8, 0.0)], 1000, paired=True, overlap=0.5)
    shared = advice(found, 0.005, pairs=1000, training_sets=TrainingSets(100, 200, 0.5))
    assert shared is not None
    assert shared.power < limited.power
