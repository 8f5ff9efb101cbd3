"""Arms against a baseline, over seeds and pairs.

The errors are those of `dalmeum.stats.seeds`, where s^2 is pooled over all arms of the study
(`dalmeum.stats.spread`). Seeds of two arms are independent draws, also where both have the same numbers:
another recipe makes other use of them (on real runs the scores of one seed in two arms correlated -.77).
Only where the caller says so beforehand is the i-th seed of both one draw, and the differences by seed are
what varies. It is so where the i-th seed of all arms was trained on one set of its own
(`dalmeum.stats.training_sets`): what that set does to all arms is in no difference.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import student, weighted
from dalmeum.stats.columns import group_numbers, units
from dalmeum.stats.intervals import CONFIDENCE, Difference
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.seeds import SeedErrors, errors_of, existing, pair_parts, seed_rows, seed_scores
from dalmeum.stats.spread import SeedSpread, paired_spreads, seed_spreads
from dalmeum.stats.training_sets import variance_share
from dalmeum.stats.weighted import Array, Statistic


@dataclass(frozen=True)
class SeedDifference(SeedErrors, Difference):
    """The mean score of an arm less that of the baseline, with its t interval and its error.

    Attributes:
        first: mean score of the arm.
        second: mean score of the baseline.
    """

    first: float
    second: float


def seed_by_pair(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    paired: bool = False,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
    overlap: float = 0.0,
) -> SeedDifference:
    """Difference of two arms' mean scores, tested for new seeds and new pairs.

    The formula and its sources stand at the head of this module.

    Args:
        labels: shape (n,).
        first: the arm's predictions, shape (k, n), a row a seed.
        second: the baseline's, shape (m, n).
        groups: (n,), as in `paired_difference`.
        paired: row i of both arms is one draw of a seed, so the differences by seed are what varies (k = m).
            Otherwise the seeds are independent.
        metric: one of `dalmeum.stats.weighted`, or the like; of (labels, predictions).
        resamples: bootstrap resamples of the pairs, the same for all seeds of both arms.
        overlap: where each seed has a training set of its own, the share of its pairs that one has in common
            with another, from 0 to below 1 (`dalmeum.stats.training_sets`); of paired arms alone.

    Raises:
        ValueError: shapes that do not fit, or fewer than 2 seeds.
    """
    (found,) = seeds_by_pair(
        labels,
        {"first": first},
        second,
        groups=groups,
        paired=paired,
        metric=metric,
        resamples=resamples,
        confidence=confidence,
        seed=seed,
        overlap=overlap,
    ).values()
    return found


def seeds_by_pair(
    labels: ArrayLike,
    arms: Mapping[str, ArrayLike],
    baseline: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    paired: bool = False,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
    overlap: float = 0.0,
) -> dict[str, SeedDifference]:
    """Each arm's difference to the baseline, as `seed_by_pair`, the seeds' spread taken from all arms."""
    sides = {name: seed_rows(labels, rows, name) for name, rows in arms.items()}
    label, second = seed_rows(labels, baseline, "second")
    counts = {len(rows) for _, rows in sides.values()} | {len(second)}
    if paired and len(counts) > 1:
        told = " and ".join(map(str, [*(len(rows) for _, rows in sides.values()), len(second)]))
        raise ValueError(f"{told} seeds can't be paired; give the same seeds or set paired=False")
    grouped = group_numbers(groups, len(label))
    scores, replicates = seed_scores(metric, label, second, resamples, seed, grouped)
    every, parts = [scores], []
    for _, rows in sides.values():
        own, drawn = seed_scores(metric, label, rows, resamples, seed, grouped)
        every.append(own)
        parts.append((_pair_parts_of_paired if paired else _pair_parts_of_two)(drawn, replicates))
    how: Any = {"paired": paired, "confidence": confidence, "overlap": overlap}
    found = judged_together(every, parts, units(grouped, len(label)), **how)
    return dict(zip(arms, found, strict=True))


def judged_together(
    scores: Sequence[Array],
    pair_errors: Sequence[tuple[float, float]],
    pairs: int,
    *,
    paired: bool = False,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> list[SeedDifference]:
    """`seeds_by_pair` from each arm's scores of shape (k,), the baseline's first.

    `pair_errors` are, of each difference, the pairs' variance and the cross variance of `SeedErrors`.
    """
    base, *others = scores
    if overlap and not paired:
        raise ValueError("arms share the training sets that overlap: set paired=True")
    if paired:
        spreads = paired_spreads([own - base for own in others])
        of_mean = variance_share(len(base), overlap)
        parts = [(spread.variance * of_mean, spread.degrees_of_freedom) for spread in spreads]
    else:
        baseline, *spreads = seed_spreads(scores)
        parts = [
            _of_two(spread, len(own), baseline, len(base))
            for spread, own in zip(spreads, others, strict=True)
        ]
    found = []
    for own, part, pair_error in zip(others, parts, pair_errors, strict=True):
        means = float(own.mean()), float(base.mean())
        # The mean of the differences: equal seeds differ by exactly 0.
        value = float((own - base).mean()) if len(own) == len(base) else means[0] - means[1]
        errors = errors_of(part, *pair_error, min(len(own), len(base)), pairs)
        told = student.difference(value, errors.standard_error, errors.degrees_of_freedom, confidence)
        found.append(SeedDifference(**{**vars(told), **vars(errors)}, first=means[0], second=means[1]))
    return found


def _of_two(first: SeedSpread, k: int, second: SeedSpread, m: int) -> tuple[float, float]:
    """Variance of the difference of two means, and its degrees of freedom: of one estimate, or of two."""
    if first.pooled and second.pooled:
        return first.variance * (1 / k + 1 / m), first.degrees_of_freedom
    own = (first.variance / k, first.degrees_of_freedom), (second.variance / m, second.degrees_of_freedom)
    error, freedom = student.satterthwaite(own)
    return error**2, freedom


def _pair_parts_of_paired(first: Array, second: Array) -> tuple[float, float]:
    """The same of the differences of two arms by seed."""
    return pair_parts(first - second)


def _pair_parts_of_two(first: Array, second: Array) -> tuple[float, float]:
    """The same of the difference of two arms whose seeds are independent."""
    both = existing(np.concatenate([first, second], axis=1))
    first, second = both[:, : first.shape[1]], both[:, first.shape[1] :]
    pair_first, cross_first = pair_parts(first)
    pair_second, cross_second = pair_parts(second)
    if math.isnan(pair_first):
        return math.nan, math.nan
    between = float(np.cov(first.mean(axis=1), second.mean(axis=1))[0, 1])
    return pair_first + pair_second - 2 * between, cross_first + cross_second
