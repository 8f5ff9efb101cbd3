"""Student's t for an estimate whose variance is a sum of estimated parts."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dalmeum.stats.intervals import CONFIDENCE, Difference, Estimate
from dalmeum.stats.training_sets import variance_share


def satterthwaite(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Standard error and degrees of freedom of an estimate whose variance is the sum of independent parts.

    Each part is (variance, degrees of freedom). Satterthwaite (1946, Biometrics Bulletin 2, 110-114,
    equation 17): (sum of v)^2 / sum of (v^2 / df). Without variance they are the fewest of the parts.
    """
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 0.0, min(freedom for _, freedom in parts)
    # Shares of the sum: squares of small variances would underflow.
    freedom = 1 / sum((part / variance) ** 2 / freedom for part, freedom in parts if part != 0)
    return math.sqrt(variance), freedom


def half_width(standard_error: float, degrees_of_freedom: float, confidence: float = CONFIDENCE) -> float:
    """Half the width of the t interval."""
    from scipy.special import stdtrit  # slow to import, and a report of one run needs none

    return float(stdtrit(degrees_of_freedom, (1 + confidence) / 2)) * standard_error


def p_value(difference: float, standard_error: float, degrees_of_freedom: float) -> float:
    """Two-sided p of "the difference is 0"; 1 for a difference of 0, even without a standard error."""
    if difference == 0:
        return 1.0
    if standard_error == 0:
        return 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(degrees_of_freedom, -abs(difference) / standard_error))


def equivalence_p_value(found: Difference, margin: float) -> float:
    """p of "the difference is `margin` or more, either way": 1 less the confidence of the interval that just
    fits inside +- margin.

    Two one-sided tests, each at half the level (Schuirmann 1987). 1 where the difference itself lies outside.
    """
    room = margin - abs(found.difference)
    if math.isnan(room):
        return math.nan
    return p_value(room, found.standard_error, found.degrees_of_freedom) if room > 0 else 1.0


def difference(
    value: float, standard_error: float, degrees_of_freedom: float, confidence: float = CONFIDENCE
) -> Difference:
    """A difference with its t interval and p-value."""
    width = half_width(standard_error, degrees_of_freedom, confidence)
    return Difference(
        interval=Estimate(value, value - width, value + width),
        p_value=p_value(value, standard_error, degrees_of_freedom),
        standard_error=standard_error,
        degrees_of_freedom=degrees_of_freedom,
    )


def t_interval(values: ArrayLike, *, confidence: float = CONFIDENCE, overlap: float = 0.0) -> Estimate:
    """Mean of independent values of shape (k,) with Student's (1908) t interval.

    For what has one number a seed and no pairs, as the steps to a target. The bounds are NaN for fewer than
    2 values, and all is NaN where a value is not finite (a target that was never reached). `overlap` is that
    of `seed_by_pair`.
    """
    column = np.asarray(values, np.float64)
    if not np.isfinite(column).all() or not column.size:
        return Estimate(math.nan)
    mean, count = float(column.mean()), len(column)
    if count < 2:
        return Estimate(mean)
    error = float(column.std(ddof=1)) * math.sqrt(variance_share(count, overlap))
    width = half_width(error, count - 1, confidence)
    return Estimate(mean, mean - width, mean + width)
