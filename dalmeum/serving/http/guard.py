"""What stands before every route: who asks, how much, how long; and what is logged and counted of it."""

import asyncio
import re
import time
import uuid
from collections.abc import Collection
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dalmeum.serving.http.errors import RefusedError, busy, problem
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.logs import log, told
from dalmeum.serving.http.metrics import Metrics
from dalmeum.serving.http.tokens import Tokens

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

GONE = 499
"""What is logged where the client left before its answer, as nginx logs it."""

DRAINED = 16
"""So many times the largest body is read of one that is refused, and thrown away: a client that is cut off
while it sends would not read why.
"""

PLAIN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class GoneError(Exception):
    """The client has left."""


class Reply:
    """An answer on its way, with the request's id."""

    def __init__(self, send: Send, request: str) -> None:
        self._send, self.request = send, request
        self.status = 0
        self.closes = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [(b"x-request-id", self.request.encode()), (b"x-content-type-options", b"nosniff")]
            if self.closes:
                own.append((b"connection", b"close"))
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await self._send(message)


class Body:
    """As much of a body as has come, and its size, which counts for as long as the request is at work."""

    def __init__(self) -> None:
        self.size = 0
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._chunks.append(chunk)

    def drop(self) -> int:
        """Let go of it; the size that it had."""
        size, self.size = self.size, 0
        self._chunks.clear()
        return size

    def whole(self) -> bytes:
        """To be held by the one who asks, and no more here."""
        whole = b"".join(self._chunks)
        self._chunks.clear()
        return whole


class Guard:
    """ASGI middleware.

    Args:
        known: paths of routes: others are logged as `other`, since a path may hold a text.
        open: paths that are answered without a token, and, of those that end with `/*`, all below them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        limits: Limits,
        metrics: Metrics,
        known: Collection[str],
        open: Collection[str],
    ) -> None:
        self._app, self._tokens, self._limits, self._metrics = app, tokens, limits, metrics
        self._known, self._open = known, open
        self._active = self._held = 0
        metrics.watch_active(lambda: self._active)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        reply = Reply(send, given.decode() if PLAIN_ID.fullmatch(given) else uuid.uuid4().hex)
        scope["state"] = state = dict(scope.get("state") or {})
        # Below another app, its own place comes first.
        place = scope["path"].removeprefix(scope.get("root_path", ""))
        path = place if place in self._known else "other"
        failure: dict[str, Any] = {}
        self._active += 1
        try:
            refused = self._refused(place, headers)
            await self._answer(scope, headers, receive, reply, refused)
        except RefusedError as error:
            if not reply.status:
                await problem(error.status, error.detail, error.headers)(scope, receive, reply)
        except GoneError:
            reply.status = GONE
        except Exception as error:
            failure = {"level": "error", "error": told(error)}
            if not reply.status:
                await problem(500, "the server failed: its log says where")(scope, receive, reply)
        finally:
            self._active -= 1
            seconds = time.perf_counter() - start
            self._metrics.request(path, reply.status, seconds)
            log(
                request=reply.request,
                method=scope["method"] if scope["method"] in METHODS else "other",
                path=path,
                status=reply.status,
                **{name: state[name] for name in ("model", "pairs") if name in state},
                ms=round(1000 * seconds, 1),
                **failure,
            )

    async def _answer(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        reply: Reply,
        refused: RefusedError | None,
    ) -> None:
        body = Body()
        try:
            await self._read(body, receive, headers, reply, refused)
            await self._pass_on(scope, body.whole(), receive, reply)
        finally:
            self._held -= body.size

    def _refused(self, path: str, headers: dict[bytes, bytes]) -> RefusedError | None:
        if not _is_below(path, self._open) and not self._tokens.allow(headers.get(b"authorization", b"")):
            return RefusedError(
                401, "a token is needed: Authorization: Bearer TOKEN", www_authenticate="Bearer"
            )
        if self._active > self._limits.requests:
            return busy("the server is busy: ask again later", self._limits.wait)
        return None

    async def _read(
        self,
        body: Body,
        receive: Receive,
        headers: dict[bytes, bytes],
        reply: Reply,
        refused: RefusedError | None,
    ) -> None:
        """The body, whole. Of one that is refused nothing is kept."""
        limits, read, more = self._limits, 0, True
        too_large = RefusedError(413, f"the body is larger than {limits.body:,} bytes: send less at once")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limits.body:
            refused = refused or too_large
        reply.closes = True
        try:
            async with asyncio.timeout(limits.arrival):
                while more and read <= DRAINED * limits.body:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise GoneError
                    chunk = message.get("body", b"")
                    read, more = read + len(chunk), message.get("more_body", False)
                    if refused is None and read > limits.body:
                        refused = too_large
                    if refused is None and self._held + len(chunk) > limits.held:
                        refused = busy("the server is busy: ask again later", limits.wait)
                    if refused is None:
                        body.add(chunk)
                        self._held += len(chunk)
                    else:
                        self._held -= body.drop()
        except TimeoutError:
            raise refused or RefusedError(
                408, f"the body did not come within {limits.arrival:g} seconds"
            ) from None
        reply.closes = more
        if refused is not None:
            raise refused

    async def _pass_on(self, scope: Scope, body: bytes, receive: Receive, reply: Reply) -> None:
        """Let the app answer, for as long as it may take and the client waits."""
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            if messages:
                return messages.pop()
            await asyncio.Event().wait()
            raise AssertionError

        answer = asyncio.ensure_future(self._app(scope, replay, reply))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            done, _ = await asyncio.wait(
                (answer, gone),
                timeout=self._limits.deadline,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answer in done:
                answer.result()
            elif gone in done:
                raise GoneError
            else:
                reply.closes = True
                raise busy(f"no answer within {self._limits.deadline:g} seconds", self._limits.wait, 503)
        finally:
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_below(path: str, places: Collection[str]) -> bool:
    return any(path.startswith(place[:-1]) if place.endswith("/*") else path == place for place in places)
