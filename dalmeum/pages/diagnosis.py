"""What a page shows of a diagnosis: its slices as a table, and those that lose most by name."""

import math
from collections.abc import Iterator
from typing import Any

from dalmeum.evaluation.diagnosis import Diagnosis, ErrorSlice, Kind
from dalmeum.evaluation.slices import IDENTICAL, OTHER, SPACING_ONLY
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import count, has_interval, interval, number, percent, signed
from dalmeum.pages.scores import PAIRS
from dalmeum.pages.tables import EMPTY, Cell, Group, Row, Table, difference_cell
from dalmeum.pages.text import LONGEST_NAME, NO_SOURCE

KINDS: dict[Kind, Text] = {
    "spacing": Text("spacing", "띄어쓰기"),
    "source": Text("source", "출처"),
    "length": Text("characters", "글자 수"),
    "prediction": Text("prediction", "예측"),
    "label": Text("label", "레이블"),
}
SPACING = {
    SPACING_ONLY: Text("differ in spacing only", "띄어쓰기만 다름"),
    IDENTICAL: Text("identical", "똑같은 두 문장"),
    OTHER: Text("all others", "나머지"),
}
HEADS = (
    Text("slice", "조각"),
    PAIRS,
    Text("share of pairs", "쌍의 비중"),
    Text("share of lost score", "잃은 점수의 비중"),
    Text("times its share", "비중 대비 배수"),
    Text("mean residual", "평균 잔차"),
    "RMSE",
)
AGAINST = Text("RMSE, less {against}'s", "{against} 대비 RMSE")
NAMED = Text.same("{kind} {name}")
MOST_NAMED = 5


def diagnosis_values(diagnosis: Diagnosis | None) -> dict[str, Any]:
    """What the template `diagnosis.html` names, but for the split."""
    if diagnosis is None:
        return {"diagnosis": None}
    return {
        "diagnosis": diagnosis,
        "lost_share": 1 - diagnosis.score.value**2,
        "hard_slices": [(slice_title(kind, part.name), part) for kind, part in hard_slices(diagnosis)],
        "slices": slices_table(diagnosis),
    }


def slice_name(kind: Kind, name: str) -> Shown:
    if kind == "spacing":
        return SPACING[name]
    return shorten(name, LONGEST_NAME) if name else NO_SOURCE


def slice_title(kind: Kind, name: str) -> Text:
    """A slice's name with its kind, for where it stands without its table."""
    if kind == "spacing":
        return SPACING[name]
    return NAMED.format(kind=KINDS[kind], name=slice_name(kind, name))


def slices_table(diagnosis: Diagnosis, against: str | None = None) -> Table:
    """All slices, those of a kind under its name, and what each differs from the arm `against` by."""
    more = () if against is None else (AGAINST.format(against=against),)
    groups = [
        Group([_row(slice_name(kind, part.name), part, against is not None) for part in parts], KINDS[kind])
        for kind, parts in diagnosis.slices.items()
    ]
    return Table([*HEADS, *more], groups)


def hard_slices(diagnosis: Diagnosis) -> Iterator[tuple[Kind, ErrorSlice]]:
    """Those that hold more than their share, the largest excess first, five at most.

    None by label: the labels at the ends of the scale are hard for any model that is not perfect.
    """
    hard = [
        (kind, part)
        for kind, parts in diagnosis.slices.items()
        for part in parts
        if part.harder and kind != "label" and (kind, part.name) != ("spacing", OTHER)
    ]
    hard.sort(key=lambda each: each[1].share_of_pairs - each[1].share_of_lost_score)
    yield from hard[:MOST_NAMED]


def _row(name: Shown, part: ErrorSlice, compared: bool) -> Row:
    error = part.relative_error
    known = math.isfinite(error.value)
    times = Cell(
        number(error.value, 2),
        (interval(error, 2),) if has_interval(error) else (),
        "over" if part.harder else "",
    )
    cells = [
        Cell(count(part.pairs)),
        Cell(percent(part.share_of_pairs)),
        Cell(percent(part.share_of_lost_score)) if known else EMPTY,
        times,
        Cell(signed(part.bias, 2)),
        Cell(number(part.rmse, 2)),
    ]
    return Row(name, [*cells, difference_cell(part.difference)] if compared else cells)
