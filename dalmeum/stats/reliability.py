"""How good a score can get: the reliability of labels that are means of several annotators' scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats.intervals import CONFIDENCE, Estimate, bca_each
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.weighted import Array, Weighted


@dataclass(frozen=True)
class LabelReliability:
    """What annotators' own scores say of their mean.

    Attributes:
        reliability: share of the variance of the labels that is not the annotators' disagreement: the
            correlation to expect with the labels of other annotators, as many.
        ceiling: largest Pearson correlation with these labels to expect of any predictor, that of the true
            label itself: the root of the reliability.
        noise: standard deviation of one annotator's score around the true label, in label units.
        pairs: pairs with at least one score.
    """

    reliability: Estimate
    ceiling: Estimate
    noise: float
    pairs: int


def label_reliability(
    scores: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> LabelReliability:
    """Reliability of the mean score of each pair, and the ceiling that it sets on Pearson.

    `scores` are of shape (n, annotators), NaN where one did not score a pair; who stands in which column
    plays no part, so each pair may have its own annotators. With as many scores for every pair this is
    ICC(1, k) (Shrout and Fleiss 1979, Psychological Bulletin 86, 420-428): 1 - within / between mean square.
    With k_i scores for pair i, the noise of its label is within / k_i, and

        reliability = 1 - within * mean(1 / k_i) / variance of the labels

    The ceiling is Spearman's (1904, American Journal of Psychology 15, 72-101) correction for attenuation. A
    negative reliability is reported as it comes out, and has no ceiling (NaN). Intervals are BCa.
    ValueError for another shape, fewer than 3 pairs with a score, or no pair with two of them.
    """
    table = np.asarray(scores, np.float64)
    if table.ndim != 2:
        raise ValueError(f"scores of shape {table.shape}; expected (pairs, annotators)")
    present = np.isfinite(table)
    table, present = table[present.any(axis=1)], present[present.any(axis=1)]
    counts = present.sum(axis=1).astype(np.float64)
    if len(counts) < 3:
        raise ValueError(f"{len(counts)} pairs with a score; how much labels vary takes at least 3")
    if counts.max() < 2:
        raise ValueError("no pair has the scores of two annotators, so nothing shows how far they agree")
    labels = np.where(present, table, 0).sum(axis=1) / counts
    squares = np.where(present, (table - labels[:, None]) ** 2, 0).sum(axis=1)
    within = _ratio_of_sums(squares, counts - 1)
    reliability = _reliability(labels, counts, within)

    def ceiling(weights: Array) -> Array:
        value = reliability(weights)
        return np.sqrt(np.where(value >= 0, value, np.nan))

    estimates = bca_each(
        {"reliability": reliability, "ceiling": ceiling},
        len(labels),
        resamples=resamples,
        confidence=confidence,
        seed=seed,
    )
    noise = float(np.sqrt(within(np.ones((1, len(labels)))))[0])
    return LabelReliability(estimates["reliability"], estimates["ceiling"], noise, len(labels))


def _reliability(labels: Array, counts: Array, within: Weighted) -> Weighted:
    centred = labels - labels.mean()
    mean_noise = _ratio_of_sums(1 / counts, np.ones_like(counts))

    def value(weights: Array) -> Array:
        total = weights.sum(axis=-1)
        variance = (weights @ centred**2 - (weights @ centred) ** 2 / total) / (total - 1)
        noise = within(weights) * mean_noise(weights)
        varies = variance > 0
        return np.where(varies, 1 - noise / np.where(varies, variance, 1.0), np.nan)

    return value


def _ratio_of_sums(above: Array, below: Array) -> Weighted:
    def value(weights: Array) -> Array:
        total = weights @ below
        return np.where(total > 0, (weights @ above) / np.where(total > 0, total, 1.0), np.nan)

    return value
