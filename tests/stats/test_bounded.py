import math

import pytest

from dalmeum.stats import METRICS, Metric, metric_named, weighted
from dalmeum.stats.bounded import with_half_width


@pytest.mark.parametrize("metric", [weighted.pearson, METRICS["pearson"], METRICS["spearman"]])
def test_a_correlation_on_fishers_z(metric: Metric) -> None:
    # r = .6: z = log(4) / 2, and .16 is .16 / (1 - .36) = .25 there.
    found = with_half_width(metric, 0.6, 0.16)
    z = math.log(4) / 2
    assert found.value == 0.6
    assert (found.low, found.high) == pytest.approx((math.tanh(z - 0.25), math.tanh(z + 0.25)))
    assert with_half_width(metric, 0.99, 0.5).high <= 1


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_an_error_on_its_logarithm(name: str) -> None:
    found = with_half_width(metric_named(name), 0.5, 0.1)
    assert (found.low, found.high) == pytest.approx((0.5 * math.exp(-0.2), 0.5 * math.exp(0.2)))
    assert with_half_width(metric_named(name), 0.5, 2.0).low > 0


def test_another_metric_and_a_score_at_its_bound_on_their_own_scale() -> None:
    own = Metric(lambda labels, predictions: float(labels.mean()))
    for metric, score in ((own, 0.6), (weighted.f1, 0.6), (weighted.pearson, 1.0), (weighted.rmse, 0.0)):
        found = with_half_width(metric, score, 0.1)
        assert (found.low, found.high) == pytest.approx((score - 0.1, score + 0.1))


def test_what_does_not_exist() -> None:
    for metric in (weighted.pearson, weighted.rmse):
        assert math.isnan(with_half_width(metric, math.nan, math.nan).low)
        found = with_half_width(metric, 0.5, math.nan)
        assert found.value == 0.5
        assert math.isnan(found.low)
        assert math.isnan(found.high)
