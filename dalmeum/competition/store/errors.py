"""A database's errors as one line each, in which no password can be."""

import re

from sqlalchemy.exc import DBAPIError

from dalmeum.competition.store.address import Address
from dalmeum.errors import DalmeumError, InputError

UNREACHED = {
    r"password authentication failed|no password supplied": "user or password is wrong",
    r"role .* does not exist": "it has no such user",
    r"database .* does not exist": "it has no such database: make one with createdb",
    r"permission denied": "the user has no right to it",
    r"Connection refused|No such file or directory|connection.*failed.*is the server": (
        "nothing answers there: is the server running?"
    ),
    r"resolve|Name or service|nodename|getaddrinfo": "there is no host of this name",
    r"time ?out|timed out": "no answer: is it behind a firewall?",
    r"starting up|shutting down": "the server is starting or stopping: call again in a moment",
    r"too many (clients|connections)|remaining connection slots": "the server has no connection left",
    r"no pg_hba.conf entry|SSL|ssl": "the server takes no such connection: look at its pg_hba.conf, and SSL",
    r"unable to open": "the file can't be opened: look at its folder's rights",
    r"readonly|read-only": "the file can't be written to",
    r"not a database|malformed|disk image": "the file is no SQLite database, or damaged",
    r"full": "the disk is full",
}
"""What drivers say, and what it means."""

BUSY = r"database is locked|lock timeout|LockNotAvailable|database table is locked"
LOST = r"server closed|terminating connection|connection (is|was) (closed|lost)|consuming input|idle-in-trans"


def store_error(address: Address, error: DBAPIError) -> DalmeumError:
    """What a user is told in a driver's place, whose words may hold what stood in the URL."""
    said = str(error.orig)
    if re.search(BUSY, said):
        return DalmeumError(
            f"{address}: another process has held the store for a minute: nothing was changed, call again"
        )
    if re.search(LOST, said) or error.connection_invalidated:
        return DalmeumError(
            f"{address}: the connection was lost on the way: call again, nothing is recorded twice"
        )
    for pattern, reason in UNREACHED.items():
        if re.search(pattern, said):
            return InputError(f"{address}: the team's store can't be used: {reason}")
    return InputError(f"{address}: the team's store can't be used ({type(error.orig).__name__})")
