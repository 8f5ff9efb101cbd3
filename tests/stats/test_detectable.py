import math

import numpy as np
import pytest

from dalmeum.stats import pearson, power, smallest_detectable_difference, williams


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
