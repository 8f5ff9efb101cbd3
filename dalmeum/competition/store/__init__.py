"""The team's own database: opened, and kept apart from MLflow's and Optuna's."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dalmeum.errors import MissingExtraError

if TYPE_CHECKING:
    from dalmeum.competition.store.database import Store

SETTING = "DALMEUM_TEAM_URL"

FILE = "dalmeum.db"
"""Where the store lies, in the current folder, if `DALMEUM_TEAM_URL` says nothing else."""


def open_store(url: str | None = None, *, migrate: bool = False) -> "Store":
    """The store at a URL, by default that of `DALMEUM_TEAM_URL`, else `sqlite:///dalmeum.db`.

    Tables are made where there are none yet. With `migrate`, those of an older version of dalmeum are brought
    up to date.

    Raises `InputError` for what is no address of a store, one that can't be reached, and tables of another
    version, or another program's; `MissingExtraError` without the extra `team`.
    """
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        raise MissingExtraError("SQLAlchemy", "team")

    from dalmeum.competition.store.address import address_of
    from dalmeum.competition.store.database import Store

    return Store.open(address_of(url or os.environ.get(SETTING) or f"sqlite:///{FILE}"), migrate=migrate)


def store_at_hand() -> "Store | None":
    """The store as `open_store` finds it; None where nobody has set one up, which looking does not do."""
    return open_store() if os.environ.get(SETTING) or Path(FILE).is_file() else None
