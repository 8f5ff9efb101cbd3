"""The runs that a study needs: finished ones, those to be made, and those that another process makes."""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from dalmeum.errors import DalmeumError
from dalmeum.experiments.jobs import default_jobs
from dalmeum.experiments.workers import Order, Workers
from dalmeum.languages import Text, counted
from dalmeum.progress import Progress
from dalmeum.runs.folder import Run, open_run
from dalmeum.runs.lock import Holder, holder_of
from dalmeum.runs.reuse import Wanted, runs_by_key

RUNS = Text("runs", "실행")
TO_DO = Text("{count} of {counted} to do", "실행 {runs}개 중 {count}개를 돌립니다")
CELL = Text.same("{cell}: {outcome} ({told})")
FAILED = Text("failed: {error}", "실패: {error}")
MADE_ELSEWHERE = Text("{outcome}, made by another process", "{outcome}, 다른 프로세스가 학습함")
AWAITED = Text(
    "another process ({holder}) makes, and this one awaits: {cells}",
    "다른 프로세스({holder})가 학습 중이라 기다립니다: {cells}",
)
UNCERTAIN = Text(
    "{count} of the finished runs are from before it was kept what their encoder held: it may have been "
    "another than today's; delete them to have them made anew",
    "끝난 실행 중 {count}개는 인코더의 내용을 기록하기 전의 것이라 지금의 인코더와 다를 수 있습니다. "
    "다시 학습하려면 지우세요",
)

LOOK_EVERY = 2.0
"""Seconds between two looks at what another process makes."""

Cell = TypeVar("Cell", bound=Hashable)


@dataclass
class _Work(Generic[Cell]):
    """How far a study is.

    Attributes:
        orders, wanted: of all its runs, in their order.
        outcome: what is told of a finished run.
        runs: those that are finished.
        awaited: those that other processes make.
        failures: why others failed.
    """

    output: Path
    orders: Mapping[Cell, Order]
    wanted: Mapping[Cell, Wanted]
    progress: Progress
    outcome: Callable[[Run], Text]
    runs: dict[Cell, Run] = field(default_factory=dict)
    awaited: set[Cell] = field(default_factory=set)
    failures: dict[Cell, str] = field(default_factory=dict)

    def look(self) -> None:
        """Take the results that are there, and find out which of the rest other processes make."""
        finished = runs_by_key(self.output, {"finished"})
        unfinished = runs_by_key(self.output, {"running", "failed"})
        holders: dict[Holder, list[str]] = {}
        before, self.awaited = self.awaited, set()
        for cell in self.open():
            key = self.wanted[cell].key
            run = self.wanted[cell].first_of(finished.get(key, ()))
            if run is not None:
                self.runs[cell] = run
                self.progress.advance()
                if cell in before:
                    self._tell(cell, MADE_ELSEWHERE.format(outcome=self.outcome(run)))
            elif holder := next(filter(None, map(_holder, unfinished.get(key, ()))), None):
                self.awaited.add(cell)
                if cell not in before:
                    holders.setdefault(holder, []).append(str(cell))
        for holder, cells in holders.items():
            self.progress.line(AWAITED.format(holder=holder, cells="; ".join(cells)))

    def _tell(self, cell: Cell, outcome: Text) -> None:
        self.progress.line(CELL.format(cell=cell, outcome=outcome, told=self.progress.told()))

    def open(self) -> list[Cell]:
        """Those that are neither finished nor failed."""
        return [cell for cell in self.orders if cell not in self.runs and cell not in self.failures]

    def make(self, workers: Workers) -> None:
        """Make what nobody else makes."""
        orders = {cell: self.orders[cell] for cell in self.open() if cell not in self.awaited}
        for cell, answer in workers.map(orders):
            if answer.held:
                self.progress.line(f"{cell}: {answer.error}: its result is awaited")
                self.awaited.add(cell)
                continue
            if answer.folder is not None:
                self.runs[cell] = open_run(answer.folder).told()
                outcome = self.outcome(self.runs[cell])
            else:
                self.failures[cell] = answer.error
                outcome = FAILED.format(error=answer.error)
            self.progress.advance()
            self._tell(cell, outcome)


def complete(
    orders: Mapping[Cell, Order],
    wanted: Mapping[Cell, Wanted],
    output: Path,
    jobs: int | None,
    outcome: Callable[[Run], Text],
) -> dict[Cell, Run]:
    """A finished run for each order; `jobs` processes work at once on those that nobody has made yet.

    `outcome` says of a finished run what the person watching is told.

    What another process works on is not made twice: its result is awaited, or the run taken over where that
    process dies.

    Raises `DalmeumError` where a run failed; what is finished is kept.
    """
    with Progress(len(orders), RUNS) as progress:
        work = _Work(output, orders, wanted, progress, outcome)
        work.look()
        ours = len(work.open()) - len(work.awaited)
        progress.line(TO_DO.format(count=ours, runs=len(orders), counted=counted(len(orders), "run")))
        if uncertain := sum(not run.record.is_certain for run in work.runs.values()):
            progress.line(UNCERTAIN.format(count=uncertain))
        if not work.open():
            return work.runs
        jobs = jobs or default_jobs(order.recipe for order in orders.values())
        with Workers(min(jobs, max(ours, 1))) as workers:
            while work.open() and not work.failures:
                if len(work.open()) > len(work.awaited):
                    work.make(workers)
                else:
                    time.sleep(LOOK_EVERY)
                work.look()
    if work.failures:
        cell, reason = next(iter(work.failures.items()))
        raise DalmeumError(
            f"{len(work.failures)} of {len(orders)} runs failed, the first {cell}: {reason.splitlines()[0]}; "
            "the finished ones are kept"
        )
    return work.runs


def _holder(run: Run) -> Holder | None:
    return holder_of(run.folder)
