"""The store: made once, refused where it can't be right, and silent about passwords."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import inspect, text

from dalmeum.competition.store import SETTING, open_store, store_at_hand, versions
from dalmeum.competition.store.database import now
from dalmeum.competition.store.schema import VERSION_TABLE, metadata
from dalmeum.errors import DalmeumError, InputError, MissingExtraError

from .conftest import PASSWORD, statement, url_of

NEXT = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "2", "1"
def upgrade(): op.add_column("dalmeum_claims", sa.Column("note", sa.String))
"""


def refused(url: str, **how: bool) -> str:
    """The one line that opening ends in."""
    with pytest.raises(InputError) as caught:
        open_store(url, **how)
    line = str(caught.value)
    assert "\n" not in line
    assert PASSWORD not in line
    assert caught.value.exit_code == 2
    return line


def test_the_migrations_make_what_the_schema_says(url: str) -> None:
    with open_store(url) as store, store.transaction() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*metadata.tables, VERSION_TABLE}
        for name, table in metadata.tables.items():
            columns = {each["name"]: each["nullable"] for each in found.get_columns(name)}
            assert columns == {each.name: each.nullable for each in table.columns}
            unique = {tuple(each["column_names"]) for each in found.get_unique_constraints(name)}
            assert ("author", "sha256") in unique or name != "dalmeum_submissions"
        assert found.get_pk_constraint("dalmeum_runs")["constrained_columns"] == ["content"]


def test_what_fails_in_a_transaction_was_never_done(url: str) -> None:
    def fails() -> None:
        with store.transaction() as connection:
            connection.execute(text("insert into dalmeum_quota values (1, 2, 'UTC')"))
            raise ZeroDivisionError

    with open_store(url) as store:
        with pytest.raises(ZeroDivisionError):
            fails()
        with store.transaction() as connection:
            assert connection.execute(text("select count(*) from dalmeum_quota")).scalar_one() == 0


def test_its_clock_is_the_databases(url: str) -> None:
    with open_store(url) as store, store.transaction() as connection:
        first = now(connection)
        time.sleep(0.05)
        assert first == pytest.approx(time.time(), abs=5)
        assert 0.04 < now(connection) - first < 5


def test_many_may_make_it_at_once(url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        for store in threads.map(open_store, [url] * 6):
            store.close()
    with open_store(url) as store, store.transaction() as connection:
        assert len(connection.execute(text(f"select * from {VERSION_TABLE}")).all()) == 1


def test_an_older_one_is_told_and_brought_up_to_date_when_asked(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(url).close()
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "later.py").write_text(NEXT, encoding="utf-8")
    monkeypatch.setattr(versions, "VERSIONS", [*versions.VERSIONS, tmp_path / "migrations"])
    assert "its tables are of version 1, and this dalmeum needs 2: dalmeum board --migrate" in refused(url)
    with open_store(url, migrate=True) as store, store.transaction() as connection:
        assert "note" in {each["name"] for each in inspect(connection).get_columns("dalmeum_claims")}
    open_store(url).close()
    monkeypatch.undo()
    line = refused(url, migrate=True)
    assert "its tables are of version 2, and this dalmeum knows 1 at most: install the version" in line


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table alembic_version (version_num text)")
    assert "holds the tables of another program" in refused(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert connection.execute("select name from sqlite_master").fetchall() == [("alembic_version",)]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"nonsense {PASSWORD}", "is no address of a database: give sqlite:///FILE, or postgresql://"),
        (f"mysql://me:{PASSWORD}@host/db", "mysql is no database that it can lie in"),
        (f"postgresql://me:p@{PASSWORD}@host/db", "write an @ in a user's name or password as %40"),
        ("sqlite://", "give SQLite's as sqlite:///FILE"),
        ("sqlite:///:memory:", "give SQLite's as sqlite:///FILE"),
        ("sqlite:///team.db?mode=ro", "give SQLite's as sqlite:///FILE"),
        ("sqlite:///none/team.db", "there is no folder"),
        ("sqlite:///folder", "folder: is a folder; name the file"),
        ("sqlite:///words", "words: the team's store can't be used: the file is no SQLite database"),
        (
            f"postgresql://me:{PASSWORD}@127.0.0.1:1/db?password={PASSWORD}",
            "postgresql://me@127.0.0.1:1/db: the team's store can't be used: nothing answers there",
        ),
        (f"postgresql://me:{PASSWORD}@no.invalid/db", "there is no host of this name"),
    ],
)
def test_what_can_be_none_is_refused_in_a_line(here: Path, url: str, told: str) -> None:
    Path("folder").mkdir()
    Path("words").write_text("no database, but words " * 99, encoding="utf-8")
    assert told in refused(url)


@pytest.mark.slow
def test_a_server_that_refuses_is_told_apart(server: int) -> None:
    assert "user or password is wrong" in refused(url_of(server, "postgres", PASSWORD[:-1]))
    assert "it has no such database" in refused(url_of(server, "nowhere"))
    statement(server, "create role guest login password 'guest'")
    guest = f"postgresql://guest:guest@127.0.0.1:{server}/postgres"
    assert "the user has no right to it" in refused(guest)


@pytest.mark.slow
def test_a_connection_that_is_lost_is_told(server: int, new_database: Callable[[], str]) -> None:
    def loses() -> None:
        with store.transaction() as connection:
            number = connection.execute(text("select pg_backend_pid()")).scalar_one()
            statement(server, f"select pg_terminate_backend({number})")
            now(connection)

    lost = "the connection was lost on the way: call again, nothing is recorded twice"
    with open_store(new_database()) as store, pytest.raises(DalmeumError, match=lost):
        loses()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "smb3"])
def test_a_share_is_no_place_for_sqlite(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "share"
    share.mkdir()
    mounts = [
        SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in (("/", "ext4"), (str(share), kind))
    ]
    monkeypatch.setattr("psutil.disk_partitions", lambda all: mounts)
    assert f"lies on a network share ({kind})" in refused(f"sqlite:///{share}/team.db")
    assert not list(share.iterdir())
    open_store(f"sqlite:///{tmp_path}/team.db").close()


def test_a_writer_that_does_not_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dalmeum.competition.store.database.PATIENCE", 0.1)
    url = f"sqlite:///{tmp_path}/team.db"
    open_store(url).close()
    other = sqlite3.connect(tmp_path / "team.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(DalmeumError, match="another process has held the store for a minute") as caught:
        open_store(url)
    assert caught.value.exit_code == 1
    other.close()
    open_store(url).close()


def test_it_lies_where_the_setting_says_else_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_at_hand() is None
    assert not list(here.iterdir())
    open_store().close()
    assert Path("dalmeum.db").is_file()
    found = store_at_hand()
    assert found is not None
    found.close()
    monkeypatch.setenv(SETTING, "sqlite:///other.db")
    open_store().close()
    assert Path("other.db").is_file()


def test_without_the_extra_it_says_what_to_install(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dalmeum.competition.store.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'dalmeum\[team\]'"):
        open_store()


ALONE = """
import json, sys
for name in ("sqlalchemy", "alembic", "psycopg", "mlflow", "optuna"):
    sys.modules[name] = None
import dalmeum
print(dalmeum.train(**json.loads(sys.argv[1])).record.state)
"""


def test_a_single_persons_training_needs_nothing_of_it(
    here: Path, write_pairs: Callable[..., Path], tiny: dict[str, Any]
) -> None:
    recipe = {"data": {"train": str(write_pairs("train.csv", 32))}, **tiny}
    call = [sys.executable, "-c", ALONE, json.dumps(recipe)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.stdout == "finished\n", done.stderr
