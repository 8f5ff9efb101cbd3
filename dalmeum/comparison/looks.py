"""What is told of a study's look: its level where that is not 5 %, and what is exploratory about it."""

import math
from collections.abc import Iterator

from dalmeum.comparison.judge import Judgement
from dalmeum.languages import Text
from dalmeum.stats import Look
from dalmeum.stats.detectable import LEVEL

EXPLORATORY = Text("exploratory: {told}", "탐색적: {told}")
NO_VERDICT = Text(
    "exploratory, no verdict: {reason}; a study of its own (another file name, or --output) with new seeds "
    "decides it",
    "탐색적이며 판정이 아닙니다: {reason}. 판정하려면 새 시드로 비교 실험을 따로 하세요"
    "(파일 이름이나 --output을 다르게)",
)
OWN_LEVEL = Text(
    "look {number} of a study of up to {most} seeds: this look's level is {level}: p below it decides; "
    "intervals stay 95 %",
    "최대 시드 {most}개인 비교 실험의 {number}번째 판정: 이번 판정의 유의수준은 {level}이고 p가 그보다 "
    "작아야 판정이 납니다. 구간은 95 % 그대로입니다",
)
NO_LOOK_LEFT = Text(
    "more seeds would be exploratory here: looks were planned for {most} (max_seeds)",
    "여기서 시드를 더하면 탐색적 결과가 됩니다. 판정은 시드 {most}개까지로 계획되어 있습니다(max_seeds)",
)
CLEAR_AT_5 = Text(
    "its own 95 % interval is clear of 0, but its p is not below this look's level, {level}",
    "따로 보면 95 % 구간이 0을 벗어나지만, p가 이번 판정의 유의수준 {level}보다 작지 않습니다",
)
INSIDE_AT_5 = Text(
    "its own 95 % interval is too small to matter, but not at this look's level, {level}",
    "따로 보면 95 % 구간이 의미 없을 만큼 작지만, 이번 판정의 유의수준 {level}에서는 그렇다고 할 수 없습니다",
)
LAST_LOOK = Text(
    "with {most} seeds here, a last look would find a true difference of {effect} in {power:.0%}",
    "여기서 시드를 {most}개까지 늘리면 실제 차이가 {effect}일 때 마지막 판정이 찾아낼 확률은 "
    "{power:.0%}입니다",
)


def look_told(judgement: Judgement) -> Iterator[Text]:
    """Lines that belong to a table of verdicts; none for a plain look at 5 % that decided all."""
    look = judgement.look
    if look is None:
        return
    yield from standing_told(look)
    if look.exploratory is not None:
        return
    undecided = any(arm.verdict is not None and arm.verdict.outcome == "undecided" for arm in judgement.arms)
    if undecided and look.last_level is None:
        yield NO_LOOK_LEFT.format(most=look.max_seeds)


def standing_told(look: Look) -> Iterator[Text]:
    """That it is exploratory, or its level where that is not 5 %."""
    if look.exploratory is not None:
        yield NO_VERDICT.format(reason=look.exploratory)
    elif not math.isclose(look.level, LEVEL):
        yield OWN_LEVEL.format(number=look.number, most=look.max_seeds, level=level_told(look.level))


def has_full_level(judgement: Judgement) -> bool:
    """Whether p-values are held against 5 %, as the intervals are."""
    return math.isclose(judgement.level, LEVEL)


def level_told(level: float) -> str:
    return f"{100 * level:.3g} %"


def last_look_told(look: Look | None, power: float | None, effect: str) -> Iterator[Text]:
    """What is left to find for the last look of the study, with the chance `power`, None without one."""
    if look is not None and power is not None:
        yield LAST_LOOK.format(most=look.max_seeds, effect=effect, power=power)
