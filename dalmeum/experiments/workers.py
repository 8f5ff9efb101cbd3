"""Processes that train, one run after the other: what spares each run the start of an interpreter.

An order is a line of JSON, and so is its answer. Of a run that may be stopped early the process says after
each evaluation how it does, and waits for a line that says whether to go on.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self, TypeVar

from dalmeum.experiments.jobs import visible_gpus
from dalmeum.recipe import Recipe

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Order:
    """A run to be made, or taken up: its name, its study's, its recipe; whether it may be stopped early."""

    name: str
    study: str
    recipe: Recipe
    stoppable: bool = False

    def to_json(self) -> str:
        return json.dumps([self.name, self.study, self.recipe.model_dump(mode="json"), self.stoppable])

    @classmethod
    def from_json(cls, line: str) -> "Order":
        name, study, values, stoppable = json.loads(line)
        return cls(name, study, Recipe.model_validate(values), stoppable)


@dataclass(frozen=True)
class Answer:
    """What came of an order: the run's folder, or what went wrong; or that another process works on it, or
    that it was stopped early.
    """

    folder: str | None
    error: str = ""
    held: bool = False
    stopped: bool = False


GoesOn = Callable[[int, float], bool]
"""Whether a run goes on after so many evaluations, the best of which has this Pearson on dev."""


class Worker:
    """One process, spoken to in lines of JSON. When its parent dies, however, it ends with it.

    `apart`: Ctrl-C in the terminal reaches the parent alone, which ends the process when it will.
    """

    def __init__(self, device: str | None, threads: int, *, apart: bool = False) -> None:
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
            start_new_session=apart,
        )

    def carry_out(self, order: Order, goes_on: GoesOn | None = None) -> Answer:
        """`goes_on` is asked after each evaluation of an order that is stoppable."""
        assert self.process.stdout is not None
        self._say(order.to_json())
        while line := self.process.stdout.readline():
            said = json.loads(line)
            if "folder" in said:
                return Answer(**said)
            assert goes_on is not None
            self._say(json.dumps(goes_on(said["evaluations"], said["best"])))
        code = self.process.wait()
        self.said.seek(0)
        last = self.said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        reason = f"signal {-code}: out of memory?" if code < 0 else f"exit code {code}: {last}"
        return Answer(None, f"its process died ({reason})")

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it died before: its answer will be missing
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

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
    heard: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(**values: object) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    def goes_on(evaluations: int, best: float) -> bool:
        say(evaluations=evaluations, best=best)
        return bool(json.loads(heard.get()))

    while True:
        say(**vars(_carry_out(Order.from_json(heard.get()), goes_on)))


def _listen(heard: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        heard.put(line)
    # The parent closed the pipe, or died: a run without anybody to tell is left to be resumed.
    os._exit(0)


def _carry_out(order: Order, goes_on: GoesOn) -> Answer:
    from dalmeum.errors import DalmeumError
    from dalmeum.experiments.train import train
    from dalmeum.runs.lock import HeldError
    from dalmeum.training.callbacks import StoppedEarlyError, StopsEarly

    callbacks = [StopsEarly(goes_on)] if order.stoppable else []
    try:
        run = train(order.recipe, order.name, resume=True, parent_study=order.study, callbacks=callbacks)
    except HeldError as error:
        return Answer(None, str(error), held=True)
    except StoppedEarlyError as error:
        return Answer(None, str(error), stopped=True)
    except DalmeumError as error:
        return Answer(None, str(error))
    except Exception as error:
        return Answer(None, f"{type(error).__name__}: {error}")
    return Answer(str(run.folder))


if __name__ == "__main__":
    main()
