import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import (
    DifferenceSpread,
    chance_of_no_difference,
    chance_to_find,
    judged_together,
    pairs_needed,
    seeds_needed,
    smallest_detectable_effect,
    smallest_effect_found,
    study_power,
    verdicts,
)

SD, PAIR_ERROR, PAIRS = 0.006, 0.003, 1500


def stated(arms: int = 1, sd: float = SD, pair_error: float = PAIR_ERROR, **how: bool) -> DifferenceSpread:
    return DifferenceSpread.stated(sd, pair_error, PAIRS, arms=arms, **how)


@pytest.mark.parametrize(("seeds", "effect"), [(3, 0.02), (5, 0.012), (20, 0.006)])
def test_one_arm_judged_seed_by_seed_is_a_t_test(seeds: int, effect: float) -> None:
    """No gate and no pool: of a paired t test the power and the equivalence test's are known."""
    spread = stated(pair_error=0.0, paired=True)
    error = SD * math.sqrt(2 / seeds)
    assert chance_to_find(spread, effect, seeds) == pytest.approx(
        study_power(effect, error, seeds - 1), abs=0.02
    )
    assert smallest_effect_found(spread, seeds) == pytest.approx(
        smallest_detectable_effect(error, seeds - 1), rel=0.04
    )
    squares = np.linspace(0.001, 0.999, 999)
    room = effect - stats.t.ppf(0.975, seeds - 1) * error * np.sqrt(
        stats.chi2.ppf(squares, seeds - 1) / (seeds - 1)
    )
    equal = np.where(room > 0, 2 * stats.norm.cdf(room / error) - 1, 0).mean()
    assert chance_of_no_difference(spread, effect, seeds) == pytest.approx(equal, abs=0.02)


def test_many_seeds_of_many_arms_have_a_normal_statistic() -> None:
    error = math.sqrt(2 * SD**2 / 60 + PAIR_ERROR**2)
    bound = stats.norm.ppf(1 - 0.05 / 9 / 2)
    spread = stated(9)
    # A baseline that looks noisier, one in five, costs little where its own 60 seeds tell it.
    assert chance_to_find(spread, 0.012, 60) == pytest.approx(stats.norm.sf(bound - 0.012 / error), abs=0.02)
    assert smallest_effect_found(spread, 60) == pytest.approx(
        (bound + stats.norm.ppf(0.8)) * error, rel=0.015
    )
    assert chance_to_find(spread, 0.012, 60, level=0.01) < chance_to_find(spread, 0.012, 60)


@pytest.mark.parametrize(("arms", "seeds", "effect"), [(1, 3, 0.02), (9, 3, 0.02), (4, 5, 0.015)])
def test_chances_are_those_of_judged_studies(arms: int, seeds: int, effect: float) -> None:
    generator, studies = np.random.default_rng(arms), 300
    found = equal = 0.0
    for _ in range(studies):
        scores = SD * generator.normal(size=(arms + 1, seeds))
        scores += PAIR_ERROR / math.sqrt(2) * generator.normal(size=(arms + 1, 1))
        errors = [(PAIR_ERROR**2, 0.0)] * arms
        told = verdicts(judged_together(list(scores), errors, PAIRS), effect)
        equal += sum(each.outcome == "no_difference" for each in told) / arms / studies
        scores[1] += effect
        told = verdicts(judged_together(list(scores), errors, PAIRS), 0.0)
        found += (told[0].outcome == "better") / studies
    assert chance_to_find(stated(arms), effect, seeds) == pytest.approx(found, abs=0.07)
    assert chance_of_no_difference(stated(arms), effect, seeds) == pytest.approx(equal, abs=0.07)


def test_what_is_estimated_is_what_the_judge_pools() -> None:
    rows = [np.array([0.80, 0.81, 0.82]), np.array([0.79, 0.81, 0.83]), np.array([0.80, 0.82])]
    errors = [(4e-6, 3e-6), (8e-6, -1e-6)]
    found = judged_together(rows, errors, PAIRS)
    spread = DifferenceSpread.estimated(rows, found, PAIRS, arms=4)
    # Sums of squares 2e-4, 8e-4 and 2e-4 of 2 + 2 + 1 degrees of freedom.
    assert spread.seed_variance == pytest.approx(2 * 12e-4 / 5)
    assert spread.seed_degrees_of_freedom == 5
    assert spread.pair_variance == pytest.approx(6e-6)
    # Of each seed 3e-6 / (1/3 + 1/3), and nothing of the second, twice for two arms.
    assert spread.cross_variance == pytest.approx(3e-6 / (2 / 3))
    assert (spread.arms, spread.pooled, spread.pairs) == (4, 4, PAIRS)
    own = DifferenceSpread.of(found[0], arms=2)
    assert own.seed_variance == pytest.approx(spread.seed_variance)
    assert own.pair_variance == pytest.approx(4e-6)
    assert own.cross_variance == pytest.approx(9e-6)
    alone = DifferenceSpread.estimated(rows[:1], [], PAIRS, arms=1)
    assert alone.seed_variance == pytest.approx(2e-4)
    assert math.isnan(alone.pair_variance)


