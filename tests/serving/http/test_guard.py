"""Who is let in, what is logged, and what happens to those who are too many, too slow or gone."""

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dalmeum.serving.http.batcher import Pair, Scores
from tests.serving.http.conftest import TOKEN, overlap, small_app

BODY = {"pairs": [["SECRET", "b"]]}


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    text = capsys.readouterr().err
    assert "SECRET" not in text
    assert TOKEN not in text
    assert "Traceback" not in text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (None, False),
        ("", False),
        (TOKEN, False),
        ("Bearer", False),
        ("Bearer ", False),
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Basic {TOKEN}", False),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN} {TOKEN}", False),
        ("Bearer the-other-token-of-them", True),
        (b"Bearer \xff\xfe", False),
        ("Bearer " + "x" * 10_000, False),
    ],
)
def test_tokens(header: Any, allowed: bool) -> None:
    with TestClient(small_app(tokens=[TOKEN, "the-other-token-of-them"])) as client:
        headers = {} if header is None else {"authorization": header}
        answer = client.post("/score", json=BODY, headers=headers)
        assert answer.status_code == (200 if allowed else 401)
        if not allowed:
            assert answer.json() == {"detail": "a token is needed: Authorization: Bearer TOKEN"}
            assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_token_only_what_tells_nothing() -> None:
    with TestClient(small_app(tokens=[TOKEN])) as client:
        for path in (
            "/",
            "/healthz",
            "/readyz",
            "/docs",
            "/openapi.json",
            "/static-offline-docs/swagger-ui.css",
        ):
            assert client.get(path).status_code == 200, path
        for path in ("/metrics", "/v1/models", "/score", "/nothing", "/docsx", "/healthz/"):
            assert client.get(path).status_code == 401, path
        for path in ("/score", "/rank", "/rerank", "/v1/rerank", "/v2/rerank"):
            assert client.post(path, content=b"x" * 5_000_000).status_code == 401, path


def test_below_another_app() -> None:
    """Whose lifespan is not ours: it answers all the same, and is as closed."""
    outer = FastAPI()
    outer.mount("/similarity", small_app(tokens=[TOKEN]))
    client = TestClient(outer)
    assert client.get("/similarity/healthz").status_code == 200
    assert "/similarity/openapi.json" in client.get("/similarity/docs").text
    assert client.post("/similarity/score", json=BODY).status_code == 401
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/similarity/score", json=BODY, headers=headers).json()["scores"] == [-1.0]
    assert 'path="/score",status="401"' in client.get("/similarity/metrics", headers=headers).text


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    with TestClient(small_app()) as client:
        capsys.readouterr()
        answer = client.post("/score?SECRET=1", json=BODY, headers={"x-request-id": "mine-1"})
        assert answer.headers["x-request-id"] == "mine-1"
        answer = client.get("/SECRET", headers={"x-request-id": "SECRET text", "user-agent": "SECRET"})
        assert len(answer.headers["x-request-id"]) == 32
        client.request("SECRET", "/rank")
        client.post("/rank", content=b"SECRET", headers={"content-type": "application/json"})
        lines = logged(capsys)
    for line in lines:
        assert line.pop("time").endswith("+00:00")
        assert 0 <= line.pop("ms") < 10_000
    assert lines[1].pop("request") == answer.headers["x-request-id"]
    assert lines[0] == {
        "request": "mine-1",
        "method": "POST",
        "path": "/score",
        "status": 200,
        "model": "one",
        "pairs": 1,
    }
    assert lines[1] == {"method": "GET", "path": "other", "status": 404}
    assert [(line["method"], line["path"], line["status"]) for line in lines[2:]] == [
        ("other", "/rank", 405),
        ("POST", "/rank", 400),
    ]


def test_what_fails_is_told_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(pairs: Sequence[Pair]) -> Scores:
        raise ValueError(f"not {pairs[0][0]}")

    with TestClient(small_app(fails)) as client:
        capsys.readouterr()
        answer = client.post("/score", json=BODY)
        assert answer.status_code == 500
        assert answer.json() == {"detail": "the server failed: its log says where"}
        (line,) = logged(capsys)
    assert line["error"].startswith("ValueError at test_guard.py:")


