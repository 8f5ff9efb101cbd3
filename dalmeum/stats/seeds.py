"""Is the idea better, not the seed: an arm's scores over seeds, and two arms' difference, with both errors.

A score of k seeds on n pairs has two sources of error, and a third where they cross: seeds would differ on
all pairs of the language, pairs would differ for a model of all seeds, and each seed has its own luck with
these pairs. For the mean of k seeds,

    variance = (seed variance + cross variance) / k + pair variance

The variance of the k scores at these pairs, s^2, estimates seed + cross already. The pair-bootstrap variance
of the mean of the k scores is pair variance + cross / k. Their plain sum s^2 / k + bootstrap counts the cross
term twice, and between two arms that differ by luck alone, where all is cross, it is twice the true variance:
simulated, such a test rejects in under 1 % instead of 5 %. So the pair variance here is the mean covariance,
over the bootstrap, of the scores of two different seeds, in which no seed's own luck remains:

    SE^2 = s^2 / k + max(mean covariance of two seeds, 0)

This is the estimate of Obuchowski and Rockette (1995, Communications in Statistics - Simulation and
Computation 24, 285-308) for readers who all read the same cases, with seeds as readers and pairs as cases:
s^2 is their MS(R), the mean covariance their Cov2.

The degrees of freedom are Satterthwaite's (1946): k - 1 for the seed part, as in Hillis (2007, Statistics in
Medicine 26, 596-619). The pair part is a difference of mean squares, (pair + cross / k) - cross / k, of n - 1
and (n - 1)(k - 1) degrees of freedom. Hillis takes it for known, but where it is small against the cross term
it is mostly noise, which would raise the degrees of freedom just where s^2 came out too small (simulated: of
null studies of 3 seeds 5.8 % were rejected so, 4.9 % with the degrees of freedom here). The whole never has
fewer than the seed part.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, student, weighted
from dalmeum.stats.bounded import with_half_width
from dalmeum.stats.columns import Groups, group_numbers, label_and_rows, units
from dalmeum.stats.intervals import (
    CONFIDENCE,
    FEWEST_EXISTING,
    FEWEST_PAIRS,
    Estimate,
    Score,
)
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.training_sets import variance_share
from dalmeum.stats.weighted import Array, Statistic

FEWEST_SEEDS = 2


@dataclass(frozen=True)
class SeedErrors:
    """The error of a mean over seeds, by source.

    Attributes:
        standard_error: for new seeds and new pairs; NaN, as all that follows from it, where a seed has no
            score (constant predictions).
        seed_variance: the seeds' part of the squared standard error, s^2 / k; more where training sets of
            theirs overlap (`dalmeum.stats.training_sets`).
        pair_variance: the pairs' part. The two add up to `standard_error**2`.
        cross_variance: what the seeds' luck with these pairs adds to `seed_variance`; more pairs mend it.
            Estimated apart, from the bootstrap, so it can exceed `seed_variance` by chance.
        seed_degrees_of_freedom: of `seed_variance`; `degrees_of_freedom` are those of the whole.
        seeds: k; the smaller where two arms have different numbers.
        pairs: n, or the number of groups that they are judged by.
    """

    standard_error: float
    degrees_of_freedom: float
    seed_variance: float
    pair_variance: float
    cross_variance: float
    seed_degrees_of_freedom: float
    seeds: int
    pairs: int


@dataclass(frozen=True)
class SeedMean(SeedErrors, Score):
    """The mean score of an arm over seeds, with its t interval and its error."""


def mean_over_seeds(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
    overlap: float = 0.0,
) -> SeedMean:
    """Mean score of an arm over seeds, with an interval that holds for new seeds and new pairs.

    `labels` are of shape (n,), `predictions` of shape (k, n), k >= 2, `groups`, (n,), as in
    `paired_difference`. The formula and its sources stand at the head of this module; `metric` and `overlap`
    are those of `seed_by_pair`. The interval of a correlation is even on Fisher's z, that of an error on its
    logarithm (`dalmeum.stats.bounded`). ValueError for other shapes.
    """
    label, rows = seed_rows(labels, predictions, "predictions")
    grouped = group_numbers(groups, len(label))
    scores, replicates = seed_scores(metric, label, rows, resamples, seed, grouped)
    count = units(grouped, len(label))
    mean = seed_mean(scores, replicates, count, confidence=confidence, overlap=overlap)
    return dataclasses.replace(mean, interval=with_half_width(metric, mean.value, mean.high - mean.value))


def seed_mean(
    scores: Array,
    replicates: Array,
    pairs: int,
    *,
    confidence: float = CONFIDENCE,
    overlap: float = 0.0,
) -> SeedMean:
    """`mean_over_seeds` from the k seeds' scores, shape (k,), and their bootstrap, shape (resamples, k)."""
    part = float(scores.var(ddof=1)) * variance_share(len(scores), overlap), len(scores) - 1.0
    errors = errors_of(part, *pair_parts(replicates), len(scores), pairs)
    return SeedMean(**vars(errors), interval=_interval(float(scores.mean()), errors, confidence))


