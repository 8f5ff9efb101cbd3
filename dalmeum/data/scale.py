"""The scale that labels are on, and whether it is the one that they are said to be on.

Labels that never leave the lower two fifths of their range are hardly on it: more than half of the labels of
KorSTS, STS-B, KLUE-STS and SICK lie above, so that eight pairs below are one draw in two hundred or less.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dalmeum.data.table import PairTable
from dalmeum.data.telling import Finding, finding
from dalmeum.languages import Text

UNREACHED = 0.4
"""The part of its range that a scale's highest label passes."""

FEWEST = 8
"""Labels that tell a scale."""

_SETTING = "data.label_range=[{scale.low:g},{scale.high:g}] (--label-range {scale.low:g} {scale.high:g})"

OTHER_SCALE = Text(
    "labels go from {low:g} to {high:g}, not over {wide[0]:g} to {wide[1]:g}: if that is their scale, set "
    + _SETTING,
    "레이블이 {wide[0]:g}~{wide[1]:g}에 퍼져 있지 않고 {low:g}~{high:g}에만 있습니다. "
    "이것이 레이블의 척도라면 이렇게 지정하세요: " + _SETTING,
)
BINARY = Text(
    "labels are {low:g} and {high:g} alone, as in a binary column: name the scores' column as label, or set "
    + _SETTING,
    "레이블이 {low:g}과 {high:g}뿐이어서 이진 레이블로 보입니다. 점수가 든 열을 label로 지정하거나, "
    "이것이 레이블의 척도라면 이렇게 지정하세요: " + _SETTING,
)
TWO_SCALES = Text(
    "labels go from {low:g} to {high:g}, those of {other} from {other_low:g} to {other_high:g}: bring all "
    "files to one scale, and data.label_range to it",
    "레이블이 {low:g}~{high:g}에 있는데 {other}의 레이블은 {other_low:g}~{other_high:g}에 있습니다. "
    "모든 파일을 한 척도로 맞추고 data.label_range도 그에 맞추세요",
)


@dataclass(frozen=True)
class Scale:
    """Lowest and highest label."""

    low: float
    high: float


def scale_of(table: PairTable) -> Scale:
    """The label range; where the labels seem to be on a smaller scale, that one."""
    return _smaller(table) or Scale(*table.label_range)


def scale_findings(tables: Sequence[PairTable]) -> list[Finding]:
    """Of tables whose labels seem to be on another scale than those of another table, or than their range."""
    findings: list[Finding] = []
    told: set[int] = set()
    for one, two in itertools.permutations(range(len(tables)), 2):
        small, large = _ends(tables[one]), _ends(tables[two])
        if small is None or large is None or one in told:
            continue
        if _unreached(small.high, min(small.low, large.low), large.high):
            what = TWO_SCALES.format(
                low=small.low,
                high=small.high,
                other=tables[two].name,
                other_low=large.low,
                other_high=large.high,
            )
            findings.append(finding("problem", "two_scales", tables[one], what, (), len(tables[one])))
            told.add(one)
    for row, table in enumerate(tables):
        scale, ends = _smaller(table), _ends(table)
        if scale is None or ends is None or table.label is None or row in told:
            continue
        what = BINARY if np.isin(table.label, (ends.low, ends.high)).all() else OTHER_SCALE
        what = what.format(low=ends.low, high=ends.high, wide=table.label_range, scale=scale)
        findings.append(finding("problem", "label_scale", table, what, (), len(table)))
    return findings


def _smaller(table: PairTable) -> Scale | None:
    """The scale that the labels seem to be on, where it is not their range."""
    ends = _ends(table)
    if ends is None or not _unreached(ends.high, *table.label_range):
        return None
    return Scale(table.label_range[0], _round_end(ends.high))


def _ends(table: PairTable) -> Scale | None:
    """The lowest and the highest label; None for labels that are too few, or all the same."""
    label = table.label
    if label is None or len(label) < FEWEST or np.ptp(label) == 0:
        return None
    return Scale(float(label.min()), float(label.max()))


def _unreached(top: float, low: float, high: float) -> bool:
    return top - low <= UNREACHED * (high - low)


def _round_end(top: float) -> float:
    """The end of a scale that a highest label may belong to: 1, a whole number, or a ten."""
    return float(math.ceil(top)) if top <= 10 else float(10 * math.ceil(top / 10))
