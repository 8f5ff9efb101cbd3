"""The board: runs in ranks, as a terminal's table and as a page."""

import dataclasses
import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison.text import OUTCOMES
from dalmeum.errors import one_line
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import NONE, difference, has_interval, interval, number, signed, signed_interval
from dalmeum.pages.blend import SHARE, by_person, no_gain
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
ADDS = Text("adds", "더하는 점수")
SHARED = Text("share {share}", "몫 {share}")
BLEND = Text(
    "the best blend of these runs scores {blend} on pairs that its weights were not fitted on, {best} alone "
    "{single}: {gain}",
    "이 실행들의 최고 블렌드는 가중치를 맞추지 않은 쌍에서 {blend}, {best}만 쓰면 {single}: {gain}",
)
HEADS = (RANK, RUN, SCORE, INTERVAL, AUTHOR, VERDICT, COST, ERRORS, ADDS, SHARE)
WRITE_IT = Text("write it: {command}", "만들기: {command}")
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
class Part:
    """A run's part in the best blend.

    Attributes:
        weight: 0 where the blend does without it.
        gain: the blend's Pearson less that of the other runs together.
        share: its Shapley value among the runs of weight; None where these are too many.
    """

    weight: float
    gain: float
    share: float | None


@dataclass(frozen=True)
class BestBlend:
    """What a board's runs come to together; all scores are Pearson's r on pairs that no weight was fitted on.

    Attributes:
        method: how the weights were found.
        best, single: the best run alone, and its score.
        gain: the blend's score less that.
        runs: those of weight, by name.
        people: the sum of each one's shares, the largest first; "" for runs of nobody.
        command: what writes it.
    """

    method: str
    score: float
    best: str
    single: float
    gain: Estimate
    runs: tuple[str, ...]
    people: Mapping[str, float]
    command: str

    @property
    def is_shown(self) -> bool:
        """Whether it is shown to be better than the best run alone."""
        return self.gain.low > 0

    @property
    def told(self) -> Text:
        if not self.is_shown:
            return no_gain(self.score, self.best, self.single, self.gain)
        blend, single = number(self.score, 4), number(self.single, 4)
        return BLEND.format(blend=blend, best=self.best, single=single, gain=difference(self.gain))

    def to_dict(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "score": json_number(self.score),
            "best": {"run": self.best, "score": json_number(self.single)},
            "gain": self.gain.to_dict(),
            "shown": self.is_shown,
            "runs": list(self.runs),
            "authors": dict(self.people),
            "command": self.command,
        }


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
        part: in the best blend; None of a run that can be no member of it.
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
    part: Part | None = None


@dataclass(frozen=True, eq=False)
class Board:
    """Runs that were judged on the same pairs, the best first.

    Attributes:
        groups: of the pairs, that they were judged by; None where each stands alone.
        error_correlations: of the runs' errors, (k, k); NaN where those of one do not vary.
        blend: the best one of them; None where fewer than two can be blended.
    """

    name: str
    pairs: int
    groups: int | None
    runs: tuple[BoardRun, ...]
    error_correlations: NDArray[np.float64]
    blend: BestBlend | None = None

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
                "blend": run.part and dataclasses.asdict(run.part),
                "folder": run.folder,
            }
            for place, run in enumerate(self.runs)
        ]
        blend = self.blend and self.blend.to_dict()
        return {
            "pairs": self.pairs,
            "groups": self.groups,
            "file": self.name,
            "runs": runs,
            "blend": blend,
        }


def board_lines(boards: Sequence[Board], output: str) -> list[str]:
    """Tables for a terminal, one a set of pairs."""
    if not boards:
        return [str(NO_RUNS.format(output=output))]
    lines: list[str] = []
    for board in boards:
        rows: list[Sequence[object]] = [HEADS]
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
                    _adds(run),
                    _share(run),
                )
            )
        right = [0, 2, 7, 8, 9]
        table = lines_with_texts(rows, IDEA, [run.idea for run in board.runs], right=right, whole=[1])
        lines += ["", str(board.head), *table, *(one_line(str(line)) for line in _blend_lines(board))]
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
        table, blend = board_table(board), _blend_lines(board)
        sections.append({"head": board.head, "table": table, "map": len(board.runs) > 1, "blend": blend})
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
    made = Page(title, "board.html", values, figures, scripts=("board.js",))
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
            _part_cell(run),
            Cell(run.idea),
        )
        rows.append(Row(run.id, cells, link=run.page))
    heads = (RUN, RANK, SCORE, TO_BEST, AUTHOR, VERDICT, COST, ERRORS, ADDS, IDEA)
    return Table(heads, [Group(rows)], wide=True)


def _blend_lines(board: Board) -> list[Text]:
    """What the best blend scores, the command that writes it, and who adds what."""
    if board.blend is None:
        return []
    lines = [board.blend.told]
    if board.blend.is_shown:
        lines.append(WRITE_IT.format(command=board.blend.command))
    if board.blend.people:
        lines.append(by_person(board.blend.people))
    return lines


def _adds(run: BoardRun) -> str:
    return NONE if run.part is None else signed(run.part.gain)


def _part_cell(run: BoardRun) -> Cell:
    share = _share(run)
    return Cell(_adds(run), [] if share == NONE else [SHARED.format(share=share)])


def _share(run: BoardRun) -> str:
    return NONE if run.part is None or run.part.share is None else number(run.part.share, 4)


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
