"""Where a search keeps its trials, and what of its address is told."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from dalmeum.errors import InputError
from dalmeum.experiments.search.storage import GRACE, open_storage, shown, told_of

SECRET = "s3cr3t"


def told(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'new' / 'search.db'}"
    storage = open_storage(address)
    assert (tmp_path / "new" / "search.db").is_file()
    assert storage.get_heartbeat_interval() is not None
    assert storage.grace_period == GRACE >= 600
    assert open_storage(address).get_all_studies() == []


def test_many_may_make_it_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def make() -> None:
        try:
            open_storage(f"sqlite:///{tmp_path / 'search.db'}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:s3cr3t@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql+psycopg://me@host/db?password=s3cr3t", "postgresql://me@host/db"),
        ("sqlite:///runs/search.db", "sqlite:///runs/search.db"),
    ],
)
def test_no_password_is_shown(address: str, said: str) -> None:
    assert shown(address) == said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("search.db", "is no database's address: write sqlite:///FILE"),
        (f"postgresql://me:{SECRET}@a@b:c/db", "is no database's address"),
        (f"mysql://me:{SECRET}@host/db", "mysql is no database that a search can use"),
        ("sqlite://", "names no file, and would be lost"),
    ],
)
def test_what_is_no_address(address: str, said: str) -> None:
    message = told(lambda: open_storage(address))
    assert said in message
    assert SECRET not in message


def test_nobody_answers() -> None:
    message = told(lambda: open_storage(f"postgresql://me:{SECRET}@127.0.0.1:1/db?sslpassword={SECRET}2"))
    assert message.startswith(
        "--storage postgresql://me:***@127.0.0.1:1/db: can't be used: connection failed"
    )
    assert SECRET not in message


def test_a_password_in_what_the_database_says_is_not_told() -> None:
    def fail() -> None:
        with told_of(f"postgresql://me:{SECRET}@host/db"):
            raise OperationalError("select 1", None, Exception(f"no: {SECRET}\nand more"))

    assert told(fail) == "--storage postgresql://me:***@host/db: can't be used: no: ***"


def test_an_older_schema(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'search.db'}"
    storage = open_storage(address)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = 'v0.9.0.a'")
    assert "was made by another version of Optuna" in told(lambda: open_storage(address))
    (tmp_path / "text.db").write_text("no database, but a text that is long enough to be none\n" * 20)
    assert "file is not a database" in told(lambda: open_storage(f"sqlite:///{tmp_path / 'text.db'}"))


def test_a_lost_sign_of_life_ends_no_others(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path / 'search.db'}")
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("drop table trial_heartbeats")
    storage.record_heartbeat(1)
