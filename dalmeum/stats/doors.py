"""The two questions of every comparison, `score` and `difference`; the shape of what is asked about chooses
the method: predictions (n,) are one trained model's, (k, n) those of k seeds of one recipe.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.arms import seeds_by_pair
from dalmeum.stats.columns import equal_columns, one_row
from dalmeum.stats.correlations import compare_correlations
from dalmeum.stats.intervals import CONFIDENCE, Difference, Score, bca
from dalmeum.stats.metrics import Metric, PlainStatistic, metric_named
from dalmeum.stats.paired import paired_difference
from dalmeum.stats.resampling import RESAMPLES
from dalmeum.stats.seeds import mean_over_seeds
from dalmeum.stats.weighted import Array, Statistic


def score(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    rows: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> Score:
    """How good a model is, or an arm.

    Args:
        metric: a name in `METRICS`, `module:name`, a `Metric`, or a function as its statistic is.
        labels: (n,).
        rows: predictions of one model, (n,) or (1, n): the BCa bootstrap over pairs. Or of k >= 2 seeds,
            (k, n): a `SeedMean`, whose interval holds for new seeds and new pairs.
        overlap: of seeds that have training sets of their own, as in `seed_by_pair`.

    Raises:
        ValueError: an unknown metric, or shapes that do not fit.
    """
    statistic, rows = _statistic(metric), one_row(rows)
    if rows.ndim == 1:
        columns = equal_columns(labels, rows)
        return Score(bca(statistic, *columns, resamples=resamples, confidence=confidence))
    how: Any = {"resamples": resamples, "confidence": confidence, "overlap": overlap}
    return mean_over_seeds(labels, rows, metric=statistic, **how)


def difference(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    paired: bool = False,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> Difference:
    """By how much the first scores above the second, on the same n pairs.

    Args:
        metric, labels: as in `score`.
        first, second: predictions of one model each, (n,) or (1, n): Student's t on the jackknife's standard
            error (`paired_difference`); of Pearson a `CorrelationComparison`, with the tests of Williams,
            Steiger and Zou beside it, where those can be made. Or of k >= 2 seeds each, (k, n) and (m, n):
            a `SeedDifference` (Obuchowski and Rockette).
        paired: of seeds, the i-th rows of both are one draw (k = m), so that differences by seed are what
            varies. Say so only where it was decided before the runs.
        overlap: of paired seeds that have training sets of their own, as in `seed_by_pair`.

    Raises:
        ValueError: an unknown metric, or shapes that do not fit.
    """
    how: Any = {"resamples": resamples, "confidence": confidence, "overlap": overlap}
    (found,) = differences_to(metric, labels, {"first": first}, second, paired, **how).values()
    return found


def differences_to(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    arms: Mapping[str, ArrayLike],
    baseline: ArrayLike,
    paired: bool = False,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> dict[str, Difference]:
    """Each arm's `difference` to the baseline; how much seeds differ is taken from all arms together."""
    statistic, other = _statistic(metric), one_row(baseline)
    rows = {name: one_row(values) for name, values in arms.items()}
    if other.ndim > 1 or any(values.ndim > 1 for values in rows.values()):
        how: Any = {"resamples": resamples, "confidence": confidence, "overlap": overlap}
        return dict(seeds_by_pair(labels, rows, other, paired=paired, metric=statistic, **how))
    return {name: _of_models(statistic, labels, values, other, confidence) for name, values in rows.items()}


def _of_models(
    statistic: Statistic, labels: ArrayLike, one: Array, other: Array, confidence: float
) -> Difference:
    if statistic is weighted.pearson:
        try:
            return compare_correlations(labels, one, other, confidence=confidence)
        except ValueError:
            pass  # too few pairs, or predictions that do not vary or mirror each other
    return paired_difference(labels, one, other, metric=statistic, confidence=confidence)


def _statistic(metric: str | PlainStatistic) -> Statistic:
    row = metric_named(metric) if isinstance(metric, str) else metric
    row = row if isinstance(row, Metric) else Metric(row)
    # Pearson has tests of its own, whoever names it.
    return weighted.pearson if row.statistic is weighted.pearson else row
