"""What a set of pairs can show at all: the power of a comparison of two runs on it."""

import math

from dalmeum.stats.correlations import FEWEST_PAIRS, williams

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
    low, high = 0.0, largest_difference(r, r23)
    if _power(n, r, r23, high, level=level) < power:
        return math.nan
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(n, r, r23, middle, level=level) >= power else (middle, high)
    return high


def largest_difference(r: float, r23: float) -> float:
    """Largest `difference` for which r, r - difference and r23 are correlations of three columns."""
    return r - max(r * r23 - math.sqrt((1 - r**2) * (1 - r23**2)), -1.0)


_power = power
