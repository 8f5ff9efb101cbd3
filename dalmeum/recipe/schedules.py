"""Numbers of a recipe that may move over training."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from dalmeum.configuration import Section

Fraction = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class FractionSchedule(Section):
    """A share that moves in a straight line from the first optimisation step to the last."""

    start: Fraction
    end: Fraction


class WeightSchedule(Section):
    """A weight that moves in a straight line from the first optimisation step to the last."""

    start: Weight
    end: Weight


def _number_or_schedule(value: object) -> str:
    return "schedule" if isinstance(value, dict | Section) else "number"


_NUMBER, _SCHEDULE, _EITHER = Tag("number"), Tag("schedule"), Discriminator(_number_or_schedule)
ScheduledFraction = Annotated[Annotated[Fraction, _NUMBER] | Annotated[FractionSchedule, _SCHEDULE], _EITHER]


def _kind_of_task_weight(value: object) -> str | None:
    if isinstance(value, int | float | dict | Section):
        return _number_or_schedule(value)
    return "learned" if value == "learned" else None


TaskWeight = Annotated[
    Annotated[Weight, _NUMBER]
    | Annotated[WeightSchedule, _SCHEDULE]
    | Annotated[Literal["learned"], Tag("learned")],
    Discriminator(
        _kind_of_task_weight,
        custom_error_type="task_weight",
        custom_error_message="must be a number, {start: ..., end: ...} or learned",
    ),
]


def scheduled(value: float | FractionSchedule | WeightSchedule, progress: float) -> float:
    """The number that `value` stands for at `progress` (0 at the first step, 1 at the last)."""
    if isinstance(value, int | float):
        return float(value)
    return value.start + (value.end - value.start) * progress
