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

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, student, weighted
from dalmeum.stats.columns import label_and_rows
from dalmeum.stats.intervals import (
    CONFIDENCE,
    FEWEST_EXISTING,
    FEWEST_PAIRS,
    Difference,
    Estimate,
    Score,
)
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.weighted import Array, Statistic

FEWEST_SEEDS = 2


@dataclass(frozen=True)
class SeedErrors:
    """The error of a mean over seeds, by source.

    Attributes:
        standard_error: for new seeds and new pairs; NaN, as all that follows from it, where a seed has no
            score (constant predictions).
        seed_variance: the seeds' part of the squared standard error, s^2 / k.
        pair_variance: the pairs' part. The two add up to `standard_error**2`.
        cross_variance: what the seeds' luck with these pairs adds to `seed_variance`; more pairs mend it.
            Estimated apart, from the bootstrap, so it can exceed `seed_variance` by chance.
        seed_degrees_of_freedom: of `seed_variance`; `degrees_of_freedom` are those of the whole.
        seeds: k; the smaller where two arms have different numbers.
        pairs: n.
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


@dataclass(frozen=True)
class SeedDifference(SeedErrors, Difference):
    """The mean score of an arm less that of the baseline, with its t interval and its error.

    Attributes:
        first: mean score of the arm.
        second: mean score of the baseline.
    """

    first: float
    second: float


def mean_over_seeds(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    metric: Statistic = weighted.pearson,
    prior_sd: float = 0.0,
    prior_df: float = 0.0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> SeedMean:
    """Mean score of an arm over seeds, with an interval that holds for new seeds and new pairs.

    `labels` are of shape (n,), `predictions` of shape (k, n), k >= 2. The formula and its sources stand at
    the head of this module; `metric` and the prior are those of `seed_by_pair`. ValueError for other shapes.
    """
    label, rows = _seeds(labels, predictions, "predictions")
    scores, replicates = _scores(metric, label, rows, resamples, seed)
    return seed_mean(
        scores, replicates, len(label), prior_sd=prior_sd, prior_df=prior_df, confidence=confidence
    )


def seed_mean(
    scores: Array,
    replicates: Array,
    pairs: int,
    *,
    prior_sd: float = 0.0,
    prior_df: float = 0.0,
    confidence: float = CONFIDENCE,
) -> SeedMean:
    """`mean_over_seeds` from the k seeds' scores, shape (k,), and their bootstrap, shape (resamples, k)."""
    spread = _seed_part(scores, prior_sd, prior_df)
    errors = _errors([spread], *_pair_parts(replicates), len(scores), pairs)
    return SeedMean(**vars(errors), interval=_interval(float(scores.mean()), errors, confidence))


