"""A real server: where it listens, slow clients, many connections, and the end."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from dalmeum.errors import InputError
from dalmeum.serving.http.batcher import Pair, Scores
from dalmeum.serving.http.server import address_of, bind
from tests.serving.http.conftest import listening, overlap, small_app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(small_app(arrival=0.5)) as address:
        yield address


def connected(address: str) -> socket.socket:
    host, _, port = address.removeprefix("http://").rpartition(":")
    made = socket.create_connection((host, int(port)))
    made.settimeout(10)
    return made


def read_all(connection: socket.socket, end: bytes = b"") -> bytes:
    """Until the server closes the connection, or has sent what ends so."""
    found = b""
    with contextlib.suppress(ConnectionResetError):  # it was closed while we sent
        while data := connection.recv(65536):
            found += data
            if end and found.endswith(end):
                break
    return found


def drip(connection: socket.socket, data: bytes) -> None:
    for letter in data:
        connection.sendall(bytes([letter]))
        time.sleep(0.05)


HEAD = b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def test_scores(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        answers = [client.post("/score", json={"pairs": [["가나", "가나"]]}) for _ in range(3)]
    assert [each.json()["scores"] for each in answers] == [[6.0]] * 3
    assert "server" not in answers[0].headers


def test_a_connection_that_says_nothing_is_closed(address: str) -> None:
    with connected(address) as connection:
        start = time.monotonic()
        assert read_all(connection) == b""
        assert 0.3 < time.monotonic() - start < 5


def test_a_head_that_drips_is_cut_off(address: str) -> None:
    """The first of a connection and a later one."""
    for before in (b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"):
        with connected(address) as connection:
            connection.sendall(before)
            if before:
                assert b"200 OK" in read_all(connection, b'"}')
            start = time.monotonic()
            with pytest.raises(OSError):  # noqa: PT011 # of several kinds
                drip(connection, HEAD * 100)
            assert time.monotonic() - start < 5


def test_a_body_that_drips_is_cut_off(address: str) -> None:
    with connected(address) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        found = read_all(connection)
    assert b"408" in found.splitlines()[0]
    assert b'{"detail": "the body did not come within 0.5 seconds"}' in found


def test_who_does_not_read_is_let_go(address: str) -> None:
    with connected(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 300)
        time.sleep(2.5)
        assert read_all(connection).count(b"HTTP/1.1 200") < 300


def test_a_connection_stays_for_the_next_request(address: str) -> None:
    """Longer than a head may take: a timer of the first request does not end the second."""
    body = json.dumps({"pairs": []}).encode()
    request = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with connected(address) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert b'"scores":[]' in read_all(connection, b"]}")
            time.sleep(0.6)


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 1000,
        b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_no_http(address: str, sent: bytes) -> None:
    with connected(address) as connection:
        connection.sendall(sent)
        found = read_all(connection)
    if found.startswith(b"HTTP/1.1 400"):
        assert b"content-type: application/json" in found
        assert found.endswith(b'{"detail": "that is no HTTP request"}')
    elif found:
        assert found.startswith(b"HTTP/1.1 200")
    assert b"Traceback" not in found
    assert httpx.get(f"{address}/healthz").status_code == 200


def test_a_large_body_is_read_so_that_its_client_reads_why_it_is_refused(address: str) -> None:
    for content in (b"x" * 10_000_000, iter([b"x" * 100_000] * 100)):
        answer = httpx.post(f"{address}/score", content=content)
        assert (answer.status_code, answer.json()["detail"][:24]) == (413, "the body is larger than ")


def test_many_connections_at_once() -> None:
    def ask(number: int) -> list[float]:
        return client.post("/score", json={"pairs": [[str(number), "1"]]}).json()["scores"]  # type: ignore[no-any-return]

    many = httpx.Limits(max_connections=64)
    with (
        listening(small_app()) as address,
        httpx.Client(base_url=address, limits=many) as client,
        ThreadPoolExecutor(64) as pool,
    ):
        answers = list(pool.map(ask, range(300)))
    assert answers == [overlap([(str(number), "1")]).tolist() for number in range(300)]


def test_what_is_begun_is_finished_and_nothing_else_is_taken_on() -> None:
    begun, let = threading.Event(), threading.Event()

    def waits(pairs: Sequence[Pair]) -> Scores:
        begun.set()
        assert let.wait(20)
        return overlap(pairs)

    with ThreadPoolExecutor(1) as pool:
        with listening(small_app(waits)) as address:
            asked = pool.submit(httpx.post, f"{address}/score", json={"pairs": [["a", "a"]]})
            assert begun.wait(10)
            threading.Timer(0.5, let.set).start()
        assert asked.result(10).json()["scores"] == [6.0]
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/healthz")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_need_a_token(host: str) -> None:
    told = f"--host {host}: other machines would reach it: name a --token-file, or set DALMEUM_TOKENS"
    with pytest.raises(InputError, match=re.escape(told)):
        bind(host, 0, protected=False)
    with bind(host, 0, protected=True) as place:
        assert address_of(place).startswith(f"http://{host if host != '::' else '[::]'}:")


def test_an_address_that_is_taken_or_is_none() -> None:
    def told(host: str, port: int = 0) -> str:
        with pytest.raises(InputError) as refused:
            bind(host, port, protected=True)
        return str(refused.value)

    with bind("localhost", 0, protected=False) as place:
        place.listen()
        port = place.getsockname()[1]
        taken = f"--port {port}: can't be had at 127.0.0.1: address already in use: name another"
        assert told("127.0.0.1", port) == taken
    assert told("no.such.host.invalid") == "--host no.such.host.invalid: there is no such address"
    assert told("a" * 300).endswith(": there is no such address")
    assert told("192.0.2.1").startswith("--port 0: can't be had at 192.0.2.1: cannot assign requested")
