"""uvicorn around the app: the place to listen at, slow clients, and the end."""

import asyncio
import contextlib
import functools
import ipaddress
import json
import math
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from dalmeum.errors import InputError
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.logs import quiet_libraries

KEEP_ALIVE = 30
"""Seconds that a connection may lie idle between two requests."""


def bind(host: str, port: int, *, protected: bool) -> socket.socket:
    """A socket to listen at; port 0 takes one that is free.

    Raises `InputError` where it can't be had, and for an address that other machines reach unless the server
    is `protected` by tokens.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise InputError(f"--host {host}: there is no such address") from None
    family, kind, protocol, _, address = found[0]
    if not protected and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise InputError(
            f"--host {host}: other machines would reach it: name a --token-file, or set DALMEUM_TOKENS"
        )
    place = socket.socket(family, kind, protocol)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(address)
    except OSError as error:
        place.close()
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"--port {port}: can't be had at {host}: {reason}: name another") from None
    return place


def address_of(place: socket.socket) -> str:
    host, port = place.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Impatient(H11Protocol):
    """A connection that is closed where a request's head does not come within `arrival` seconds; uvicorn
    would wait for ever.
    """

    def __init__(self, *args: Any, arrival: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arrival, self._timer = arrival, None

    _timer: asyncio.TimerHandle | None
    _unread: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """Who does not read what was asked for is let go as well."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._arrival, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """uvicorn's, in the shape of the other errors: for what is no HTTP, as far as it can be answered."""
        if not self.transport.is_closing() and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"detail": "that is no HTTP request"}).encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"connection", b"close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        """Between requests the time begins with the first byte; uvicorn's own, until then, is for idlers."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._arrival, self._give_up)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's, which says when it listens and when it is told to end."""

    def __init__(
        self, config: uvicorn.Config, started: Callable[[], object], stopping: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self._told_started, self._told_stopping = started, stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._told_stopping()
        await super().shutdown(sockets)


def serve(
    app: FastAPI,
    place: socket.socket,
    *,
    started: Callable[[], object],
    stopping: Callable[[], object],
) -> bool:
    """Answer at `place` until a signal ends it: what is begun is finished, and nothing else is taken on.

    Answers whether all was finished: a second Ctrl+C, or the deadline of a request, cuts off what is left.
    """
    server = Server(configured(app), started, stopping)
    quiet_libraries()
    try:
        with _nothing_after_the_end():
            server.run(sockets=[place])
    except OSError as error:  # another program was quicker to listen there
        raise InputError(f"{address_of(place)}: can't be had: {(error.strerror or '').lower()}") from None
    return not server.force_exit


def configured(app: FastAPI) -> uvicorn.Config:
    limits: Limits = app.state.service.limits
    return uvicorn.Config(
        app,
        http=functools.partial(Impatient, arrival=limits.arrival),  # type: ignore[arg-type]
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(limits.deadline),
    )


@contextlib.contextmanager
def _nothing_after_the_end() -> Any:
    """uvicorn raises the signal that ended it once more: to whoever handled it before, here nobody."""

    def nothing(number: int, frame: FrameType | None) -> None: ...

    before = {number: signal.signal(number, nothing) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
