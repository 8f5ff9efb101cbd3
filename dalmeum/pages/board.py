"""The board: runs in ranks, as a terminal's table and as a page."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison.text import OUTCOMES
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import NONE, has_interval, interval, number, signed, signed_interval
from dalmeum.pages.board_plots import error_map, score_figure
from dalmeum.pages.document import Page, write_page
from dalmeum.pages.listing import INTERVAL, RUN, SCORE, check_own_page, lines_with_texts
from dalmeum.pages.tables import Cell, Group, Row, Table, estimate_cell
from dalmeum.stats import Estimate, Outcome, json_number

BOARD = "board.html"

LONGEST_AUTHOR = 24

RANK, AUTHOR, VERDICT = Text("rank", "순위"), Text("by", "만든 사람"), Text("verdict", "판정")
COST, ERRORS = Text("cost", "비용"), Text("errors with the best's", "1위와의 오차 상관")
TO_BEST, IDEA = Text("less the best", "1위와의 차이"), Text("idea", "아이디어")
HOURS = {
    "processor": Text("{hours} processor h", "프로세서 {hours}시간"),
    "gpu": Text("{hours} GPU h", "GPU {hours}시간"),
}
HEAD = Text("{name}: {pairs}, {runs}", "{name}: {pairs}, {runs}")
PAIRS, RUNS = Text("{count:,} pairs", "문장쌍 {count:,}개"), Text("{count:,} runs", "실행 {count:,}개")
ONE_RUN = Text("1 run", "실행 1개")
GROUPED = Text(
    "{count:,} pairs in {groups:,} groups that share sentences",
    "문장쌍 {count:,}개(같은 문장이 든 {groups:,}개 묶음)",
)
NO_RUNS = Text(
    "no finished run in {output} has labelled dev pairs to be ranked by",
    "{output}에 dev 점수로 순위를 매길 수 있는 끝난 실행이 없습니다",
)
NOTE = Text(
    "runs in one rank can't be told apart from its first (paired test, 5 % for all pairs of runs together); "
    "intervals are each run's own",
    "같은 순위의 실행은 그 순위의 첫 실행과 구별되지 않습니다(짝지은 검정, 모든 실행 쌍을 통틀어 5 %). "
    "구간은 실행마다 따로 구한 것입니다",
)
TAKEN = Text("{idea}: {author} until {until}", "{idea}: {author}, {until}까지")
ONE_EACH = Text(
    "Runs that were judged on other pairs have a table of their own.",
    "다른 쌍으로 채점한 실행은 표를 따로 둡니다.",
)


@dataclass(frozen=True)
class Cost:
    hours: float
    of: Literal["processor", "gpu"]


@dataclass(frozen=True)
class BoardRun:
    """A run on a board.

    Attributes:
        rank: 1 + the number of runs in better ranks.
        idea: the study and arm that it is of, or else its question or name.
        outcome: of that study, on that arm.
        score: Pearson.
        to_best: that less the best run's, on the same pairs.
        page: the address of its own page for a page beside its folder; "" where it has none.
    """

    rank: int
    id: str
    author: str | None
    idea: str
    outcome: Outcome | None
    score: Estimate
    to_best: Estimate
    cost: Cost | None
    page: str
    folder: str


@dataclass(frozen=True, eq=False)
class Board:
    """Runs that were judged on the same pairs, the best first.

    Attributes:
        groups: of the pairs, that they were judged by; None where each stands alone.
        error_correlations: of the runs' errors, (k, k); NaN where those of one do not vary.
    """

    name: str
    pairs: int
    groups: int | None
    runs: tuple[BoardRun, ...]
    error_correlations: NDArray[np.float64]

    @property
    def head(self) -> Text:
        pairs = PAIRS if self.groups is None else GROUPED
        runs = ONE_RUN if len(self.runs) == 1 else RUNS.format(count=len(self.runs))
        return HEAD.format(
            name=self.name, pairs=pairs.format(count=self.pairs, groups=self.groups or 0), runs=runs
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON; `errors_with_best` is the correlation of a run's errors with the best run's."""
        runs = [
            {
                "rank": run.rank,
                "run": run.id,
                "author": run.author,
                "idea": run.idea,
                "outcome": run.outcome,
                "pearson": run.score.to_dict(),
                "less_the_best": run.to_best.to_dict(),
                "cost": run.cost and {"hours": run.cost.hours, "of": run.cost.of},
                "errors_with_best": json_number(float(self.error_correlations[0, place])),
                "folder": run.folder,
            }
            for place, run in enumerate(self.runs)
        ]
        return {"pairs": self.pairs, "groups": self.groups, "file": self.name, "runs": runs}


