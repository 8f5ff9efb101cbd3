"""How far a score falls from one set of pairs to another: train to dev, dev to test."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, student, weighted
from dalmeum.stats.arms import seed_by_pair
from dalmeum.stats.columns import equal_columns, group_numbers, one_row
from dalmeum.stats.intervals import CONFIDENCE, Difference
from dalmeum.stats.paired import difference_of, jackknifed
from dalmeum.stats.resampling import RESAMPLES
from dalmeum.stats.seeds import SeedErrors, mean_over_seeds, pair_degrees_of_freedom
from dalmeum.stats.training_sets import variance_share
from dalmeum.stats.weighted import Array, Statistic

BothGroups = tuple[ArrayLike | None, ArrayLike | None]
"""Of the pairs of each set, as in `paired_difference`."""


def gap(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    groups: BothGroups = (None, None),
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Difference:
    """Score on the first set less that on the second, of one model or in the mean over an arm's seeds.

    Each set is (labels (n,), predictions (n,) or (k, n)), with an n of its own and the seeds in the same
    order; the sets share no pairs.

    Of one model: Student's t on the jackknife's standard errors of both sets, as in `paired_difference`, at
    Satterthwaite's degrees of freedom. The bounds are NaN for a set of fewer than 3 pairs.

    Of k >= 2 seeds, for new seeds and new pairs: with s^2 the variance of the k gaps, and each set's pair
    variance as in `dalmeum.stats.seeds`, the squared standard error is

        s^2 / k + pair variance of the first + pair variance of the second

    with Student's t at Satterthwaite's degrees of freedom. ValueError for other shapes.
    """
    sides = [(label, one_row(predictions)) for label, predictions in (first, second)]
    if all(rows.ndim == 1 for _, rows in sides):
        columns = [equal_columns(*side) for side in sides]
        return jackknifed(
            [
                (metric(*side), len(side[0]), group_numbers(grouped, len(side[0])))
                for side, grouped in zip(columns, groups, strict=True)
            ],
            confidence,
        )
    errors = [
        mean_over_seeds(*side, groups=grouped, metric=metric, resamples=resamples)
        for side, grouped in zip(sides, groups, strict=True)
    ]
    gaps = _seed_scores(metric, *sides[0]) - _seed_scores(metric, *sides[1])
    return _over_seeds(gaps, errors, confidence)


def gap_difference(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    groups: BothGroups = (None, None),
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Difference:
    """An arm's `gap` less the baseline's: whether an idea overfits more than what it is compared with.

    Each set is (labels (n,), predictions of the arm, predictions of the baseline), both of (n,), or of (k, n)
    with the i-th rows of one seed. Within a set the two are compared on the same pairs, so what is hard for
    both does not widen the interval.
    """
    sides = [(label, one_row(arm), one_row(baseline)) for label, arm, baseline in (first, second)]
    if all(arm.ndim == 1 for _, arm, _ in sides):
        columns = [equal_columns(*side) for side in sides]
        return jackknifed(
            [
                (
                    difference_of(metric(label, arm), metric(label, baseline)),
                    len(label),
                    group_numbers(grouped, len(label)),
                )
                for (label, arm, baseline), grouped in zip(columns, groups, strict=True)
            ],
            confidence,
        )
    errors = [
        seed_by_pair(label, arm, baseline, groups=grouped, paired=True, metric=metric, resamples=resamples)
        for (label, arm, baseline), grouped in zip(sides, groups, strict=True)
    ]
    differences = [
        _seed_scores(metric, label, arm) - _seed_scores(metric, label, baseline)
        for label, arm, baseline in sides
    ]
    return _over_seeds(differences[0] - differences[1], errors, confidence)


def gap_over_training_sets(
    train: ArrayLike,
    judged: tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    groups: ArrayLike | None = None,
    metric: Statistic = weighted.pearson,
    overlap: float = 0.0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Difference:
    """`gap`, or `gap_difference`, of k >= 2 seeds that were each trained on a set of their own.

    The luck of the training pairs differs by seed, so that it is in the variance of the k gaps already:
    beside it stands the pair variance of the judged set alone.

    Args:
        train: (k,), each seed's score on its own training pairs; for the difference less the baseline's.
        judged: labels (n,), predictions (k, n), and for the difference the baseline's (k, n).
        groups: of the judged pairs, as in `paired_difference`.
        overlap: of the training sets, as in `seed_by_pair`.
    """
    label, rows, *baseline = judged
    how: Any = {"groups": groups, "metric": metric, "resamples": resamples, "overlap": overlap}
    scores = _seed_scores(metric, label, rows)
    if not baseline:
        side: SeedErrors = mean_over_seeds(label, rows, **how)
    else:
        side = seed_by_pair(label, rows, *baseline, paired=True, **how)
        scores = scores - _seed_scores(metric, label, *baseline)
    return _over_seeds(np.asarray(train, np.float64) - scores, [side], confidence, overlap)


def _seed_scores(metric: Statistic, labels: ArrayLike, predictions: ArrayLike) -> Array:
    """Score of each row of predictions, shape (k,)."""
    statistics = [metric(*equal_columns(labels, row)) for row in np.asarray(predictions)]
    return resampling.evaluate(statistics, resampling.everything(np.size(labels)))[:, 0]


def _over_seeds(
    gaps: Array, sides: Sequence[SeedErrors], confidence: float, overlap: float = 0.0
) -> Difference:
    """Mean of `gaps`, a number a seed, with the errors of the seeds and of both sets' pairs."""
    seeds = len(gaps)
    value = float(gaps.mean())
    parts = [(float(gaps.var(ddof=1)) * variance_share(seeds, overlap), seeds - 1.0)]
    for side in sides:
        freedom = pair_degrees_of_freedom(side.pair_variance, side.cross_variance, seeds, side.pairs)
        parts.append((side.pair_variance, freedom))
    error, freedom = student.satterthwaite(parts)
    # As in `seeds.standard_error`: a pair part that is mostly noise must not take from what the seeds know.
    freedom = max(freedom, seeds - 1.0)
    return student.difference(value, error, freedom, confidence)