class Blocked:
    """A model that answers when it is let, and tells when it is asked."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()
        self.seen: list[int] = []

    def __call__(self, pairs: Sequence[Pair]) -> Scores:
        self.seen.append(len(pairs))
        self.asked.set()
        assert self.let.wait(20)
        return overlap(pairs)


async def asgi(app: FastAPI, messages: Sequence[dict[str, Any]]) -> tuple[int, dict[bytes, bytes], Any]:
    """Status, headers and JSON of `POST /score` whose client sends the messages, and then is silent."""
    left, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        if left:
            message = left.pop(0)
            if (after := message.pop("after", 0)) or message["type"] == "http.disconnect":
                await asyncio.sleep(after)
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/score",
        "raw_path": b"/score",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": None,
        "server": None,
    }
    await app(scope, receive, send)
    if not sent:
        return 0, {}, None
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], headers, json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


def body(value: Any = BODY, **more: Any) -> dict[str, Any]:
    return {"type": "http.request", "body": json.dumps(value).encode(), **more}


def test_a_body_that_drips_is_cut_off() -> None:
    drops = [{"type": "http.request", "body": b" ", "more_body": True, "after": 0.05} for _ in range(100)]
    start = time.monotonic()
    status, headers, told = asyncio.run(asgi(small_app(arrival=0.3), drops))
    assert (status, told) == (408, {"detail": "the body did not come within 0.3 seconds"})
    assert headers[b"connection"] == b"close"
    assert time.monotonic() - start < 2


def test_a_client_that_leaves_before_its_body_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert asyncio.run(asgi(small_app(), messages))[0] == 0
    assert logged(capsys)[0]["status"] == 499


def test_what_a_client_that_left_asked_for_is_not_scored(capsys: pytest.CaptureFixture[str]) -> None:
    model = Blocked()
    app = small_app(model)

    async def two() -> Any:
        first = asyncio.create_task(asgi(app, [body()]))
        await asyncio.to_thread(model.asked.wait, 10)
        assert (
            await asgi(app, [body({"pairs": [["a", "b"]] * 7}), {"type": "http.disconnect", "after": 0.1}])
        )[0] == 0
        assert app.state.service.models["one"].batcher.waiting == 0
        model.let.set()
        return await first

    assert asyncio.run(two())[0] == 200
    assert model.seen == [1]
    assert [line["status"] for line in logged(capsys)] == [499, 200]


def test_no_answer_in_time() -> None:
    model = Blocked()
    app = small_app(model, deadline=0.3)
    status, headers, told = asyncio.run(asgi(app, [body()]))
    assert (status, told) == (503, {"detail": "no answer within 0.3 seconds"})
    assert headers[b"retry-after"] == b"1"
    model.let.set()


def test_too_many_wait() -> None:
    model = Blocked()
    app = small_app(model, waiting=10, pairs=10)
    ten = body({"pairs": [["a", "b"]] * 10})

    async def three() -> Any:
        first = asyncio.create_task(asgi(app, [body()]))
        await asyncio.to_thread(model.asked.wait, 10)
        second = asyncio.create_task(asgi(app, [dict(ten)]))
        await asyncio.sleep(0.1)
        third = await asgi(app, [dict(ten)])
        model.let.set()
        return await first, await second, third

    answered, waited, refused = asyncio.run(three())
    assert (answered[0], waited[0], refused[0]) == (200, 200, 429)
    assert refused[1][b"retry-after"] == b"1"
    assert refused[2] == {"detail": "the server is busy: ask again later"}


def test_too_many_at_once_and_too_many_bytes() -> None:
    model = Blocked()
    app = small_app(model, requests=2, held=1500)

    async def several() -> Any:
        large = body({"pairs": [["a" * 1000, "b"]]})
        first = asyncio.create_task(asgi(app, [dict(large)]))
        await asyncio.to_thread(model.asked.wait, 10)
        too_large = await asgi(app, [dict(large)])
        second = asyncio.create_task(asgi(app, [body()]))
        await asyncio.sleep(0.1)
        third = await asgi(app, [body()])
        model.let.set()
        return await first, too_large, await second, third, await asgi(app, [dict(large)])

    assert [each[0] for each in asyncio.run(several())] == [200, 429, 200, 429, 200]


def test_the_whole_of_a_body_in_pieces() -> None:
    text = json.dumps(BODY).encode()
    pieces = [
        {"type": "http.request", "body": text[at : at + 5], "more_body": at + 5 < len(text)}
        for at in range(0, len(text), 5)
    ]
    status, _, told = asyncio.run(asgi(small_app(), pieces))
    assert (status, told["scores"]) == (200, [-1.0])


def test_memory_is_bounded_however_many_bodies_come() -> None:
    """What is refused is let go of at once."""
    import tracemalloc

    model = Blocked()
    app = small_app(model, held=4 * 1024**2)
    large = json.dumps({"pairs": [["a", "b" * 8000]] * 120}).encode()  # 1 MB

    async def flood() -> list[int]:
        answers = [
            asyncio.create_task(asgi(app, [{"type": "http.request", "body": large}])) for _ in range(200)
        ]
        await asyncio.sleep(1)
        model.let.set()
        return [(await each)[0] for each in answers]

    tracemalloc.start()
    statuses = asyncio.run(flood())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert statuses.count(200) >= 3
    assert statuses.count(429) >= 190
    assert peak < 40 * 1024**2
    np.testing.assert_equal(app.state.service.models["one"].batcher.waiting, 0)
