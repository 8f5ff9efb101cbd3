"""Who works on which idea: a claim is a lease, and runs out."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from dalmeum.competition.store.database import Store, now
from dalmeum.competition.store.schema import CLAIMS
from dalmeum.errors import InputError

HOURS = 24.0
MOST_HOURS = 24.0 * 30


@dataclass(frozen=True)
class Claim:
    """Somebody's right to an idea; moments are seconds since 1970 by the store's clock."""

    idea: str
    author: str
    since: float
    until: float

    @property
    def until_told(self) -> str:
        """When it runs out, by the clock of this machine."""
        return moment(self.until)

    def to_dict(self) -> dict[str, str | float]:
        return {"idea": self.idea, "author": self.author, "since": self.since, "until": self.until}


class TakenError(InputError):
    """Somebody else has the idea."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        super().__init__(
            f"{claim.idea}: is taken by {claim.author} until {claim.until_told}: choose another "
            "(dalmeum board --next), or take it when that has run out"
        )


def take(store: Store, idea: str, author: str, hours: float = HOURS) -> Claim:
    """Claim an idea for so many hours from now; of who has it already, the lease begins anew.

    Raises `TakenError` where somebody else has it, `InputError` for hours that are none.
    """
    if not 0 < hours <= MOST_HOURS:
        raise InputError(f"--hours {hours:g}: give a number above 0, and of {MOST_HOURS:g} at most")

    with store.transaction() as connection:
        time = now(connection)
        row = connection.execute(select(CLAIMS).where(CLAIMS.c.idea == idea)).one_or_none()
        since = time
        if row is not None and row.until > time:
            if row.author != author:
                raise TakenError(Claim(**row._mapping))
            since = row.since
        connection.execute(delete(CLAIMS).where(CLAIMS.c.idea == idea))
        claim = Claim(idea, author, since, time + hours * 3600)
        connection.execute(insert(CLAIMS).values(claim.__dict__))
    return claim


def give_back(store: Store, idea: str, author: str) -> None:
    """End one's own claim on an idea; `InputError` where one has none."""
    with store.transaction() as connection:
        own = (CLAIMS.c.idea == idea) & (CLAIMS.c.author == author) & (CLAIMS.c.until > now(connection))
        if not connection.execute(delete(CLAIMS).where(own)).rowcount:
            raise InputError(f"{idea}: {author} has no claim on it that could be given back")


def claims(store: Store) -> dict[str, Claim]:
    """Those that have not run out, by idea."""
    with store.transaction() as connection:
        live = select(CLAIMS).where(CLAIMS.c.until > now(connection)).order_by(CLAIMS.c.idea)
        return {row.idea: Claim(**row._mapping) for row in connection.execute(live)}


def moment(seconds: float) -> str:
    """`2026-11-29 15:04 KST`, by the clock and the zone of this machine."""
    return f"{datetime.datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M %Z}"
