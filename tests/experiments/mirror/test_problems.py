"""What goes wrong with MLflow, in a line of ours, in which no password is."""

import http.server
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from dalmeum.errors import InputError
from dalmeum.experiments.mirror import client
from dalmeum.experiments.mirror.client import BRIEF, Mlflow, Patience
from dalmeum.experiments.mirror.place import place_at_hand

pytestmark = pytest.mark.usefixtures("mlflow_file")


def refused(monkeypatch: pytest.MonkeyPatch, uri: str) -> str:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(InputError) as told:
        Mlflow.open(place_at_hand())
    line = str(told.value)
    assert "s3cret" not in line
    assert "\n" not in line
    return line


class Answers(http.server.BaseHTTPRequestHandler):
    code, text = 404, ""

    def do_GET(self) -> None:
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that is none of MLflow's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        (404, "nothing here", "what answers there is no MLflow server"),
        (401, "You are not authenticated", "user or password is wrong: set MLFLOW_TRACKING_USERNAME and"),
        (
            403,
            "Invalid Host header - possible DNS rebinding attack detected",
            "start it with --allowed-hosts",
        ),
        (403, "Permission denied", "the user has no right to write there"),
    ],
)
def test_answers_that_are_none(
    code: int, text: str, told: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "code", code)
    monkeypatch.setattr(Answers, "text", text)
    line = refused(monkeypatch, f"http://kim:s3cret@127.0.0.1:{port}")
    assert line.startswith(f"http://127.0.0.1:{port}: MLflow can't be used: ")
    assert told in line


def test_a_server_that_cant_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = refused(monkeypatch, f"http://kim:s3cret@127.0.0.1:{port}")
    assert line.endswith("nothing answers there: is the server running?")
    line = refused(monkeypatch, "http://kim:s3cret@no-host.invalid")
    assert line.endswith("there is no host of this name")


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for minutes, as by default; what somebody has set stays."""
    assert BRIEF.answer * (BRIEF.retries + 1) <= 8
    monkeypatch.setattr(client, "BRIEF", Patience(answer=1, retries=1, turn=1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        line = refused(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert 1 < time.monotonic() - start < 8
        assert line.endswith("no answer: is it behind a firewall?")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        start = time.monotonic()
        refused(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - start < 2


def statement(file: Path, sql: str) -> None:
    import sqlite3

    with sqlite3.connect(file) as connection:
        connection.execute(sql)


def test_tables_of_another_version(mlflow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statement(mlflow_file, "update alembic_version set version_num = '451aebb31d03'")  # of 2019
    line = refused(monkeypatch, f"sqlite:///{mlflow_file}")
    assert line.startswith(f"{mlflow_file}: its tables are of an older MLflow")
    assert "mlflow db upgrade" in line
    statement(mlflow_file, "update alembic_version set version_num = 'ffffffffffff'")
    line = refused(monkeypatch, f"sqlite:///{mlflow_file}")
    assert line.endswith("its tables are of a newer MLflow: pip install --upgrade mlflow-skinny")


def test_a_file_that_is_no_database(mlflow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = mlflow_file.with_name("words.db")
    words.write_text("no database, but words " * 99, encoding="utf-8")
    assert refused(monkeypatch, f"sqlite:///{words}").endswith("the file is no SQLite database, or damaged")


def test_a_file_that_another_works_on(mlflow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BRIEF", Patience(answer=1, retries=0, turn=0.2))
    with FileLock(f"{mlflow_file}.lock"):
        line = refused(monkeypatch, f"sqlite:///{mlflow_file}")
    assert re.search(r"another process has held the file for 0.2 s: call again", line)
    Mlflow.open(place_at_hand())