@pytest.mark.parametrize("paired", [False, True])
def test_pairs_are_counted_though_groups_of_them_are_judged(paired: bool) -> None:
    rows = [0.8 + 1e-4 * np.random.default_rng(seed).normal(size=3) for seed in (0, 1)]
    found = judged_together(rows, [(1e-4, 0.0)], 5, paired=paired)
    spread = DifferenceSpread.estimated(rows, found, 400, arms=1, paired=paired)
    assert (spread.pairs, spread.groups) == (400, 5)
    # The pairs are nearly all of the error: Student's t of 5 groups, and of 4 times as many.
    for pairs, freedom, error in ((400, 4, 0.01), (1600, 19, 0.005)):
        bound = stats.t.ppf(0.975, freedom) * error
        expected = stats.norm.sf((bound - 0.025) / error)
        assert chance_to_find(spread, 0.025, 3, pairs=pairs) == pytest.approx(expected, abs=0.01)


def test_an_arm_of_its_own_variance_is_planned_as_one() -> None:
    generator = np.random.default_rng(0)
    rows = [0.8 + SD * generator.normal(size=4) for _ in range(6)]
    rows[-1] = 0.8 + 5 * (rows[-1] - 0.8)
    found = judged_together(rows, [(0.0, 0.0)] * 5, PAIRS)
    assert DifferenceSpread.of(found[0], arms=5).pooled > 3
    assert DifferenceSpread.of(found[-1], arms=5).pooled == 1
    assert DifferenceSpread.of(found[-1], arms=5, paired=True).pooled == 5


def test_few_known_seeds_make_large_effects_less_sure() -> None:
    known = stated(2)
    guessed = DifferenceSpread(2 * SD**2, 4.0, PAIR_ERROR**2, 0.0, PAIRS, 2, 2)
    assert chance_to_find(guessed, 0.03, 3) < chance_to_find(known, 0.03, 3) - 0.03
    assert smallest_effect_found(guessed, 3) > smallest_effect_found(known, 3)
    assert chance_to_find(guessed, smallest_effect_found(guessed, 3), 3) == pytest.approx(0.8, abs=1e-6)


def test_the_variance_that_few_seeds_leave_open() -> None:
    guessed = DifferenceSpread(2e-4, 4.0, 1e-5, 1e-4, PAIRS, 2, 2)
    high = guessed.at(0.9)
    # A tenth of chi^2 with 4 degrees of freedom lies below 1.0636.
    assert high.seed_variance == pytest.approx(2e-4 * 4 / 1.0636, rel=1e-4)
    assert high.cross_variance == pytest.approx(1e-4 * 4 / 1.0636, rel=1e-4)
    assert (high.seed_degrees_of_freedom, high.pair_variance) == (math.inf, 1e-5)
    assert high.at(0.1) == high


def test_seeds_or_pairs_that_are_enough() -> None:
    seeds = seeds_needed(stated(2), 0.012)
    assert seeds.power >= 0.8 > chance_to_find(stated(2), 0.012, seeds.count - 1) - 0.01
    pairs = pairs_needed(stated(2), 0.012, seeds.count)
    assert pairs.count <= PAIRS
    assert pairs.power == pytest.approx(0.8, abs=0.001)
    # Pairs are the trouble: no seeds are enough. Seeds are: no pairs, unless their luck is with these pairs.
    noisy_pairs = stated(2, pair_error=0.02)
    assert seeds_needed(noisy_pairs, 0.012).power < 0.2
    needed = pairs_needed(noisy_pairs, 0.012, 20)
    assert PAIRS < needed.count < 10**6
    assert pairs_needed(stated(2, sd=0.05), 0.012, 3).power < 0.2
    crossed = DifferenceSpread(2 * 0.05**2, math.inf, 0.0, 2 * 0.05**2, PAIRS, 2, 2)
    assert pairs_needed(crossed, 0.012, 3).power >= 0.8


def test_where_more_pairs_find_less_it_says_what_these_find() -> None:
    """With next to no error by the pairs, few seeds alone say how large it is: Student's t of 4 degrees."""
    spread = stated(2, sd=0.03, pair_error=0.02, paired=True)
    now, later = (chance_to_find(spread, 0.05, 3, pairs=pairs) for pairs in (PAIRS, 10**9))
    assert later < now < 0.8
    found = pairs_needed(spread, 0.05, 3)
    assert (found.count, found.power) == (PAIRS, now)


def test_of_very_many_arms_a_part_is_simulated() -> None:
    bound = stats.norm.ppf(1 - 0.05 / 900 / 2)
    error = math.sqrt(2 * SD**2 / 10 + PAIR_ERROR**2)
    many = chance_to_find(stated(900), 0.018, 10)
    assert many == pytest.approx(stats.norm.sf(bound - 0.018 / error), abs=0.1)
    assert many < chance_to_find(stated(30), 0.018, 10)
    assert 0 <= chance_of_no_difference(stated(900), 0.018, 10) <= 1


def test_without_error_or_without_a_known_one() -> None:
    sure = stated(2, sd=0.0, pair_error=0.0)
    assert (chance_to_find(sure, 0.001, 3), chance_to_find(sure, 0.0, 3)) == (1.0, 0.0)
    assert smallest_effect_found(sure, 3) == 0
    assert (chance_of_no_difference(sure, 0.001, 3), chance_of_no_difference(sure, 0.0, 3)) == (1.0, 0.0)
    unknown = stated(2, pair_error=math.nan)
    assert math.isnan(chance_to_find(unknown, 0.01, 3))
    assert math.isnan(smallest_effect_found(unknown, 3))
    # Pairs alone: the z test.
    pairs_alone = stated(1, sd=0.0)
    assert smallest_effect_found(pairs_alone, 3) == pytest.approx(0.003 * (1.96 + 0.8416), rel=0.01)
    assert chance_of_no_difference(stated(2), 0.0, 3) == 0
