"""`training.report_to: mlflow`: a run is there from its beginning, its curves grow, at its end it is whole.

A place that can't be reached stops no training: it is told once, and `dalmeum push` brings the run later.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dalmeum.errors import DalmeumError
from dalmeum.experiments.mirror.client import BRIEF, Mlflow
from dalmeum.experiments.mirror.importer import Chooses, bring, log_curves, smallest, steps_there
from dalmeum.experiments.mirror.place import is_wanted, place_at_hand
from dalmeum.experiments.mirror.shown import RUN, Shown, points_of
from dalmeum.languages import Text
from dalmeum.progress import tell
from dalmeum.recipe import Recipe
from dalmeum.runs.folder import Lived, Run, open_run
from dalmeum.runs.lock import LostRunError
from dalmeum.terminal import shell_word
from dalmeum.training.ensemble import log_of

if TYPE_CHECKING:
    from transformers import TrainerCallback

EVERY = 5.0
"""Seconds between two times that curves are sent."""

LATER = Text(
    "not all of this run is in MLflow, dalmeum push {run} brings it later: {reason}",
    "이 실행을 MLflow에 다 올리지 못했습니다. 나중에 dalmeum push {run}로 올리세요: {reason}",
)


Watching = Callable[[str], "list[TrainerCallback]"]
"""The callbacks for a training by its name in the run's log, empty where it is the only one."""


def unwatched(_: str) -> "list[TrainerCallback]":
    return []


@contextlib.contextmanager
def live(recipe: Recipe, run: Run, chooses: Chooses = smallest) -> Iterator[Watching]:
    """While a run is trained in the block: shown in MLflow, if the recipe says so.

    Whatever goes wrong there is told, and raised never.
    """
    if not is_wanted(recipe):
        yield unwatched
        return
    shown = Live(run, chooses)
    shown.begin()
    try:
        yield shown.callbacks
    except LostRunError:
        raise  # it is another process's by now
    except BaseException:
        # What is left in the middle, as by Ctrl-C, has no process from now on.
        shown.end("lost")
        raise
    shown.end("running")


class Live:
    """A run in MLflow while it is trained.

    What can't be reached at the beginning is not tried again, and what is lost on the way only at the end: no
    training waits for it twice.
    """

    def __init__(self, run: Run, chooses: Chooses) -> None:
        self.run, self.chooses = run, chooses
        self.mlflow: Mlflow | None = None
        self.id: str | None = None
        self.there: dict[str, set[int]] = {}
        self.waiting: list[tuple[str, int, float]] = []
        self.sent = 0.0

    def begin(self) -> None:
        """Make the MLflow run, or take it up again where this run was interrupted, lost or failed."""
        with self._told():
            mlflow = Mlflow.open(place_at_hand())
            shown = Shown(open_run(self.run.folder), "running")
            _, identifier = bring(mlflow, shown, BRIEF)
            with mlflow.working(BRIEF) as client:
                found = client.get_run(identifier)
                self.there = steps_there(client, found)
            self.mlflow, self.id = mlflow, identifier

    def add(self, entry: Mapping[str, Any]) -> None:
        """An entry of the training's log."""
        self.waiting += points_of(entry)
        if time.monotonic() - self.sent > EVERY:
            self.send()

    def send(self) -> None:
        if self.mlflow is None or self.id is None or not self.waiting:
            return
        identifier, self.id = self.id, None
        with self._told(), self.mlflow.working(BRIEF) as client:
            found = client.get_run(identifier)
            # Else another of the same content is shown, which is further, or this one was deleted.
            if found.data.tags.get(RUN) == self.run.id and found.info.lifecycle_stage == "active":
                log_curves(client, found, self.waiting, self.there)
                self.id, self.waiting, self.sent = identifier, [], time.monotonic()

    def end(self, left: Lived) -> None:
        """Bring what became of the run; `left` is its state where its record says that it is running."""
        if self.mlflow is None:
            return
        with self._told():
            run = open_run(self.run.folder)
            state = left if run.record.state == "running" else run.record.state
            bring(self.mlflow, Shown(run, state), BRIEF, self.chooses)

    def callbacks(self, name: str) -> "list[TrainerCallback]":
        from transformers import TrainerCallback

        live = self

        class Sends(TrainerCallback):
            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                entry = {**(logs or {}), "step": state.global_step}
                live.add(next(iter(log_of(name, [entry]))) if name else entry)

            def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                live.send()

        return [Sends()] if self.id is not None else []

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            reason = str(error) if isinstance(error, DalmeumError) else type(error).__name__
            tell(LATER.format(run=shell_word(str(self.run.folder)), reason=reason))
