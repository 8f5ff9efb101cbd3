"""The two questions of every comparison, `score` and `difference`; the shape of what is asked about chooses
the method: predictions (n,) are one trained model's, (k, n) those of k seeds of one recipe.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from dalmeum.stats import weighted
from dalmeum.stats.arms import seeds_by_pair
from dalmeum.stats.columns import equal_columns, group_numbers, one_row
from dalmeum.stats.correlations import compare_correlations
from dalmeum.stats.intervals import CONFIDENCE, Difference, Estimate, Score, bca_each
from dalmeum.stats.metrics import Metric, PlainStatistic, metric_named
from dalmeum.stats.paired import jackknifed, paired_difference
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.seeds import mean_over_seeds
from dalmeum.stats.weighted import Array, Statistic, Weighted


def score(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    rows: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> Score:
    """How good a model is, or an arm.

    Args:
        metric: a name in `METRICS`, `module:name`, a `Metric`, or a function as its statistic is.
        labels: (n,).
        rows: predictions of one model, (n,) or (1, n): as `score_each`. Or of k >= 2 seeds, (k, n): a
            `SeedMean`, whose interval holds for new seeds and new pairs.
        groups: (n,), of pairs that may err alike, as those that share sentences; None where every pair stands
            alone.
        overlap: of seeds that have training sets of their own, as in `seed_by_pair`.

    Raises:
        ValueError: an unknown metric, or shapes that do not fit.
    """
    statistic, rows = _statistic(metric), one_row(rows)
    how: Any = {"groups": groups, "resamples": resamples, "confidence": confidence}
    if rows.ndim == 1:
        columns = equal_columns(labels, rows)
        return Score(score_each({"": statistic(*columns)}, len(columns[0]), **how)[""])
    return mean_over_seeds(labels, rows, metric=statistic, overlap=overlap, **how)


def score_each(
    statistics: Mapping[str, Weighted],
    pairs: int,
    *,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> dict[str, Estimate]:
    """Several scores of the same pairs, by name, each with its interval.

    Of pairs that stand alone, the BCa bootstrap. Of `groups`, (n,), Student's t on the jackknife that leaves
    out groups, as in `paired_difference`: a bootstrap that draws groups (Field and Welsh 2007, JRSS B 69,
    369-390) covers too seldom where one of them is large, 84 % simulated with the shape of KorSTS.
    No `resamples`, no interval.
    """
    grouped = group_numbers(groups, pairs)
    if grouped is None or not resamples:
        return bca_each(statistics, pairs, resamples=resamples, confidence=confidence, seed=seed)
    return {
        name: jackknifed([(each, pairs, grouped)], confidence).interval for name, each in statistics.items()
    }


def difference(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    paired: bool = False,
    *,
    groups: ArrayLike | None = None,
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
        groups: as in `score`.
        overlap: of paired seeds that have training sets of their own, as in `seed_by_pair`.

    Raises:
        ValueError: an unknown metric, or shapes that do not fit.
    """
    how: Any = {"groups": groups, "resamples": resamples, "confidence": confidence, "overlap": overlap}
    (found,) = differences_to(metric, labels, {"first": first}, second, paired, **how).values()
    return found


def differences_to(
    metric: str | PlainStatistic,
    labels: ArrayLike,
    arms: Mapping[str, ArrayLike],
    baseline: ArrayLike,
    paired: bool = False,
    *,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> dict[str, Difference]:
    """Each arm's `difference` to the baseline; how much seeds differ is taken from all arms together."""
    statistic, other = _statistic(metric), one_row(baseline)
    rows = {name: one_row(values) for name, values in arms.items()}
    if other.ndim > 1 or any(values.ndim > 1 for values in rows.values()):
        how: Any = {"resamples": resamples, "confidence": confidence, "overlap": overlap}
        return dict(seeds_by_pair(labels, rows, other, groups=groups, paired=paired, metric=statistic, **how))
    return {
        name: _of_models(statistic, labels, values, other, groups, confidence)
        for name, values in rows.items()
    }


def _of_models(
    statistic: Statistic,
    labels: ArrayLike,
    one: Array,
    other: Array,
    groups: ArrayLike | None,
    confidence: float,
) -> Difference:
    if statistic is weighted.pearson:
        try:
            return compare_correlations(labels, one, other, groups=groups, confidence=confidence)
        except ValueError:
            pass  # too few pairs, or predictions that do not vary or mirror each other
    return paired_difference(labels, one, other, groups=groups, metric=statistic, confidence=confidence)


def _statistic(metric: str | PlainStatistic) -> Statistic:
    row = metric_named(metric) if isinstance(metric, str) else metric
    row = row if isinstance(row, Metric) else Metric(row)
    # Pearson has tests of its own, whoever names it.
    return weighted.pearson if row.statistic is weighted.pearson else row