def board_lines(boards: Sequence[Board], output: str) -> list[str]:
    """Tables for a terminal, one a set of pairs."""
    if not boards:
        return [str(NO_RUNS.format(output=output))]
    lines: list[str] = []
    for board in boards:
        rows: list[Sequence[object]] = [(RANK, RUN, SCORE, INTERVAL, AUTHOR, VERDICT, COST, ERRORS)]
        for place, run in enumerate(board.runs):
            bounds: Shown = interval(run.score) if has_interval(run.score) else ""
            rows.append(
                (
                    run.rank,
                    run.id,
                    number(run.score.value, 4),
                    bounds,
                    run.author or NONE,
                    _verdict(run),
                    _cost(run),
                    _errors(board, place),
                )
            )
        table = lines_with_texts(rows, IDEA, [run.idea for run in board.runs], right=[0, 2, 7], whole=[1])
        lines += ["", str(board.head), *table]
    return [*lines[1:], str(NOTE)]


def write_board(output: Path, boards: Sequence[Board], claims: Sequence[Text]) -> Path:
    """Write the page into the folder of runs, whole in one file, and answer where.

    Raises `InputError` as `write_page` does, and where a page that is none of dalmeum's stands there.
    """
    page = output / BOARD
    check_own_page(page)
    figures = {}
    sections = []
    for place, board in enumerate(boards):
        figures[f"scores-{place}"] = score_figure(board.runs)
        if len(board.runs) > 1:
            figures[f"errors-{place}"] = error_map([run.id for run in board.runs], board.error_correlations)
        sections.append({"head": board.head, "table": board_table(board), "map": len(board.runs) > 1})
    title = Text("Board of {output}", "{output}의 순위표").format(output=output)
    values = {
        "heading": title,
        "sections": sections,
        "claims": claims,
        "note": NOTE,
        "one_each": ONE_EACH if len(boards) > 1 else "",
        "author_column": 4,
        "written": f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
    }
    made = Page(title, "board.html", values, figures, script="board.js")
    write_page(page, made, assets=output, self_contained=True)
    return page


def board_table(board: Board) -> Table:
    rows = []
    for place, run in enumerate(board.runs):
        less = run.to_best
        below = [signed_interval(less)] if place and has_interval(less) else []
        cells = (
            Cell(str(run.rank)),
            estimate_cell(run.score, 4, 3),
            Cell(signed(less.value) if place else NONE, below),
            Cell(shorten(run.author or NONE, LONGEST_AUTHOR)),
            Cell(_verdict(run), mark=run.outcome if run.outcome in {"better", "worse"} else ""),
            Cell(_cost(run)),
            Cell(_errors(board, place)),
            Cell(run.idea),
        )
        rows.append(Row(run.id, cells, link=run.page))
    heads = (RUN, RANK, SCORE, TO_BEST, AUTHOR, VERDICT, COST, ERRORS, IDEA)
    return Table(heads, [Group(rows)], wide=True)


def _verdict(run: BoardRun) -> Shown:
    return NONE if run.outcome is None else OUTCOMES[run.outcome]


def _cost(run: BoardRun) -> Shown:
    if run.cost is None:
        return NONE
    digits = 2 if run.cost.hours >= 0.1 else 4
    return HOURS[run.cost.of].format(hours=number(run.cost.hours, digits))


def _errors(board: Board, place: int) -> str:
    value = float(board.error_correlations[0, place])
    return number(value, 2) if place and math.isfinite(value) else NONE
