import math

import numpy as np
import pytest

from dalmeum.stats import (
    pearson,
    power,
    seed_by_pair,
    smallest_detectable_difference,
    smallest_detectable_effect,
    study_power,
    verdict,
    williams,
)

from . import sts_like


def test_what_550_pairs_show() -> None:
    # r = .93 with predictions correlated .97: .0106 has 80 % power, .0075 about an even chance.
    assert smallest_detectable_difference(550, 0.93, 0.97) == pytest.approx(0.0106, abs=5e-5)
    assert power(550, 0.93, 0.97, 0.0075) == pytest.approx(0.5, abs=0.02)
    assert power(550, 0.93, 0.97, 0.0106) == pytest.approx(0.8, abs=0.005)


def test_the_smallest_difference_has_its_power() -> None:
    for chance in (0.5, 0.8, 0.95):
        difference = smallest_detectable_difference(1500, 0.85, 0.9, chance)
        assert power(1500, 0.85, 0.9, difference) == pytest.approx(chance, abs=1e-9)


def test_more_pairs_and_more_alike_predictions_show_more() -> None:
    base = power(500, 0.9, 0.95, 0.01)
    assert power(1000, 0.9, 0.95, 0.01) > base
    assert power(500, 0.9, 0.97, 0.01) > base
    assert power(500, 0.9, 0.95, 0.0) == 0.05
    assert power(500, 0.9, 0.95, 1e-9) == pytest.approx(0.05, abs=1e-4)


def test_a_simulation_finds_the_difference_as_often() -> None:
    generator = np.random.default_rng(0)
    matrix = [[1, 0.93, 0.9194], [0.93, 1, 0.97], [0.9194, 0.97, 1]]
    found, studies = 0, 1000
    for _ in range(studies):
        label, first, second = generator.multivariate_normal([0, 0, 0], matrix, 550).T
        r = pearson(label, first), pearson(label, second), pearson(first, second)
        found += williams(*r, 550).p_value < 0.05
    # Three standard errors of 1,000 studies are .038.
    assert found / studies == pytest.approx(power(550, 0.93, 0.97, 0.0106), abs=0.038)


def test_few_pairs_may_show_nothing() -> None:
    assert math.isnan(smallest_detectable_difference(4, 0.2, 0.0, 0.9))


def test_correlations_that_can_not_be() -> None:
    with pytest.raises(ValueError, match=r"it can be 0 to 0\.1"):
        power(550, 0.93, 0.97, 0.5)
    with pytest.raises(ValueError, match="it can be"):
        power(550, 0.93, 0.97, -0.01)
    with pytest.raises(ValueError, match=r"r=1\.0, r23=0\.97"):
        power(550, 1.0, 0.97, 0.01)
    with pytest.raises(ValueError, match="3 pairs"):
        smallest_detectable_difference(3, 0.9, 0.9)


def test_the_power_of_a_t_test_as_r_has_it() -> None:
    # power.t.test(type = "one.sample", strict = TRUE) with n = 5 and 3: the standard error is sd / sqrt(n).
    assert smallest_detectable_effect(1 / math.sqrt(5), 4) == pytest.approx(1.681996966, rel=1e-9)
    assert smallest_detectable_effect(1 / math.sqrt(3), 2) == pytest.approx(3.26404355, rel=1e-9)
    assert study_power(1.0, 1.2 / math.sqrt(5), 4) == pytest.approx(0.2999331623, rel=1e-9)
    # Many degrees of freedom: the normal quantiles 1.959964 + .841621, the other tail being nothing.
    assert smallest_detectable_effect(0.01, 1e6) == pytest.approx(0.02801585, rel=1e-5)


@pytest.mark.parametrize("freedom", [1, 2.5, 4, 200])
def test_the_smallest_effect_of_a_study_has_its_power(freedom: float) -> None:
    for chance in (0.3, 0.8, 0.95):
        effect = smallest_detectable_effect(0.004, freedom, chance)
        assert study_power(effect, 0.004, freedom) == pytest.approx(chance, abs=1e-9)
        assert study_power(-effect, 0.004, freedom) == study_power(effect, 0.004, freedom)
    assert study_power(0, 0.004, freedom) == 0.05
    assert study_power(1e-6, 0.004, freedom) == pytest.approx(0.05, abs=1e-4)


def test_a_study_without_error_or_without_a_known_one() -> None:
    assert smallest_detectable_effect(0.0, 2) == 0
    assert math.isnan(smallest_detectable_effect(math.nan, 2))
    with pytest.raises(ValueError, match="standard_error=0"):
        study_power(0.01, 0.0, 2)


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5, 10])
def test_studies_find_an_effect_as_often_as_computed(k: int) -> None:
    """The error of the difference is its spread over studies; the effect is known."""
    generator = np.random.default_rng(k)
    baseline, studies = 0.56, 1000
    effect = sts_like.true_pearson() - sts_like.true_pearson(systematic=baseline)
    results = []
    for _ in range(studies):
        label = sts_like.labels(generator, 250)
        systematic = sts_like.systematic_error(generator, label)
        first = sts_like.predictions(generator, label, k, systematic)
        second = sts_like.predictions(generator, label, k, systematic * baseline / sts_like.SYSTEMATIC)
        results.append(seed_by_pair(label, first, second, resamples=400))
    error = float(np.std([each.difference for each in results], ddof=1))
    freedom = float(np.median([each.degrees_of_freedom for each in results]))
    found = sum(verdict(each, 0).outcome == "better" for each in results)
    assert found / studies == pytest.approx(study_power(effect, error, freedom), abs=0.05)
