"""How far a score falls from one set of pairs to another: train to dev, dev to test."""

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats import resampling, weighted
from dalmeum.stats.columns import equal_columns
from dalmeum.stats.intervals import CONFIDENCE, FEWEST_PAIRS, BootstrapDistribution, Difference, influences
from dalmeum.stats.paired import difference_of
from dalmeum.stats.resampling import RESAMPLES, SEED
from dalmeum.stats.weighted import Array, Statistic, Weighted


def gap(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Difference:
    """Score on the first set less that on the second, of one model.

    Each set is (labels, predictions), both of shape (n,), with an n of its own; the sets share no pairs. BCa
    bootstrap of two samples (Efron 1987; Davison and Hinkley 1997, Bootstrap Methods and their Application,
    section 3.2): each is resampled on its own. The bounds are NaN for a set of fewer than 3 pairs.
    """
    sides = [equal_columns(*columns) for columns in (first, second)]
    statistics = [metric(label, prediction) for label, prediction in sides]
    return _two_samples(statistics, [len(side[0]) for side in sides], resamples, confidence, seed)


def gap_difference(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    metric: Statistic = weighted.pearson,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Difference:
    """An arm's `gap` less the baseline's: whether an idea overfits more than what it is compared with.

    Each set is (labels, predictions of the arm, predictions of the baseline), all of shape (n,). Within a
    set the two are compared on the same pairs, so what is hard for both does not widen the interval.
    """
    sides = [equal_columns(*columns) for columns in (first, second)]
    statistics = [
        difference_of(metric(label, arm), metric(label, baseline)) for label, arm, baseline in sides
    ]
    return _two_samples(statistics, [len(side[0]) for side in sides], resamples, confidence, seed)


def _two_samples(
    statistics: list[Weighted], pairs: list[int], resamples: int, confidence: float, seed: int
) -> Difference:
    def evaluate(side: int, blocks: resampling.Blocks) -> Array:
        return resampling.evaluate([statistics[side]], blocks).ravel()

    values = [evaluate(side, resampling.everything(pairs[side])) for side in (0, 1)]
    value = float(values[0][0] - values[1][0])
    if min(pairs) < FEWEST_PAIRS:
        return BootstrapDistribution(value, np.empty(0)).difference(confidence)
    # The seeds of the two sets must differ, or sets of one size would be resampled alike.
    first, second = (
        evaluate(side, resampling.bootstrap(pairs[side], resamples, seed + side)) for side in (0, 1)
    )
    left_out = [influences(evaluate(side, resampling.jackknife(pairs[side]))) for side in (0, 1)]
    influence = np.concatenate([left_out[0], -left_out[1]])
    return BootstrapDistribution.of(value, first - second, influence).difference(confidence)
