import math

import numpy as np
import pytest
from scipy import stats

from dalmeum.stats import t_interval
from dalmeum.stats.student import p_value, satterthwaite


def test_satterthwaite_by_hand() -> None:
    # (3 + 1)^2 / (3^2 / 2 + 1^2 / 4) = 16 / 4.75.
    assert satterthwaite([(3.0, 2.0), (1.0, 4.0)]) == pytest.approx((2.0, 16 / 4.75))
    assert satterthwaite([(4.0, 7.0), (0.0, 3.0)]) == pytest.approx((2.0, 7.0))
    assert satterthwaite([(0.0, 7.0), (0.0, 3.0)]) == (0.0, 3.0)


def test_p_values_without_a_standard_error() -> None:
    assert p_value(0.0, 0.0, math.inf) == 1
    assert p_value(0.1, 0.0, math.inf) == 0
    assert p_value(1.959964, 1.0, math.inf) == pytest.approx(0.05, abs=1e-7)


def test_t_interval_agrees_with_scipy() -> None:
    values = [820.0, 910.0, 760.0, 1002.0]
    reference = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    estimate = t_interval(values, confidence=0.9)
    assert estimate.value == pytest.approx(np.mean(values))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(reference))


def test_t_interval_of_what_has_none() -> None:
    assert t_interval([3.0]).value == 3
    assert math.isnan(t_interval([3.0]).low)
    assert math.isnan(t_interval([3.0, math.inf]).value)
    assert math.isnan(t_interval([]).value)
