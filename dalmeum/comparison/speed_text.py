"""How fast arms learn, as a terminal's table says it."""

from dalmeum.comparison.convergence import Pace, Speed
from dalmeum.languages import Text
from dalmeum.numbers import NONE, number, signed, signed_percent

PACES: dict[Pace, Text] = {
    "sooner": Text("sooner", "더 빠름"),
    "later": Text("later", "더 느림"),
    "undecided": Text("undecided", "판정 보류"),
}
REACHED = Text("{reached} of {seeds} seeds", "시드 {seeds}개 중 {reached}개")
NOT_REACHED = Text("not reached", "도달 못 함")


def speed_heads(baseline: str) -> list[Text]:
    return [
        Text("steps to own plateau", "자기 수렴 점수까지 스텝"),
        Text("to {baseline}'s", "{baseline}의 수렴 점수까지").format(baseline=baseline),
    ]


def speed_cells(speed: Speed | None) -> list[str]:
    """Steps to the own plateau and to the baseline's, in brackets against the baseline's own."""
    if speed is None:
        return [NONE, NONE]
    own, level = (number(each.steps.value, 0) for each in (speed.own, speed.level))
    if speed.own.change is not None and speed.level.change is not None and speed.outcome is not None:
        told = "" if speed.outcome == "undecided" else f", {PACES[speed.outcome]}"
        own += f" ({signed_percent(speed.own.change.value - 1)}{told})"
        level += f" ({signed(speed.level.change.value, 0)})"
    reached = reached_told(speed)
    return [own, level if reached is None else f"{level}, {reached}"]


def reached_told(speed: Speed) -> Text | None:
    """How many seeds got to the baseline's level, where not all did."""
    if speed.reached == speed.seeds:
        return None
    return REACHED.format(reached=speed.reached, seeds=speed.seeds) if speed.seeds > 1 else NOT_REACHED
