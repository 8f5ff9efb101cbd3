import math

import numpy as np
import pytest
from scipy import integrate, stats

from dalmeum.stats import advice, judged_together, study_power
from dalmeum.stats.arms import SeedDifference
from dalmeum.stats.student import difference


def of_seeds(seeds: int, spread: float, pair_variance: float = 0.0, arms: int = 1) -> SeedDifference:
    """Arms whose seeds differ by exactly this standard deviation, all with one mean."""
    row = np.linspace(-1, 1, seeds)
    row *= spread / row.std(ddof=1)
    found = judged_together([0.8 + row] * (arms + 1), [(pair_variance, 0.0)] * arms, 1500)
    return found[0]


def power(seeds: int, freedom: float) -> float:
    """At .012, of two arms whose s is .006, of these degrees of freedom, over all that sigma may be."""

    def weighted(square: float) -> float:
        error = 0.006 * math.sqrt(freedom / square * 2 / seeds)
        return float(study_power(0.012, error, 2 * (seeds - 1)) * stats.chi2.pdf(square, freedom))

    return float(integrate.quad(weighted, 1e-3, 400, limit=200, points=[1, 4, 20, 80])[0])


@pytest.mark.parametrize("seeds", [3, 10])
def test_seeds_by_hand(seeds: int) -> None:
    found = advice(of_seeds(seeds, 0.006), 0.012, pairs=1500)
    assert found is not None
    assert found.of == "seeds"
    freedom = 2 * (seeds - 1)
    # The baseline's own variance is taken where it looks the larger one, in a fifth of studies.
    assert power(found.count, freedom) - 0.025 < found.power < power(found.count, freedom) + 0.01
    assert found.power >= 0.8
    assert power(found.count - 1, freedom) < 0.82


def test_what_is_known_well_takes_fewer_seeds() -> None:
    few, many = (advice(of_seeds(seeds, 0.006), 0.012, pairs=1500) for seeds in (3, 30))
    assert few is not None
    assert many is not None
    assert few.count > many.count


def test_it_does_not_depend_on_the_difference_that_was_seen() -> None:
    rows = [np.array([0.1, 0.2, 0.4]), np.array([0.1, 0.2, 0.4])]
    same, far = (judged_together([rows[0], rows[1] + shift], [(0.0, 0.0)], 1500)[0] for shift in (0, 5))
    assert far.difference == pytest.approx(5)
    one, other = (advice(each, 0.1, pairs=1500) for each in (same, far))
    assert one is not None
    assert other is not None
    assert (one.count, one.power) == pytest.approx((other.count, other.power))


def test_many_arms_take_more_seeds_but_know_more_of_their_spread() -> None:
    alone = advice(of_seeds(3, 0.006), 0.012, pairs=1500)
    pooled = advice(of_seeds(3, 0.006, arms=9), 0.012, pairs=1500)
    corrected = advice(of_seeds(3, 0.006, arms=9), 0.012, pairs=1500, arms=9)
    assert alone is not None
    assert pooled is not None
    assert corrected is not None
    assert pooled.count < min(alone.count, corrected.count)


def test_where_pairs_are_the_trouble_no_number_of_seeds_is_enough() -> None:
    found = advice(of_seeds(3, 0.006, pair_variance=0.01**2), 0.012, pairs=1500)
    assert found is not None
    assert found.count == 60
    assert found.power < 0.3


def test_of_models_it_is_pairs() -> None:
    # 2.8 standard errors are 80 % power: .01 must become .012 / 2.8, with (.01 / .00429)^2 times the pairs.
    found = advice(difference(0.0, 0.01, 299), 0.012, pairs=300)
    assert found is not None
    assert found.of == "pairs"
    assert found.count == pytest.approx(300 * (0.01 * 2.8016 / 0.012) ** 2, rel=0.01)
    assert found.power == pytest.approx(0.8, abs=0.001)


def test_few_groups_of_the_pairs_take_more_of_them() -> None:
    alone = advice(difference(0.0, 0.01, 299), 0.03, pairs=300)
    grouped = advice(difference(0.0, 0.01, 9), 0.03, pairs=300)
    assert alone is not None
    assert grouped is not None
    assert grouped.count > 1.1 * alone.count
    error, freedom = 0.01 * math.sqrt(300 / grouped.count), 10 * grouped.count / 300 - 1
    assert grouped.power == pytest.approx(study_power(0.03, error, freedom))


def test_what_nobody_can_advise() -> None:
    assert advice(difference(math.nan, math.nan, math.nan), 0.01, pairs=300) is None
    assert advice(difference(0.1, 0.1, 10), 0.0, pairs=300) is None
    sure = advice(difference(0.0, 0.0, 299), 0.005, pairs=300)
    assert sure is not None
    assert (sure.count, sure.power) == (3, 1.0)
