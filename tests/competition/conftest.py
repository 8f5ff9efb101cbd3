"""Stores to test on: SQLite's file, and databases of a real PostgreSQL that lives as long as the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dalmeum.competition.store import SETTING
from tests.mirrored import empty_mlflow, mlflow_file

__all__ = ["empty_mlflow", "mlflow_file"]

PASSWORD = "s3cret-word"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(autouse=True)
def nobodys_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the machine's own settings name is touched."""
    monkeypatch.delenv(SETTING, raising=False)


@pytest.fixture(scope="session")
def server() -> Iterator[int]:
    """The port of a throw-away PostgreSQL cluster, whose user `postgres` has `PASSWORD`."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="dalmeum-postgres-"))
    try:
        word = folder / "word"
        word.write_text(PASSWORD, encoding="utf-8")
        if getpass.getuser() == "root":
            for path in (folder, word):
                shutil.chown(path, "postgres", "postgres")
        how = ["-A", "scram-sha-256", "-U", "postgres", f"--pwfile={word}", "-E", "UTF8", "--no-sync"]
        _call("initdb", "-D", str(folder / "data"), *how)
        # Clients are killed in these tests, and never the machine.
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        log = ["-l", str(folder / "log"), "-o", options]
        _call("pg_ctl", "-D", str(folder / "data"), *log, "-w", "start")
        try:
            yield port
        finally:
            _call("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(server: int) -> Callable[[], str]:
    """URLs of new, empty databases."""

    def new() -> str:
        name = f"team_{uuid.uuid4().hex}"
        statement(server, f"create database {name}")
        return url_of(server, name)

    return new


def url_of(port: int, database: str, password: str = PASSWORD) -> str:
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/{database}"


def statement(port: int, sql: str) -> None:
    import psycopg

    with psycopg.connect(url_of(port, "postgres"), autocommit=True) as connection:
        connection.execute(sql)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store, on both databases in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'team.db'}"
    new: Callable[[], str] = request.getfixturevalue("new_database")
    return new()


def _call(program: str, *arguments: str) -> None:
    command = [str(PROGRAMS[-1] / program), *arguments]
    if getpass.getuser() == "root":  # as which PostgreSQL refuses to run
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=os.sep)
    assert done.returncode == 0, done.stderr
