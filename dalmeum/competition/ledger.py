"""What was handed in: by whom, of which hash, with what manifest, and what the board answered."""

import datetime
import json
import math
import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from dalmeum.competition.store.database import Store, now
from dalmeum.competition.store.schema import QUOTA, SUBMISSIONS
from dalmeum.errors import InputError
from dalmeum.progress import duration


@dataclass(frozen=True)
class Submission:
    """A line of the ledger.

    Attributes:
        number: from 1, in the order of being recorded.
        sha256: of the file that was handed in.
        submitted: seconds since 1970 by the store's clock.
        manifest: what rebuilds the file, as JSON.
        scores: `{split: {name: {value, low, high}}}`, as a run's metrics.
        public: what the board answered; None where nobody has recorded it.
    """

    number: int
    author: str
    sha256: str
    submitted: float
    manifest: Mapping[str, Any]
    scores: Mapping[str, Any]
    public: float | None = None


@dataclass(frozen=True)
class Quota:
    """How many submissions a person has a day, which begins at midnight in the time zone."""

    per_day: int
    time_zone: str
    zone: zoneinfo.ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """`InputError` for a number below 1, and a zone that there is not."""
        if self.per_day < 1:
            raise InputError(f"quota {self.per_day}: give a whole number of 1 or more a day")
        try:
            object.__setattr__(self, "zone", zoneinfo.ZoneInfo(self.time_zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(
                f"time zone {self.time_zone!r:.80}: is not known here: give a name as Asia/Seoul, or UTC"
            ) from None

    def day(self, time: float) -> tuple[float, float]:
        """Beginning and end of the day in which a moment lies; of 23 or 25 hours where clocks are changed."""
        today = datetime.datetime.fromtimestamp(time, self.zone).date()
        return self._midnight(today), self._midnight(today + datetime.timedelta(days=1))

    def _midnight(self, day: datetime.date) -> float:
        return datetime.datetime.combine(day, datetime.time(), self.zone).timestamp()


class QuotaError(InputError):
    """A person has handed in as often as a day has room for."""

    def __init__(self, author: str, quota: Quota, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"{author}: the quota of {quota.per_day} a day is used up: a new day begins in "
            f"{duration(seconds).en} (midnight, {quota.time_zone})"
        )


def record(
    store: Store, author: str, sha256: str, manifest: Mapping[str, Any], scores: Mapping[str, Any]
) -> Submission:
    """A new line of the ledger. The same file by the same author is one line: the one that is there.

    Raises `QuotaError` where the author's quota of the day is used up.
    """
    same = select(SUBMISSIONS).where(SUBMISSIONS.c.author == author, SUBMISSIONS.c.sha256 == sha256)
    with store.transaction() as connection:
        if (row := connection.execute(same).one_or_none()) is not None:
            return _submission(row)
        time = now(connection)
        _check_quota(connection, author, time)
        number = connection.execute(select(func.coalesce(func.max(SUBMISSIONS.c.number), 0) + 1)).scalar_one()
        submission = Submission(number, author, sha256, time, dict(manifest), dict(scores))
        texts = {
            name: json.dumps(asdict(submission)[name], allow_nan=False) for name in ("manifest", "scores")
        }
        connection.execute(insert(SUBMISSIONS).values({**asdict(submission), **texts}))
    return submission


def check_quota(store: Store, author: str) -> None:
    """Raise `QuotaError` as `record` would now: before work that would be for nothing."""
    with store.transaction() as connection:
        _check_quota(connection, author, now(connection))


def record_public(store: Store, sha256: str, public: float, *, replace: bool = False) -> Submission:
    """Record what the board answered to the file of that hash, whoever handed it in.

    Raises `InputError` where nobody did, for what is no number, and for another answer than the one that is
    there unless it is to `replace` it.
    """
    if not math.isfinite(public):
        raise InputError(f"public score {public}: give the number that the board shows, as 0.9321")

    of_file = SUBMISSIONS.c.sha256 == sha256
    with store.transaction() as connection:
        rows = connection.execute(select(SUBMISSIONS).where(of_file).order_by(SUBMISSIONS.c.number)).all()
        if not rows:
            raise InputError(f"no submission of this file (sha256 {sha256:.12}) is in the ledger")
        known = next((row.public for row in rows if row.public is not None), None)
        if known not in (None, public) and not replace:
            raise InputError(
                f"submission {rows[0].number}: has the public score {known:g} already, not {public:g}: "
                "look which is right, and say that it replaces the other"
            )
        connection.execute(update(SUBMISSIONS).where(of_file).values(public=public))
        return _submission(connection.execute(select(SUBMISSIONS).where(of_file)).first())


def submissions(store: Store) -> list[Submission]:
    """The whole ledger, the oldest first."""
    with store.transaction() as connection:
        rows = connection.execute(select(SUBMISSIONS).order_by(SUBMISSIONS.c.number)).all()
    return [_submission(row) for row in rows]


def set_quota(store: Store, quota: Quota | None) -> None:
    """Set what each person of the team has a day; None: as much as they like."""
    with store.transaction() as connection:
        connection.execute(delete(QUOTA))
        if quota is not None:
            connection.execute(
                insert(QUOTA).values(number=1, per_day=quota.per_day, time_zone=quota.time_zone)
            )


def quota_of(store: Store) -> Quota | None:
    with store.transaction() as connection:
        return _quota(connection)


def _quota(connection: Connection) -> Quota | None:
    row = connection.execute(select(QUOTA)).one_or_none()
    return None if row is None else Quota(row.per_day, row.time_zone)


def _check_quota(connection: Connection, author: str, time: float) -> None:
    quota = _quota(connection)
    if quota is None:
        return
    begin, end = quota.day(time)
    today = (SUBMISSIONS.c.author == author) & (SUBMISSIONS.c.submitted >= begin)
    used = connection.execute(select(func.count()).where(today)).scalar_one()
    if used >= quota.per_day:
        raise QuotaError(author, quota, end - time)


def _submission(row: Row[Any] | None) -> Submission:
    values = dict(row._mapping) if row is not None else {}
    return Submission(**{**values, **{name: json.loads(values[name]) for name in ("manifest", "scores")}})
