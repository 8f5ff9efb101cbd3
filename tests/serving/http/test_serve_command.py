"""dalmeum serve, as a process of its own: what it says, whom it answers, how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import httpx
import psutil
import pytest
from starlette.testclient import TestClient

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import load_recipe
from dalmeum.serving.http.app import create_app
from tests.cli.test_commands import call
from tests.conftest import draw_pairs
from tests.models.test_kinds import OWN_KIND
from tests.serving.http.conftest import TOKEN

SECRET = "비밀 문장"


class Served:
    """A server that has said where it is."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.errors = folder / "errors"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dalmeum", "serve", "latest", "--port", "0", "--json", *options],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **environment},
            )
        stream: IO[bytes] | None = self.process.stdout
        assert stream is not None
        self.told: dict[str, Any] = json.loads(stream.readline() or b"{}")

    @property
    def address(self) -> str:
        return str(self.told["address"])

    def end(self, *signals: int) -> int:
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.2)
        return self.process.wait(30)

    def text(self) -> str:
        return self.errors.read_text(encoding="utf-8")


Start = Callable[..., Served]


@pytest.fixture
def start(own_run: Path, tmp_path: Path) -> Iterator[Start]:
    started = []

    def start(*options: str, **environment: str) -> Served:
        started.append(Served(tmp_path, *options, **environment))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.wait()


@pytest.mark.slow
def test_it_answers_as_load_would_and_ends_well(start: Start, own_run: Path) -> None:
    served = start("--precision", "float32")
    assert served.told["models"] == [own_run.name]
    pairs = [["The cat eats.", "A dog eats today."], [SECRET, "a"]]
    answer = httpx.post(f"{served.address}/score", json={"pairs": pairs}).json()
    expected = dalmeum.load(own_run, "float32").score([(one, two) for one, two in pairs])
    assert answer["scores"] == pytest.approx(expected.tolist(), abs=1e-5)
    httpx.post(f"{served.address}/score", content=SECRET.encode())
    httpx.get(f"{served.address}/{SECRET}?{SECRET}")
    assert served.end(signal.SIGTERM) == 0
    lines = served.text().splitlines()
    assert lines[:2] == [
        f"loading {own_run.name}",
        f"serving at {served.address} (API: {served.address}/docs); Ctrl+C ends it",
    ]
    assert lines[-1] == "stopping: what is begun is finished"
    logged = [json.loads(line) for line in lines[2:-1]]
    assert [each["status"] for each in logged] == [200, 415, 404]
    assert SECRET not in served.text()


ASKING = """
import httpx, sys
pairs = [["a", f"{number} " + "b " * 500] for number in range(1000)]  # equal ones are scored once
answer = httpx.post(sys.argv[1], json={"pairs": pairs}, timeout=60)
print(answer.status_code, len(answer.json()["scores"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGTERM,), 0), ((signal.SIGINT,), 0), ((signal.SIGINT, signal.SIGINT), 130)],
)
def test_what_is_begun_is_finished(start: Start, signals: tuple[int, ...], code: int) -> None:
    served = start()
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING, f"{served.address}/score"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    while "dalmeum_active_requests 2" not in httpx.get(f"{served.address}/metrics").text:
        assert asking.poll() is None
    assert served.end(*signals) == code
    told, _ = asking.communicate(timeout=60)
    assert told.split() == ([] if code else [b"200", b"1000"])
    assert "Traceback" not in served.text()


@pytest.mark.slow
def test_tokens(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(TOKEN, encoding="utf-8")
    file.chmod(0o600)
    served = start("--token-file", str(file), DALMEUM_TOKENS=f"{TOKEN}-2")
    statuses = [
        httpx.get(f"{served.address}/v1/models", headers={"authorization": f"Bearer {token}"}).status_code
        for token in (TOKEN, f"{TOKEN}-2", f"{TOKEN}-3")
    ]
    assert statuses == [200, 200, 401]
    assert served.end(signal.SIGTERM) == 0
    assert TOKEN not in served.text()


@pytest.mark.slow
def test_its_memory_is_bounded(start: Start) -> None:
    """A hundred times as many bodies as fit the queue, most of them refused."""
    served = start("--max-wait", "0.5", DALMEUM_TOKENS="")
    pairs = [["The cat eats.", f"A dog {number} " + "eats " * 300] for number in range(500)]
    body = json.dumps({"pairs": pairs}).encode()

    def memory() -> int:
        return int(psutil.Process(served.process.pid).memory_info().rss)

    def ask(number: int) -> int:
        return client.post("/score", content=body, headers={"content-type": "application/json"}).status_code

    with httpx.Client(base_url=served.address, timeout=60) as client, ThreadPoolExecutor(64) as pool:
        assert set(pool.map(ask, range(4))) <= {200, 429}
        before = memory()
        statuses = list(pool.map(ask, range(400)))
        assert memory() < before + 150 * 1024**2
    assert set(statuses) == {200, 429}
    assert served.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "nothing: no such run"),
        (["latest", "latest"], "are both called"),
        (["a b=latest"], "'a b' is no plain name"),
        (["latest", "--host", "0.0.0.0"], "--host 0.0.0.0: other machines would reach it"),
        (["latest", "--host", "no.such.host.invalid"], "there is no such address"),
        (["latest", "--token-file", "none"], "none: can't be read: no such file or directory"),
        (["latest", "--max-wait", "0"], "limit wait 0.0: give a number above 0"),
        (["latest", "--timeout", "-1"], "limit deadline -1.0: give a number above 0"),
        (["latest", "--precision", "int3"], "precision 'int3' is unknown"),
        (["latest", "--port", "70000"], "less than or equal to 65535"),
        ([], "RUN"),
    ],
)
def test_wrong_calls(
    own_run: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("serve", *arguments) == 2
    assert told in capsys.readouterr().err


def test_a_port_in_use(own_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert call("serve", "latest", "--port", str(port)) == 2
    told = f"--port {port}: can't be had at 127.0.0.1: address already in use: name another\n"
    assert capsys.readouterr().err == told


def test_without_what_it_needs(
    own_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert call("serve", "latest") == 2
    assert capsys.readouterr().err == "uvicorn is not installed: pip install 'dalmeum[serve]'\n"


def test_own_code_is_run_where_it_is_trusted(
    tmp_path: Path, own_module: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    own_module("own_kind", OWN_KIND)
    train = read_pairs([(one, two, label) for one, two, label in draw_pairs(8)])
    recipe = load_recipe(data={"train": "train.csv"}, model={"kind": "own_kind:Tiny"})
    new_scorer(recipe, train).save(tmp_path / "own")
    assert call("serve", str(tmp_path / "own"), "--port", "0") == 2
    assert "is a model of own code, own_kind:Tiny" in capsys.readouterr().err
    with TestClient(create_app([tmp_path / "own"], trust_code=True)) as client:
        answer = client.post("/score", json={"pairs": [["a", "b"]]})
    assert (answer.status_code, answer.json()["model"]) == (200, "own")
