"""Runs beside each other: a terminal's table and a page with a link to each one's own."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum import terminal
from dalmeum.errors import InputError
from dalmeum.languages import Shown, Text
from dalmeum.numbers import NONE
from dalmeum.pages.document import Page, write_page
from dalmeum.pages.scores import written_score
from dalmeum.pages.summary import STATES
from dalmeum.pages.tables import EMPTY, Cell, Group, Row, Table
from dalmeum.progress import duration

INDEX = "index.html"

RUN, STATE, AGE = Text("run", "실행"), Text("state", "상태"), Text("age", "지난 시간")
SCORE, INTERVAL = Text("dev pearson", "dev 피어슨"), Text("95 % interval", "95 % 구간")
QUESTION = Text("question", "질문")
TITLE = Text("Runs in {output}", "{output}의 실행")
NO_RUNS = Text("no runs in {output}", "{output}에 실행이 없습니다")
DAY = 24 * 3600.0
UNBROKEN = 1_000
"""Columns of a table whose rows are to take a line each."""


@dataclass(frozen=True)
class ListedRun:
    """A run as a list shows it.

    Attributes:
        name: what the id says beside the time.
        age: seconds since the run began.
        score: Pearson on dev, `{value, low, high}`; None where it has none.
        page: the address of its own page for a page beside its folder; "" where it has none.
    """

    id: str
    name: str
    state: str
    created: str
    age: float
    question: str | None
    score: dict[str, float | None] | None
    folder: str
    page: str

    def to_dict(self) -> dict[str, Any]:
        shown = ("id", "name", "state", "created", "question", "score", "folder")
        return {name: getattr(self, name) for name in shown}


def listing_lines(runs: Sequence[ListedRun], output: str) -> list[str]:
    """A terminal's table, a row a run. Ids are there to be copied, and stay whole: on a narrow terminal a
    question stands below its run, once for the runs in a row that ask the same.
    """
    if not runs:
        return [str(NO_RUNS.format(output=output))]
    rows: list[Sequence[object]] = [(RUN, SCORE, INTERVAL, STATE, AGE)]
    rows += [(run.id, *written_score(run.score), _state(run), age(run.age)) for run in runs]
    return lines_with_texts(rows, QUESTION, [run.question or "" for run in runs], right=[1], whole=[0])


def lines_with_texts(
    rows: Sequence[Sequence[object]], head: Text, texts: Sequence[str], **how: Any
) -> list[str]:
    """A terminal's table whose last column is of texts; on a narrow one each stands below its row, once for
    rows after one another that have the same. `how` are `right` and `whole` of `terminal.table`.
    """
    lines = terminal.table(rows, width=UNBROKEN, **how)
    width = terminal.terminal_width()
    if max(map(terminal.columns, lines)) + 2 + terminal.LONGEST_WHOLE <= width:
        told = [(*row, text) for row, text in zip(rows, (head, *texts), strict=True)]
        return terminal.table(told, **how)
    first, *lines = lines
    below = [first]
    for line, text, following in zip(lines, texts, (*texts[1:], ""), strict=True):
        below.append(line)
        if text != following:
            below += terminal.wrapped(text, width, first="  ", rest="  ") if text else []
    return below


def write_listing(output: Path, runs: Sequence[ListedRun], *, assets: Path) -> Path:
    """Write the page of runs into their folder, and answer where.

    Raises `InputError` as `write_page` does, and where a page that is none of dalmeum's stands there.
    """
    page = output / INDEX
    check_own_page(page)
    title = TITLE.format(output=output)
    rows = []
    for run in runs:
        cells = (_score(run), Cell(_state(run)), Cell(age(run.age)), Cell(run.question or NONE))
        rows.append(Row(run.id, cells, link=run.page))
    values = {
        "heading": title,
        "count": len(runs),
        "table": Table((RUN, SCORE, STATE, AGE, QUESTION), [Group(rows)], wide=True),
        "written": f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
    }
    write_page(page, Page(title, "listing.html", values), assets=assets)
    return page


def check_own_page(page: Path) -> None:
    """Raise `InputError` where a page that is written anew each time would replace something else."""
    if page.is_file() and b"dalmeum</title>" not in page.read_bytes():
        raise InputError(
            f"{page}: is no page of dalmeum, and is left as it is: move it away to have one here"
        )


def age(seconds: float) -> Text:
    if seconds < 2 * DAY:
        return duration(max(seconds, 0.0))
    return Text("{days:.0f} d", "{days:.0f}일").format(days=seconds / DAY)


def _state(run: ListedRun) -> Shown:
    return STATES.get(run.state, run.state)


def _score(run: ListedRun) -> Cell:
    value, bounds = written_score(run.score)
    return EMPTY if value == NONE else Cell(value, [bounds] if bounds else [])
