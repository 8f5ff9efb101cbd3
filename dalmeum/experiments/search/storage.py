"""Where a search keeps its trials: a database of its own, which many processes and machines work on.

No password of its address gets any further: what is shown is `shown`, and no library's words are.
"""

import contextlib
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.errors import InputError, MissingExtraError
from dalmeum.files import make_folder

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from sqlalchemy import URL, Connection, Engine

HEARTBEAT = 60
"""Seconds between two signs of life of a trial."""

GRACE = 600
"""Seconds without any after which a trial counts as dead. Less would fail trials that are alive, on a laptop
that slept or while a database was restarted.
"""

MOST_RETRIES = 3
"""How often a trial is queued again whose process died: one that kills each of its processes is given up."""

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
EXAMPLE = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"

ATTEMPTS = 5
"""To make the tables: of processes that begin at once all but one are told that they are there."""


def open_storage(address: str) -> "RDBStorage":
    """The database at `address`, with Optuna's tables, which are made where there are none.

    Raises `InputError` where it can't be reached, or is of another version of Optuna; `MissingExtraError`.
    """
    url = _parsed(address)
    make = _storage_class()
    from sqlalchemy.exc import OperationalError

    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        make_folder(Path(str(url.database)).parent)
    options: dict[str, Any] = {
        "pool_pre_ping": True,
        "connect_args": {"timeout": 60} if sqlite else {"connect_timeout": 10},
    }
    with told_of(address):
        for attempt in range(ATTEMPTS):
            try:
                storage: RDBStorage = make(url, options)
                return storage
            except Exception as error:
                unreachable = isinstance(error, OperationalError) and not sqlite
                if unreachable or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.2 * (attempt + 1))
    raise AssertionError  # the loop returns or raises


def shown(address: str) -> str:
    """An address for people: without password, and without the options, which may hold one."""
    url = _parsed(address)
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


@contextlib.contextmanager
def told_of(address: str) -> Iterator[None]:
    """What goes wrong with the database is told in a line of ours."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise InputError(f"--storage {shown(address)}: can't be used: {_reason(address, error)}") from None
    except RuntimeError as error:
        if "optuna version" not in str(error):
            raise
        raise InputError(
            f"--storage {shown(address)}: was made by another version of Optuna: upgrade it with "
            "optuna storage upgrade --storage ..., or take another database"
        ) from None


def _reason(address: str, error: BaseException) -> str:
    """The first line of what the database itself said, without what is secret in the address."""
    causes: BaseException | None = error
    while causes is not None:
        if (said := getattr(causes, "orig", None)) is not None:
            error = said
            break
        causes = causes.__cause__ or causes.__context__
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    url = _parsed(address)
    for secret in (url.password, *url.query.values()):
        if secret:
            text = text.replace(str(secret), "***")
    return text


def _parsed(address: str) -> "URL":
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise MissingExtraError("sqlalchemy", "tune") from None
    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        # Not shown: a password with a sign that should be escaped makes an address that is none.
        raise InputError(
            f"--storage: is no database's address: write {EXAMPLE}; signs in a password as %40 for @"
        ) from None
    if backend not in DRIVERS:
        raise InputError(f"--storage: {backend} is no database that a search can use: write {EXAMPLE}")
    if backend == "sqlite" and not url.database:
        raise InputError("--storage: names no file, and would be lost: write sqlite:///FILE")
    return url.set(drivername=DRIVERS[backend])


def _one_transaction_at_a_time(engine: "Engine") -> None:
    """SQLite locks no rows: two processes that look for a waiting trial would both take the same one."""
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: "Connection") -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # of the connections that were made before


def _storage_class() -> Any:
    """Optuna's storage, made so that a sign of life that does not come through is no end of all others."""
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("optuna", "tune") from None
    from optuna.exceptions import ExperimentalWarning, StorageInternalError
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)  # it would tell of every trial, with a traceback
    warnings.filterwarnings("ignore", category=ExperimentalWarning)

    class Storage(RDBStorage):
        def __init__(self, url: "URL", options: dict[str, Any]) -> None:
            super().__init__(
                # It fills in braces.
                url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}"),
                engine_kwargs=options,
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES),
            )
            if url.get_backend_name() == "sqlite":
                _one_transaction_at_a_time(self.engine)

        def record_heartbeat(self, trial_id: int) -> None:
            with contextlib.suppress(SQLAlchemyError, StorageInternalError):
                super().record_heartbeat(trial_id)

    return Storage
