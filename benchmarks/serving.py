"""`dalmeum serve` under load, beside sentence-transformers' CrossEncoder behind a plain FastAPI route.

    OMP_NUM_THREADS=1 python benchmarks/serving.py RUN --from data/stsb-en/dev.csv

Requests hold one pair. Capacity is what 64 connections get that each ask again when they are answered: of
the server as it is, of one that scores pairs one by one, and of the plain route, in turn, medians over the
rounds; without the limit of how long a request may wait, which a slow machine would meet.
Then requests come at random moments (Poisson), whether others are answered or not, at 80 % of the capacity
over 64 connections, and at three times it; times are from the moment at which a request was to be sent.
Recovered is a server whose answer, after the overload, comes as soon as 99 of 100 did at 80 %.

Generator and server share the machine. What a pair costs is told in processor time of the server, too.
"""

import argparse
import asyncio
import atexit
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

PACKAGES = ("dalmeum", "torch", "transformers", "fastapi", "uvicorn", "sentence-transformers")
CONNECTIONS = 64
OVERLOAD_CONNECTIONS = 900
"""Enough that what waits for a server meets the limits of the server, and not those of the generator."""

PEER = """
import sys
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import CrossEncoder
import uvicorn

model = CrossEncoder(sys.argv[1])
app = FastAPI()

class Asked(BaseModel):
    pairs: list[tuple[str, str]]

@app.post("/score")
def score(asked: Asked) -> dict[str, list[float]]:
    return {"scores": model.predict(asked.pairs).tolist()}

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""

OURS = """
import json
import sys
from dalmeum.serving.http.app import create_app
from dalmeum.serving.http.limits import Limits
from dalmeum.serving.http.server import bind, serve

app = create_app([sys.argv[1]], precision=sys.argv[3], limits=Limits(**json.loads(sys.argv[4])))
serve(app, bind("127.0.0.1", int(sys.argv[2]), protected=False), started=int, stopping=int)
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a cross-encoder's run folder")
    parser.add_argument("--from", dest="source", required=True, help="pairs to ask for")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0, help="at 80 % of the capacity")
    parser.add_argument("--round-seconds", type=float, default=8.0)
    parser.add_argument("--overload-seconds", type=float, default=15.0)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON, beside what is there")
    return parser.parse_args()


class Server:
    """One of the servers, as a process."""

    def __init__(self, program: str, run: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 # for as long as the server lives
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(run / "model"), str(self.port), *options],
            stdout=self.log,
            stderr=self.log,
        )
        atexit.register(self.end)
        self.spent = psutil.Process(self.process.pid)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, self.logged()
                time.sleep(0.1)

    def seconds(self) -> float:
        times = self.spent.cpu_times()
        return float(times.user + times.system)

    def megabytes(self) -> float:
        return float(self.spent.memory_info().rss / 1e6)

    def logged(self) -> str:
        self.log.seek(0)
        return self.log.read().decode()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        atexit.unregister(self.end)


@dataclass
class Load:
    """What came of requests: statuses, and the milliseconds of those that were answered with a score."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    retry_after: bool = True

    def add(self, status: int, head: bytes, start: float) -> None:
        self.statuses[status] += 1
        if status == 200:
            self.milliseconds.append(1000 * (time.perf_counter() - start))
        if status == 429:
            self.retry_after &= b"retry-after: " in head.lower()

    def told(self) -> dict[str, Any]:
        return {
            "requests": self.statuses.total(),
            "answered": self.statuses[200],
            "refused": self.statuses[429],
            "errors": self.statuses.total() - self.statuses[200] - self.statuses[429],
            "p50_ms": round(float(np.percentile(self.milliseconds, 50)), 1),
            "p99_ms": round(float(np.percentile(self.milliseconds, 99)), 1),
        }


class Connection:
    """Keeps one connection, and asks over it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status, and head and body; 0 where there was no answer."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return int(head[9:12]), head + await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            self._streams = None
            return 0, b""

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def requests_of(source: str, count: int = 1000) -> list[bytes]:
    from dalmeum.data import read_pairs

    found = []
    for pair in list(read_pairs(source).pairs)[:count]:
        body = json.dumps({"pairs": [pair]}).encode()
        head = "POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
        found.append(f"{head}{len(body)}\r\n\r\n".encode() + body)
    return found


