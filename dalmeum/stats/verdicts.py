"""What a study may say of its arms: Holm's correction for their number, and the verdict of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalmeum.stats import student
from dalmeum.stats.intervals import CONFIDENCE, Difference

Outcome = Literal["better", "worse", "no_difference", "undecided"]

LEVEL = 1 - CONFIDENCE


@dataclass(frozen=True)
class Verdict:
    """What a difference means.

    Attributes:
        outcome: `better` and `worse` speak of the arm, whichever way the metric points.
        p_value: of "there is no difference", adjusted for the number of arms.
        equivalence_p_value: of "the difference is the smallest effect or more", adjusted likewise.
    """

    outcome: Outcome
    p_value: float
    equivalence_p_value: float


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values (m,) adjusted for their number by Holm's (1979, Scand. J. Statist. 6, 65-70) step-down method.

    The i-th smallest of m is multiplied by m - i + 1; none may be below a smaller one's, nor above 1. NaN
    (a test that could not be made) stays NaN and still counts in m. Of shape (..., m), each m for themselves.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, axis=-1)  # NaN sorts last
    factors = np.arange(p.shape[-1], 0, -1)
    stepped = np.maximum.accumulate(np.take_along_axis(p, order, axis=-1) * factors, axis=-1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1.0), axis=-1)
    return adjusted


def verdict(difference: Difference, smallest_effect: float, *, higher_is_better: bool = True) -> Verdict:
    """The verdict on the one arm of a study; see `verdicts`."""
    return verdicts([difference], smallest_effect, higher_is_better=higher_is_better)[0]


def verdicts(
    differences: Sequence[Difference],
    smallest_effect: float,
    *,
    higher_is_better: bool = True,
    level: float = LEVEL,
) -> list[Verdict]:
    """`no_difference`, `better`, `worse` or `undecided`, tried in this order, for each arm of a study.

    `no_difference`: by two one-sided tests (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15, 657-680) the
    difference lies inside +- `smallest_effect`, so that the arms are equal for all that matters. Each is made
    at half the level, so that of one arm it is what the interval shows. `better` or `worse`: the difference
    is not 0. `undecided`: all else, NaN too. Both p-values are Holm's over the arms: the chance that a study
    says one false thing of any of its arms is the level, however many there are.

    Of trained models (differences without seeds) it holds for new pairs alone: other seeds of the same two
    recipes may turn it.

    Args:
        differences: arms less baseline.
        smallest_effect: smallest difference that matters, in units of the metric, >= 0.
        higher_is_better: False for errors (rmse, mae).
    """
    if not smallest_effect >= 0:
        raise ValueError(f"smallest_effect is {smallest_effect}; expected a number >= 0")
    differ = holm([each.p_value for each in differences])
    equal = holm([student.equivalence_p_value(each, smallest_effect) for each in differences])

    def outcome(arm: int) -> Outcome:
        if equal[arm] < level:
            return "no_difference"
        if differ[arm] < level:
            return "better" if (differences[arm].difference > 0) == higher_is_better else "worse"
        return "undecided"

    return [Verdict(outcome(arm), float(differ[arm]), float(equal[arm])) for arm in range(len(differences))]
