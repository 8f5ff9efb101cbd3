"""Processes that train, one run after the other: what spares each run the start of an interpreter."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self, TypeVar

from dalmeum.experiments.jobs import visible_gpus
from dalmeum.recipe import Recipe

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Order:
    """A run to be made, or taken up: its name, its study's, and its recipe."""

    name: str
    study: str
    recipe: Recipe

    def to_json(self) -> str:
        return json.dumps([self.name, self.study, self.recipe.model_dump(mode="json")])

    @classmethod
    def from_json(cls, line: str) -> "Order":
        name, study, values = json.loads(line)
        return cls(name, study, Recipe.model_validate(values))


@dataclass(frozen=True)
class Answer:
    """What came of an order: the run's folder, or what went wrong; or that another process works on it."""

    folder: str | None
    error: str = ""
    held: bool = False


class Worker:
    """One process, spoken to in lines of JSON. When its parent dies, however, it ends with it."""

    def __init__(self, device: str | None, threads: int) -> None:
        # What this process can import, an own loss in a notebook's folder too, the worker can.
        path = os.pathsep.join(place or os.getcwd() for place in sys.path)
        environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "PYTHONPATH": path}
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = device
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 # stop() closes it
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],  # -P: own code of the current folder is not meant
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            encoding="utf-8",
        )

    def carry_out(self, order: Order) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(OSError):  # it died before: the answer is missing below
            self.process.stdin.write(order.to_json() + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line:
            return Answer(**json.loads(line))
        code = self.process.wait()
        self.said.seek(0)
        last = self.said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        reason = f"signal {-code}: out of memory?" if code < 0 else f"exit code {code}: {last}"
        return Answer(None, f"its process died ({reason}); run the study again to go on")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.said.close()


class Workers:
    """Several workers, each on a GPU of its own where there are any, else on its share of the cores."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.devices: queue.Queue[str | None] = queue.Queue()
        gpus = visible_gpus()
        for index in range(count):
            self.devices.put(gpus[index % len(gpus)] if gpus else None)
        self.threads = max(1, (os.cpu_count() or 1) // count)
        self.local = threading.local()
        self.started: list[Worker] = []
        self.pool = ThreadPoolExecutor(count)

    def map(self, orders: Mapping[Key, Order]) -> Iterator[tuple[Key, Answer]]:
        """The answers as they come."""
        futures = {self.pool.submit(self._carry_out, order): key for key, order in orders.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()

    def _carry_out(self, order: Order) -> Answer:
        worker: Worker | None = getattr(self.local, "worker", None)
        if worker is None:
            self.local.device = self.devices.get()
        if worker is None or not worker.alive:
            worker = self.local.worker = Worker(self.local.device, self.threads)
            self.started.append(worker)
        return worker.carry_out(order)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        for worker in self.started:
            worker.stop()


def main() -> None:
    """Read orders from standard input, a line each; answer each with a line on standard output."""
    orders: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while True:
        answer = _carry_out(Order.from_json(orders.get()))
        answers.write(json.dumps(vars(answer)) + "\n")
        answers.flush()


def _listen(orders: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        orders.put(line)
    # The parent closed the pipe, or died: a run without anybody to tell is left to be resumed.
    os._exit(0)


def _carry_out(order: Order) -> Answer:
    from dalmeum.errors import DalmeumError
    from dalmeum.experiments.train import train
    from dalmeum.runs.lock import HeldError

    try:
        run = train(order.recipe, order.name, resume=True, parent_study=order.study)
    except HeldError as error:
        return Answer(None, str(error), held=True)
    except DalmeumError as error:
        return Answer(None, str(error))
    except Exception as error:
        return Answer(None, f"{type(error).__name__}: {error}")
    return Answer(str(run.folder))


if __name__ == "__main__":
    main()
