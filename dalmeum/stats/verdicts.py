"""What a study may say of an arm: Holm's correction for many arms, and the verdict."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.stats import student
from dalmeum.stats.intervals import CONFIDENCE, NORMAL, Difference
from dalmeum.stats.seeds import SeedDifference, standard_error

Outcome = Literal["better", "worse", "no_difference", "undecided"]


@dataclass(frozen=True)
class Verdict:
    """What a difference means.

    Attributes:
        outcome: `better` and `worse` speak of the arm, whichever way the metric points.
        p_value: adjusted for the number of arms where it was given so.
        seeds_to_decide: smallest number of seeds (of each arm, on these pairs) that would decide if the
            difference and its variances stayed as they are; None where it is decided or no number would.
        pairs_to_decide: the same of pairs, with these seeds.
    """

    outcome: Outcome
    p_value: float
    seeds_to_decide: int | None = None
    pairs_to_decide: int | None = None


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """p-values adjusted for their number by Holm's (1979, Scand. J. Statist. 6, 65-70) step-down method.

    The i-th smallest of m is multiplied by m - i + 1; none may be below a smaller one's, nor above 1. NaN
    (a test that could not be made) stays NaN and still counts in m.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)  # NaN sorts last
    factors = np.arange(len(p), 0, -1)
    stepped = np.maximum.accumulate(p[order] * factors)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def verdict(
    difference: Difference,
    smallest_effect: float,
    *,
    pairs: int | None = None,
    adjusted_p_value: float | None = None,
    higher_is_better: bool = True,
    confidence: float = CONFIDENCE,
) -> Verdict:
    """Says `no_difference`, `better`, `worse` or `undecided`, tried in this order.

    `no_difference`: the interval lies inside +- `smallest_effect`, so that the arms are equal for all that
    matters (as Schuirmann's 1987 two one-sided tests, at half their level). `better` or `worse`: the p-value
    is below 1 - `confidence`. `undecided`: all else, NaN too.

    Of two trained models (a difference without seeds) it holds for new pairs alone: other seeds of the same
    two recipes may turn it, and no number of pairs tells of that, so that `seeds_to_decide` is None.

    Args:
        difference: arm less baseline, whose interval is of the same confidence.
        smallest_effect: smallest difference that matters, in units of the metric, >= 0.
        pairs: of a difference without seeds, the number of pairs that it was taken on; without it nothing is
            said of more of them.
        adjusted_p_value: by `holm` over the arms of the study; None where there is one arm.
        higher_is_better: False for errors (rmse, mae).
    """
    p_value = difference.p_value if adjusted_p_value is None else adjusted_p_value
    outcome = _outcome(difference, smallest_effect, p_value, higher_is_better, confidence)
    if outcome != "undecided" or math.isnan(p_value):
        return Verdict(outcome, p_value)
    # Holm's factor for this arm, taken to stay as it is.
    factor = p_value / difference.p_value
    if not isinstance(difference, SeedDifference):
        more = (
            None
            if pairs is None
            else _pairs_to_decide(difference, pairs, smallest_effect, factor, confidence)
        )
        return Verdict("undecided", p_value, pairs_to_decide=more)

    def decided(seeds: int, pairs: int) -> bool:
        error, freedom = _projected(difference, seeds, pairs)
        centre = abs(difference.difference)
        inside = centre + student.half_width(error, freedom, confidence) < smallest_effect
        return inside or factor * student.p_value(centre, error, freedom) < 1 - confidence

    return Verdict(
        "undecided",
        p_value,
        seeds_to_decide=_smallest(lambda seeds: decided(seeds, difference.pairs), difference.seeds),
        pairs_to_decide=_smallest(lambda pairs: decided(difference.seeds, pairs), difference.pairs),
    )


def _pairs_to_decide(
    difference: Difference, pairs: int, smallest_effect: float, factor: float, confidence: float
) -> int | None:
    """Of two models: with the square root of the number of pairs the bounds come nearer to the difference,
    and the normal quantile of the p-value grows.
    """
    quantile, centre = NORMAL.inv_cdf(difference.p_value / 2), difference.difference

    def decided(more: int) -> bool:
        shrunk = math.sqrt(pairs / more)
        low = centre - shrunk * (centre - difference.low)
        high = centre + shrunk * (difference.high - centre)
        inside = -smallest_effect < low and high < smallest_effect
        return inside or factor * 2 * NORMAL.cdf(quantile / shrunk) < 1 - confidence

    return _smallest(decided, pairs)


def _outcome(
    difference: Difference,
    smallest_effect: float,
    p_value: float,
    higher_is_better: bool,
    confidence: float,
) -> Outcome:
    if not smallest_effect >= 0:
        raise ValueError(f"smallest_effect is {smallest_effect}; expected a number >= 0")
    if -smallest_effect < difference.low and difference.high < smallest_effect:
        return "no_difference"
    if p_value < 1 - confidence:
        return "better" if (difference.difference > 0) == higher_is_better else "worse"
    return "undecided"


def _projected(difference: SeedDifference, seeds: int, pairs: int) -> tuple[float, float]:
    """Standard error and degrees of freedom with other numbers of seeds and pairs."""
    fewer_pairs, fewer_seeds = difference.pairs / pairs, difference.seeds / seeds
    luck = min(difference.cross_variance, difference.seed_variance)
    return standard_error(
        (difference.seed_variance - luck + luck * fewer_pairs) * fewer_seeds,
        difference.seed_degrees_of_freedom + seeds - difference.seeds,
        difference.pair_variance * fewer_pairs,
        difference.cross_variance * fewer_pairs * fewer_seeds,
        seeds,
        pairs,
    )


MOST = 10**9
"""Beyond this many seeds or pairs a number is as good as none."""


def _smallest(decided: Callable[[int], bool], present: int) -> int | None:
    """Smallest number above `present` that decides, for a condition that stays true once it is."""
    if not decided(MOST):
        return None
    low, high = present, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high