def seed_by_pair(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    paired: bool = True,
    metric: Statistic = weighted.pearson,
    prior_sd: float = 0.0,
    prior_df: float = 0.0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> SeedDifference:
    """Difference of two arms' mean scores, tested for new seeds and new pairs.

    The formula and its sources stand at the head of this module.

    Args:
        labels: shape (n,).
        first: the arm's predictions, shape (k, n), a row a seed.
        second: the baseline's, shape (m, n).
        paired: row i of both arms has the same seed, so the differences by seed are what varies (k = m).
            Otherwise the seeds are independent, and each arm has its own variance (Welch 1947).
        metric: one of `dalmeum.stats.weighted`, or the like; of (labels, predictions).
        prior_sd: standard deviation over seeds expected from earlier studies: of the difference where the
            seeds are paired, of one arm's score where not.
        prior_df: how many degrees of freedom that expectation is worth. The variance becomes
            (prior_df * prior_sd^2 + (k - 1) * s^2) / (prior_df + k - 1), with prior_df + k - 1 degrees of
            freedom (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6, scaled inverse chi^2).
        resamples: bootstrap resamples of the pairs, the same for all seeds of both arms.

    Raises:
        ValueError: shapes that do not fit, fewer than 2 seeds, or a negative prior.
    """
    label, arm = _seeds(labels, first, "first")
    label, baseline = _seeds(label, second, "second")
    k, m = len(arm), len(baseline)
    if paired and k != m:
        raise ValueError(f"{k} and {m} seeds can't be paired; give the same seeds or set paired=False")
    scores, replicates = _scores(metric, label, np.concatenate([arm, baseline]), resamples, seed)
    if paired:
        spreads = [_seed_part(scores[:k] - scores[k:], prior_sd, prior_df)]
        pair, cross = _pair_parts(replicates[:, :k] - replicates[:, k:])
    else:
        spreads = [_seed_part(part, prior_sd, prior_df) for part in (scores[:k], scores[k:])]
        pair, cross = _pair_parts_of_two(replicates[:, :k], replicates[:, k:])
    means = float(scores[:k].mean()), float(scores[k:].mean())
    difference = means[0] - means[1]
    errors = _errors(spreads, pair, cross, min(k, m), len(label))
    return SeedDifference(
        **vars(errors),
        interval=_interval(difference, errors, confidence),
        p_value=student.p_value(difference, errors.standard_error, errors.degrees_of_freedom),
        first=means[0],
        second=means[1],
    )


def standard_error(
    seed_variance: float,
    seed_freedom: float,
    pair_variance: float,
    cross_variance: float,
    seeds: int,
    pairs: int,
) -> tuple[float, float]:
    """Standard error and its degrees of freedom from the parts that `SeedErrors` names."""
    pair_freedom = pair_degrees_of_freedom(pair_variance, cross_variance, seeds, pairs)
    error, freedom = student.satterthwaite([(seed_variance, seed_freedom), (pair_variance, pair_freedom)])
    return error, max(freedom, seed_freedom)


def pair_degrees_of_freedom(pair_variance: float, cross_variance: float, seeds: int, pairs: int) -> float:
    """Degrees of freedom of a pair variance that is a difference of mean squares; inf where both are 0."""
    noise = (pair_variance + cross_variance) ** 2 + cross_variance**2 / (seeds - 1)
    return (pairs - 1) * pair_variance**2 / noise if noise else math.inf


def _seeds(labels: ArrayLike, predictions: ArrayLike, name: str) -> tuple[Array, Array]:
    label, rows = label_and_rows(labels, predictions, name)
    if len(rows) < FEWEST_SEEDS:
        raise ValueError(f"{name} of {len(rows)} seed: how much seeds differ takes at least {FEWEST_SEEDS}")
    return label, rows


def _scores(metric: Statistic, label: Array, rows: Array, resamples: int, seed: int) -> tuple[Array, Array]:
    """Scores of all rows, shape (rows,), and those of the resamples in which all exist."""
    statistics = [metric(label, row) for row in rows]
    pairs = len(label)
    scores = resampling.evaluate(statistics, resampling.everything(pairs))[:, 0]
    if pairs < FEWEST_PAIRS:
        return scores, np.empty((0, len(rows)))
    replicates = resampling.evaluate(statistics, resampling.bootstrap(pairs, resamples, seed)).T
    existing = np.isfinite(replicates).all(axis=1)
    return scores, replicates[existing] if existing.mean() >= FEWEST_EXISTING else replicates[:0]


def _seed_part(scores: Array, prior_sd: float, prior_df: float) -> tuple[float, float]:
    """Variance of the mean of k seeds that the seeds cause, and its degrees of freedom."""
    if prior_sd < 0 or prior_df < 0:
        raise ValueError(f"prior_sd={prior_sd}, prior_df={prior_df}: neither can be negative")
    count = len(scores)
    freedom = prior_df + count - 1
    squares = prior_df * prior_sd**2 + (count - 1) * float(scores.var(ddof=1))
    return squares / freedom / count, freedom


def _pair_parts(replicates: Array) -> tuple[float, float]:
    """Mean covariance of two seeds' scores, and a seed's own variance beyond it, divided by k."""
    resamples, seeds = replicates.shape
    if resamples < 2:
        return math.nan, math.nan
    covariance = np.cov(replicates, rowvar=False)
    own = float(np.trace(covariance))
    shared = (float(covariance.sum()) - own) / (seeds * (seeds - 1))
    return shared, (own / seeds - shared) / seeds


def _pair_parts_of_two(first: Array, second: Array) -> tuple[float, float]:
    """The same of the difference of two arms whose seeds are independent."""
    pair_first, cross_first = _pair_parts(first)
    pair_second, cross_second = _pair_parts(second)
    if math.isnan(pair_first):
        return math.nan, math.nan
    between = float(np.cov(first.mean(axis=1), second.mean(axis=1))[0, 1])
    return pair_first + pair_second - 2 * between, cross_first + cross_second


def _errors(
    seed_parts: list[tuple[float, float]], pair: float, cross: float, seeds: int, pairs: int
) -> SeedErrors:
    seed_error, seed_freedom = student.satterthwaite(seed_parts)
    seed_variance = seed_error**2
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
