"""The store itself: one transaction at a time, by the database's clock."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError

from dalmeum.competition.store.address import Address
from dalmeum.competition.store.errors import store_error
from dalmeum.competition.store.schema import VERSION_TABLE
from dalmeum.competition.store.versions import newest_version, upgrade, version_problem
from dalmeum.errors import InputError

PATIENCE = 60.0
"""Seconds to wait for another process that writes."""

REACHED_IN = 10
"""Seconds in which a server must answer."""

LOCK = 0xDA1E03
"""The number of the lock that writers take turns by on PostgreSQL; on SQLite the file is the lock."""

OTHERS_TABLE = "alembic_version"
"""In the databases of MLflow and of Optuna."""

CLOCKS = {
    "postgresql": text("select cast(extract(epoch from clock_timestamp()) as double precision)"),
    "sqlite": text("select (julianday('now') - 2440587.5) * 86400.0"),
}


@dataclass(frozen=True)
class Store:
    """A database with the team's tables. Whoever opens it closes it, or leaves a `with`."""

    address: Address
    engine: Engine

    @classmethod
    def open(cls, address: Address, *, migrate: bool = False) -> "Store":
        """As `dalmeum.competition.store.open_store`."""
        store = cls(address, _engine(address))
        try:
            with store.transaction() as connection:
                _prepare(connection, address, migrate)
        except BaseException:
            store.close()
            raise
        return store

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All that is done in the block, or nothing of it; nobody else reads or writes meanwhile.

        Raises `InputError` where the store can't be reached, `DalmeumError` where it is lost on the way or
        another process holds it for longer than `PATIENCE`.
        """
        try:
            with self.engine.begin() as connection:
                if self.address.is_postgres:
                    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection
        except DBAPIError as error:
            raise store_error(self.address, error) from None

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock, which is the same for all."""
    return float(connection.execute(CLOCKS[connection.dialect.name]).scalar_one())


def _prepare(connection: Connection, address: Address, migrate: bool) -> None:
    """Make the tables where there are none; raise `InputError` for those of another version or program."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        if OTHERS_TABLE in tables:
            raise InputError(
                f"{address}: holds the tables of another program, as MLflow's or Optuna's are: give dalmeum "
                "a database of its own"
            )
        upgrade(connection)
        return
    found = str(connection.execute(text(f"select version_num from {VERSION_TABLE}")).scalar_one_or_none())
    if found == newest_version():
        return
    problem = version_problem(found)
    if problem is not None and not (migrate and problem.can_be_mended):
        raise InputError(f"{address}: {problem}")
    upgrade(connection)


def _engine(address: Address) -> Engine:
    # A connection a transaction: a command has few of them, and none is left open over hours of training.
    if address.is_postgres:
        # A client that was cut off in a transaction must not keep all others waiting.
        wait = f"{PATIENCE * 1000:.0f}"
        options = f"-c lock_timeout={wait} -c idle_in_transaction_session_timeout={wait}"
        how: dict[str, Any] = {"connect_timeout": REACHED_IN, "options": options}
        return create_engine(address.url, poolclass=NullPool, connect_args=how)
    engine = create_engine(address.url, poolclass=NullPool, connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return engine


def _connected(connection: Any, _: object) -> None:
    """SQLite writes ahead, so that a killed writer leaves nothing half done, and transactions are ours."""
    connection.isolation_level = None
    end = time.monotonic() + PATIENCE
    while connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        # The change of the mode waits for nobody, whatever the time-out says.
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _begun(connection: Connection) -> None:
    """At once as a writer: one that begins as a reader may find the file locked when it comes to write."""
    connection.exec_driver_sql("begin immediate")
