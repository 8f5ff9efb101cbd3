"""Runs that somebody of the team has finished, on whatever machine: each once, beside its MLflow id."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import insert, select, update

from dalmeum.competition.store.database import Store, now
from dalmeum.competition.store.schema import RUNS


@dataclass(frozen=True)
class TeamRun:
    """A finished run as the team knows it.

    Attributes:
        content: a hash of all that decides its result; no two rows have the same.
        idea: the same hash without what is drawn anew by seed, so that the seeds of an idea share it.
        run: its id, where it was made.
        author: None where nobody knows.
        outcome: the verdict's word on it; None where no study has judged it yet.
        mlflow_id: None where it was not pushed.
    """

    content: str
    idea: str
    run: str
    author: str | None = None
    outcome: str | None = None
    mlflow_id: str | None = None


def register(store: Store, run: TeamRun, *, gone: str | None = None) -> TeamRun:
    """The team's row for a run, made where there is none. What a row says stays, but for its outcome, which
    is the newest; what it did not know it takes from `run`, and the MLflow id also where its own is `gone`.
    """
    with store.transaction() as connection:
        same = select(RUNS).where(RUNS.c.content == run.content)
        row = connection.execute(same).one_or_none()
        if row is None:
            connection.execute(insert(RUNS).values(**asdict(run), recorded=now(connection)))
            return run
        known = _team_run(row._mapping)
        merged = replace(
            known,
            author=known.author or run.author,
            outcome=run.outcome or known.outcome,
            mlflow_id=run.mlflow_id if known.mlflow_id in (None, gone) else known.mlflow_id,
        )
        connection.execute(update(RUNS).where(RUNS.c.content == run.content).values(asdict(merged)))
        return merged


def team_runs(store: Store, ideas: Iterable[str]) -> list[TeamRun]:
    """The team's finished runs of these ideas, the oldest first."""
    with store.transaction() as connection:
        of_ideas = select(RUNS).where(RUNS.c.idea.in_(list(ideas))).order_by(RUNS.c.recorded)
        return [_team_run(row._mapping) for row in connection.execute(of_ideas)]


def _team_run(row: Mapping[Any, Any]) -> TeamRun:
    return TeamRun(**{field.name: row[field.name] for field in fields(TeamRun)})