async def closed(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """As many requests as there are answers to, over 64 connections."""
    load, end, numbers = Load(), time.perf_counter() + seconds, iter(range(10**9))

    async def ask() -> None:
        connection = Connection(port)
        while time.perf_counter() < end:
            start = time.perf_counter()
            status, answer = await connection.ask(requests[next(numbers) % len(requests)])
            load.add(status, answer, start)
        connection.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return load


async def opened(port: int, requests: Sequence[bytes], rate: float, seconds: float, connections: int) -> Load:
    """Requests at random moments, `rate` a second; each waits for a free connection, and that counts."""
    load, free, tasks = Load(), asyncio.Queue[Connection](), set[asyncio.Task[None]]()
    for _ in range(connections):
        free.put_nowait(Connection(port))
    moments = np.cumsum(np.random.default_rng(0).exponential(1 / rate, int(rate * seconds)))

    async def ask(request: bytes, start: float) -> None:
        connection = await free.get()
        status, answer = await connection.ask(request)
        load.add(status, answer, start)
        free.put_nowait(connection)

    begun = time.perf_counter()
    for number, moment in enumerate(moments):
        wait = begun + moment - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(ask(requests[number % len(requests)], begun + moment))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait().close()
    return load


async def overloaded(
    server: Server, requests: Sequence[bytes], rate: float, seconds: float, well: float
) -> dict[str, Any]:
    """At three times the capacity; memory meanwhile, and the time until an answer comes well again."""
    before, most = server.megabytes(), [0.0]

    async def watch() -> None:
        while True:
            most.append(server.megabytes())
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    task = asyncio.create_task(opened(server.port, requests, 3 * rate, seconds, OVERLOAD_CONNECTIONS))
    await asyncio.sleep(seconds)
    # What is on its way by now is the overload's; a new client asks beside it, until it is answered well.
    end, connection, recovered = time.perf_counter(), Connection(server.port), None
    while recovered is None and time.perf_counter() - end < 30:
        start = time.perf_counter()
        status, _ = await connection.ask(requests[0])
        if status == 200 and 1000 * (time.perf_counter() - start) <= well:
            recovered = time.perf_counter() - end
        await asyncio.sleep(0.05)
    load = await task
    watching.cancel()
    return {
        **load.told(),
        "statuses": dict(load.statuses),
        "retry_after": load.retry_after,
        "rate": round(3 * rate, 1),
        "recovered_seconds": recovered and round(recovered, 2),
        "megabytes_before": round(before),
        "megabytes_most": round(max(most)),
    }


def capacities(options: argparse.Namespace, requests: Sequence[bytes]) -> dict[str, Any]:
    """Of each server, in turn."""
    servers = {
        "served": Server(OURS, options.run, options.precision, '{"wait": 60}'),
        "one_by_one": Server(OURS, options.run, options.precision, '{"wait": 60, "batch": 1}'),
        "plain_route": Server(PEER, options.run),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for number in range(options.rounds + 1):
        for name, server in servers.items():
            before, start = server.seconds(), time.perf_counter()
            load = asyncio.run(closed(server.port, requests, options.round_seconds))
            assert load.statuses.keys() == {200}, (name, load.statuses, server.logged()[-500:])
            if number:  # the first warms them up
                told = load.told()
                found[name].append(
                    {
                        "pairs_per_second": told["answered"] / (time.perf_counter() - start),
                        "pairs_per_processor_second": told["answered"] / (server.seconds() - before),
                        "p50_ms": told["p50_ms"],
                        "p99_ms": told["p99_ms"],
                    }
                )
    for server in servers.values():
        server.end()
    return {
        name: {key: round(statistics.median(each[key] for each in rounds), 1) for key in rounds[0]}
        for name, rounds in found.items()
    }


def main() -> None:
    options = arguments()
    requests = requests_of(options.source)
    result: dict[str, Any] = {"capacity": capacities(options, requests)}
    served = result["capacity"]["served"]
    for name in ("one_by_one", "plain_route"):
        result[f"over_{name}"] = {
            key: round(served[key] / result["capacity"][name][key], 2)
            for key in ("pairs_per_second", "pairs_per_processor_second")
        }
    print(json.dumps(result, indent=1), flush=True)
    server = Server(OURS, options.run, options.precision, "{}")
    asyncio.run(closed(server.port, requests, options.round_seconds))
    rate = len(asyncio.run(closed(server.port, requests, options.round_seconds)).milliseconds)
    rate /= options.round_seconds
    steady = asyncio.run(opened(server.port, requests, 0.8 * rate, options.seconds, CONNECTIONS)).told()
    result["at_80_percent"] = {"rate": round(0.8 * rate, 1), "seconds": options.seconds, **steady}
    print(json.dumps(result["at_80_percent"], indent=1), flush=True)
    result["at_3_times"] = asyncio.run(
        overloaded(server, requests, rate, options.overload_seconds, steady["p99_ms"])
    )
    server.end()
    print(json.dumps(result["at_3_times"], indent=1), flush=True)
    if options.out:
        from record import circumstances

        settings: dict[str, Any] = {
            name: str(value) for name, value in vars(options).items() if name not in {"out", "run", "source"}
        }
        settings |= {"source": Path(options.source).name, "threads": os.environ.get("OMP_NUM_THREADS")}
        kept = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
        kept[options.precision] = {**circumstances(PACKAGES, settings), **result}
        options.out.write_text(json.dumps(kept, indent=1, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
