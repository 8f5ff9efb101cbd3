"""How a number is written, on every page and in every table. What does not exist is a dash."""

import math
from typing import Protocol

from dalmeum.languages import Text

NONE = "-"
NO_INTERVAL = Text("no interval", "구간 없음")
RANGE = Text("{low} to {high}", "{low} ~ {high}")


WIDEST = 1e6
"""The largest number that a label may be: scores are computed in float32."""

NARROWEST = 1e-4
"""The smallest width of a range of labels, as a share of its larger end: float32 tells 1e-7 apart."""


def range_fault(low: float, high: float) -> str | None:
    """What is wrong with a range of labels, and the mend; None where nothing is."""
    ends = f"{low:g}..{high:g}" if f"{low:g}" != f"{high:g}" else f"{low!r}..{high!r}"
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return f"{ends} is empty: give a lower and a higher number"
    if max(abs(low), abs(high)) > WIDEST:
        return f"{ends} is too wide: labels go from {-WIDEST:,.0f} to {WIDEST:,.0f} at most"
    if high - low < NARROWEST * max(abs(low), abs(high), NARROWEST):
        return f"{ends} is too narrow for labels to be told apart: give a lower and a higher number"
    return None


def range_told(ends: tuple[float, float]) -> str:
    """`0..5`, a range of labels."""
    return "{:g}..{:g}".format(*ends)


class Bounded(Protocol):
    """A value between two bounds, which are no numbers where nobody knows them: `stats.Estimate`."""

    @property
    def value(self) -> float: ...

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else NONE


def signed(value: float, digits: int = 4) -> str:
    """With its sign; what rounds to zero has a plus."""
    return f"{round(value, digits) + 0.0:+.{digits}f}" if math.isfinite(value) else NONE


def percent(share: float, digits: int = 1) -> str:
    return f"{share:.{digits}%}" if math.isfinite(share) else NONE


def signed_percent(share: float) -> str:
    """`+25%`; a share of what something is compared with."""
    return f"{round(share, 2) + 0.0:+.0%}" if math.isfinite(share) else NONE


def count(number: int) -> str:
    return f"{number:,}"


def p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value)


def interval(estimate: Bounded, digits: int = 3) -> Text:
    """`0.910 to 0.934`; that there is none where the bounds are not numbers."""
    if not has_interval(estimate):
        return NO_INTERVAL
    return RANGE.format(low=number(estimate.low, digits), high=number(estimate.high, digits))


def signed_interval(estimate: Bounded, digits: int = 4) -> Text:
    """Both bounds with their signs, as of a difference."""
    if not has_interval(estimate):
        return NO_INTERVAL
    return RANGE.format(low=signed(estimate.low, digits), high=signed(estimate.high, digits))


def difference(estimate: Bounded, digits: int = 4) -> Text:
    """A difference in a sentence: `+0.0200 (+0.0100 to +0.0300)`."""
    value = signed(estimate.value, digits)
    if not has_interval(estimate) or value == NONE:
        return Text.same(value)
    bounds = signed_interval(estimate, digits)
    return Text("{value} ({bounds})", "{value}({bounds})").format(value=value, bounds=bounds)


def has_interval(estimate: Bounded) -> bool:
    return math.isfinite(estimate.low) and math.isfinite(estimate.high)