def standard_error(
    seed_variance: float,
    seed_freedom: float,
    pair_variance: float,
    cross_variance: float,
    seeds: int,
    pairs: int,
) -> tuple[float, float]:
    """Standard error and its degrees of freedom from the parts that `SeedErrors` names."""
    seed_part = np.array(seed_variance), np.array(seed_freedom)
    error, freedom = standard_errors(*seed_part, pair_variance, np.array(cross_variance), seeds, pairs)
    return float(error), float(freedom)


def standard_errors(
    seed_variance: Array,
    seed_freedom: Array,
    pair_variance: float,
    cross_variance: Array,
    seeds: int,
    pairs: int,
) -> tuple[Array, Array]:
    """The same of many at once, element by element: Satterthwaite's formula for two parts."""
    variance = seed_variance + pair_variance
    # Shares of the sum: squares of small variances would underflow. Without variance they do not matter.
    whole = np.where(variance == 0, 1.0, variance)
    of_seeds = (seed_variance / whole) ** 2 / seed_freedom
    of_pairs: Array | float = 0.0
    if pair_variance:
        of_pairs = _noise(pair_variance / whole, cross_variance / whole, seeds) / (pairs - 1)
    with np.errstate(divide="ignore"):
        freedom = np.where(variance == 0, seed_freedom, 1 / (of_seeds + of_pairs))
    return np.sqrt(variance), np.maximum(freedom, seed_freedom)


def pair_degrees_of_freedom(pair_variance: float, cross_variance: float, seeds: int, pairs: int) -> float:
    """Degrees of freedom of a pair variance that is a difference of mean squares; inf where both are 0."""
    noise = float(_noise(np.array(pair_variance), np.array(cross_variance), seeds))
    return (pairs - 1) * pair_variance**2 / noise if noise else math.inf


def _noise(pair_variance: Array, cross_variance: Array, seeds: int) -> Array:
    """Of a pair variance's estimate, times the degrees of freedom of the pairs."""
    return (pair_variance + cross_variance) ** 2 + cross_variance**2 / (seeds - 1)


def seed_rows(labels: ArrayLike, predictions: ArrayLike, name: str) -> tuple[Array, Array]:
    label, rows = label_and_rows(labels, predictions, name)
    if len(rows) < FEWEST_SEEDS:
        raise ValueError(f"{name} of {len(rows)} seed: how much seeds differ takes at least {FEWEST_SEEDS}")
    return label, rows


def seed_scores(
    metric: Statistic, label: Array, rows: Array, resamples: int, seed: int, groups: Groups | None
) -> tuple[Array, Array]:
    """Scores of all rows, shape (rows,), and those of the resamples, shape (resamples, rows).

    Of groups, each is left out in turn, and the scores are scaled so that their covariance is the
    jackknife's: it is all that is asked for, and resamples that hold a large group twice, or not at all, tell
    it badly.
    """
    statistics = [metric(label, row) for row in rows]
    pairs = len(label)
    scores = resampling.evaluate(statistics, resampling.everything(pairs))[:, 0]
    if units(groups, pairs) < FEWEST_PAIRS:
        return scores, np.empty((0, len(rows)))
    if groups is not None:
        blocks = resampling.jackknife(pairs, resampling.MOST_LEFT_OUT, groups)
        left_out = resampling.evaluate(statistics, blocks).T
        return scores, left_out * (len(left_out) - 1) / math.sqrt(len(left_out))
    return scores, resampling.evaluate(statistics, resampling.bootstrap(pairs, resamples, seed)).T


def existing(replicates: Array) -> Array:
    """The resamples in which all seeds have a score; none where too few are left."""
    kept = np.isfinite(replicates).all(axis=1)
    return replicates[kept] if kept.sum() >= FEWEST_EXISTING * len(replicates) else replicates[:0]


def pair_parts(replicates: Array) -> tuple[float, float]:
    """Mean covariance of two seeds' scores, and a seed's own variance beyond it, divided by k."""
    replicates = existing(replicates)
    resamples, seeds = replicates.shape
    if resamples < 2:
        return math.nan, math.nan
    covariance = np.cov(replicates, rowvar=False)
    own = float(np.trace(covariance))
    shared = (float(covariance.sum()) - own) / (seeds * (seeds - 1))
    return shared, (own / seeds - shared) / seeds


def errors_of(
    seed_part: tuple[float, float], pair: float, cross: float, seeds: int, pairs: int
) -> SeedErrors:
    seed_variance, seed_freedom = seed_part
    pair_variance = float(np.maximum(pair, 0.0))
    cross_variance = float(np.maximum(cross, 0.0))
    error, freedom = standard_error(seed_variance, seed_freedom, pair_variance, cross_variance, seeds, pairs)
    return SeedErrors(
        standard_error=error,
        degrees_of_freedom=freedom,
        seed_variance=seed_variance,
        pair_variance=pair_variance,
        cross_variance=cross_variance,
        seed_degrees_of_freedom=seed_freedom,
        seeds=seeds,
        pairs=pairs,
    )


def _interval(centre: float, errors: SeedErrors, confidence: float) -> Estimate:
    width = student.half_width(errors.standard_error, errors.degrees_of_freedom, confidence)
    return Estimate(centre, centre - width, centre + width)
