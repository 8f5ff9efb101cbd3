"""What a set of pairs, or a study, can show at all: the power of a comparison."""

import math
from collections.abc import Callable

import numpy as np

from dalmeum.stats.correlations import FEWEST_PAIRS, williams
from dalmeum.stats.weighted import Array

LEVEL = 0.05
HALVINGS = 60


def power(n: int, r: float, r23: float, difference: float, *, level: float = LEVEL) -> float:
    """Chance that Williams' test on n pairs finds a difference of two Pearson correlations.

    One run has the correlation `r` with the labels, the other `r - difference`; their predictions correlate
    `r23`. The test is two-sided at `level`. Its statistic at the true correlations is taken for its
    expectation, with a standard error of 1 (Steiger 1980, Psychological Bulletin 87, 245-251; as for any
    asymptotically normal test). ValueError for fewer than 4 pairs and where no three columns can have such
    correlations.
    """
    if n < FEWEST_PAIRS:
        raise ValueError(f"{n} pairs; to compare two correlations takes at least {FEWEST_PAIRS}")
    if not (abs(r) < 1 and abs(r23) < 1):
        raise ValueError(f"r={r}, r23={r23}: both must lie between -1 and 1")
    largest = largest_difference(r, r23)
    if not 0 <= difference <= largest:
        raise ValueError(f"difference={difference}; with r={r} and r23={r23} it can be 0 to {largest:.4f}")
    if difference == 0:
        return level
    from scipy.special import stdtr, stdtrit  # slow to import

    expected = williams(r, r - difference, r23, n).statistic
    critical = float(stdtrit(n - 3, 1 - level / 2))
    return float(stdtr(n - 3, expected - critical) + stdtr(n - 3, -expected - critical))


def smallest_detectable_difference(
    n: int, r: float, r23: float, power: float = 0.8, *, level: float = LEVEL
) -> float:
    """Smallest difference of two Pearson correlations that n pairs show with the chance `power`.

    Arguments and source are those of `power`, the function. NaN where not even the largest difference that
    `r` and `r23` allow would be found.
    """
    largest = largest_difference(r, r23)
    if _power(n, r, r23, largest, level=level) < power:
        return math.nan
    return _smallest(lambda difference: _power(n, r, r23, difference, level=level) >= power, largest)


def largest_difference(r: float, r23: float) -> float:
    """Largest `difference` for which r, r - difference and r23 are correlations of three columns."""
    return r - max(r * r23 - math.sqrt((1 - r**2) * (1 - r23**2)), -1.0)


def study_power(
    effect: float, standard_error: float, degrees_of_freedom: float, *, level: float = LEVEL
) -> float:
    """Chance that a study finds an effect, as `better` or `worse`, by the t test of `seed_by_pair`.

    `effect` is the true difference of the arms' means, of either sign, `standard_error` and
    `degrees_of_freedom` those of its estimate. The test is two-sided at `level`, its statistic a noncentral t
    (Johnson, Kotz and Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 31). ValueError for a
    standard error that is not positive.
    """
    if not standard_error > 0:
        raise ValueError(f"standard_error={standard_error}; a study without error finds any effect")
    if effect == 0:
        return level
    return float(study_powers(effect, np.array([standard_error]), np.array([degrees_of_freedom]), level)[0])


def study_powers(effect: float, standard_errors: Array, degrees_of_freedom: Array, level: float) -> Array:
    """`study_power` of several studies, each of an error that is positive, for an effect that is not 0."""
    from scipy.stats import nct, t  # slow to import

    critical, noncentral = t.ppf(1 - level / 2, degrees_of_freedom), abs(effect) / standard_errors
    found = nct.sf(critical, degrees_of_freedom, noncentral)
    # The other tail is so small that its series may fail.
    return np.asarray(found + np.nan_to_num(nct.cdf(-critical, degrees_of_freedom, noncentral)))


def smallest_detectable_effect(
    standard_error: float, degrees_of_freedom: float, power: float = 0.8, *, level: float = LEVEL
) -> float:
    """Smallest effect that a study of such an error finds with the chance `power`; see `study_power`.

    0 for a study without error; NaN where the error is not known.
    """
    if not math.isfinite(standard_error) or standard_error == 0:
        return standard_error
    from scipy.stats import t

    # Twice what about gives that power: certainly enough.
    critical = t.ppf(1 - level / 2, degrees_of_freedom) + t.ppf(max(power, 0.5), degrees_of_freedom)
    largest = 2 * float(critical) * standard_error
    return _smallest(
        lambda effect: study_power(effect, standard_error, degrees_of_freedom, level=level) >= power, largest
    )


def _smallest(is_enough: Callable[[float], bool], largest: float) -> float:
    """Where a condition that holds at `largest` begins to hold, by halving from 0."""
    low, high = 0.0, largest
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


_power = power
