"""What ails each arm of a comparison, a row an arm, and the slices of each."""

from collections.abc import Callable, Iterator, Mapping

from dalmeum.comparison.diagnosis import ArmDiagnoses
from dalmeum.comparison.text import ARM
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import ErrorSlice, Kind
from dalmeum.evaluation.slices import IDENTICAL, SPACING_ONLY
from dalmeum.languages import Text
from dalmeum.numbers import interval, number
from dalmeum.pages.diagnosis import slice_title, slices_table
from dalmeum.pages.tables import (
    EMPTY,
    Cell,
    Group,
    Row,
    Table,
    difference_cell,
    is_clear,
    signed_cell,
)
from dalmeum.stats import Estimate

Column = tuple[Text, Callable[[str, Diagnosis], Cell]]

BENT, STRAIGHT = Text("bent", "휨"), Text("straight", "직선")
NOWHERE = Text("nowhere beyond doubt", "뚜렷한 곳 없음")
MOST_NAMED = 4


def arms_table(diagnoses: ArmDiagnoses, against: str) -> Table | None:
    """A row an arm; None where there is nothing to diagnose in any."""
    known = [each for each in diagnoses.values() if each is not None]
    if not known:
        return None
    columns = list(_columns(known, against))
    rows = [
        Row(name, [EMPTY if found is None else cell(name, found) for _, cell in columns])
        for name, found in diagnoses.items()
    ]
    return Table([ARM, *(head for head, _ in columns)], [Group(rows)], wide=True)


def arms_slices(diagnoses: ArmDiagnoses, against: str) -> Mapping[str, Table]:
    """The slices of each arm that has a diagnosis, compared with those of `against`."""
    return {
        name: slices_table(found, None if name == against else against)
        for name, found in diagnoses.items()
        if found is not None
    }


def _columns(known: list[Diagnosis], against: str) -> Iterator[Column]:
    yield Text("RMSE of the line", "직선의 RMSE"), lambda _, found: Cell(number(found.scale.rmse_linear, 4))
    yield Text("curve less line", "곡선 - 직선"), lambda _, found: _scale(found)
    yield (
        Text("Pearson by following the curve", "곡선을 따를 때 피어슨"),
        lambda _, found: signed_cell(found.scale.pearson_gain),
    )
    ceiling = next((each.ceiling.ceiling for each in known if each.ceiling is not None), None)
    if ceiling is not None:
        head = Text("Pearson less the ceiling, {value} ({bounds})", "상한 {value}({bounds}) 대비 피어슨")
        yield head.format(value=number(ceiling.value), bounds=interval(ceiling)), _below_ceiling
    if any(_spacing_only(each) for each in known):
        head = Text(
            "RMSE where only spacing differs, less {against}'s", "띄어쓰기만 다른 쌍의 RMSE, {against} 대비"
        )
        yield head.format(against=against), _spacing_difference
    head = Text("RMSE differs from {against}'s", "{against} 대비 RMSE가 다른 곳")
    yield head.format(against=against), lambda name, found: EMPTY if name == against else _different(found)


def _scale(found: Diagnosis) -> Cell:
    cell, bent = signed_cell(found.scale.difference), found.scale.bent
    return Cell(cell.value, [*cell.below, BENT if bent else STRAIGHT], "over" if bent else "")


def _below_ceiling(_: str, found: Diagnosis) -> Cell:
    return EMPTY if found.ceiling is None else signed_cell(Estimate(-found.ceiling.distance))


def _spacing_only(found: Diagnosis) -> ErrorSlice | None:
    return next((part for part in found.slices.get("spacing", ()) if part.name == SPACING_ONLY), None)


def _spacing_difference(_: str, found: Diagnosis) -> Cell:
    part = _spacing_only(found)
    return EMPTY if part is None else difference_cell(part.difference)


def _different(found: Diagnosis) -> Cell:
    clear = sorted(_differences(found), key=lambda each: -abs(each[2].value))
    if not clear:
        return Cell(NOWHERE)
    return Cell(
        "",
        items=[
            (slice_title(kind, part.name), difference_cell(change))
            for kind, part, change in clear[:MOST_NAMED]
        ],
    )


def _differences(found: Diagnosis) -> Iterator[tuple[Kind, ErrorSlice, Estimate]]:
    """Slices whose interval of the difference does not hold 0, but for those that have a column."""
    for kind, parts in found.slices.items():
        for part in parts:
            change = part.difference
            if change is None or (kind == "spacing" and part.name != IDENTICAL):
                continue
            if is_clear(change):
                yield kind, part, change
