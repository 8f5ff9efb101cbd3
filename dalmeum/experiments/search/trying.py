"""Who tries the settings that a search asks for: a thread, and a process of its own that trains."""

import glob
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dalmeum.experiments.search.trials import (
    ERROR,
    RETRIED,
    RUN,
    SURPLUS,
    Search,
    Trial,
    again,
    check_hope,
    is_first,
    is_surplus,
    state_of,
    told_trials,
)
from dalmeum.experiments.workers import Answer, Order, Worker
from dalmeum.recipe.space import Dimension, Range
from dalmeum.runs.folder import open_run

if TYPE_CHECKING:
    import optuna

LOOK_EVERY = 2.0
"""Seconds between two looks at what other processes do."""


class _EndedError(Exception):
    """A trial that came to nothing: one too many, interrupted, or another process's by now."""


class Trying(threading.Thread):
    """One thread that tries settings, in a process of its own, until `most` trials are begun, or it is time.

    `waits` for the trials of others, too: a dead one's are its own to try. `tell` is called with all trials
    after each that ended, and its number. What ended the thread, unless it ended well, is its `failure`.
    Who may be interrupted waits for `ended`: a `join` that Ctrl-C ends takes the thread for dead.
    """

    def __init__(
        self,
        search: Search,
        most: int | None,
        until: float,
        tell: Callable[[Sequence[Trial], int], None],
        *,
        waits: bool = True,
        device: str | None = None,
        threads: int = 1,
    ) -> None:
        super().__init__(daemon=True)
        self.search, self.most, self.until, self.tell, self.waits = search, most, until, tell, waits
        self.device, self.threads = device, threads
        self.stopping, self.ended = threading.Event(), threading.Event()
        self.worker: Worker | None = None
        self.failure: BaseException | None = None
        self.reported = 0

    def run(self) -> None:
        from optuna.storages import fail_stale_trials

        try:
            study = self.search.open()
            while not self.stopping.is_set() and time.monotonic() < self.until:
                trials = [each for each in study.get_trials(deepcopy=False) if not is_surplus(each)]
                states = {each.state.name for each in trials}
                if self.most is None or sum(map(is_first, trials)) < self.most or "WAITING" in states:
                    self._try_one(study)
                elif self.waits and "RUNNING" in states:
                    self.stopping.wait(LOOK_EVERY)
                    fail_stale_trials(study)
                else:
                    break
        except BaseException as error:
            self.failure = error
        finally:
            if self.worker is not None:
                self.worker.stop()
            self.ended.set()

    def stop(self) -> None:
        """The trial is queued again; its process ends now."""
        self.stopping.set()
        if self.worker is not None:
            self.worker.process.kill()

    def _try_one(self, study: "optuna.Study") -> None:
        import optuna

        asked: list[optuna.Trial] = []
        broken: list[Exception] = []
        meant = (optuna.TrialPruned, optuna.exceptions.UpdateFinishedTrialError, _EndedError)

        def objective(trial: optuna.Trial) -> float:
            asked.append(trial)
            try:
                return self._score(study, trial)
            except Exception as error:
                if not isinstance(error, meant):
                    broken.append(error)
                raise

        try:
            study.optimize(objective, n_trials=1, catch=(_EndedError,))
        except Exception:
            # Told of a trial that others took for dead, Optuna fails in more than one way.
            if broken or not asked or _stored(study, asked[0]).state.name != "FAIL":
                raise
        ended = _stored(study, asked[0])
        if is_surplus(ended):
            return
        if self.stopping.is_set() and state_of(ended, again(study.trials)) == "lost":
            optuna.storages.RetryHeartbeatStaleTrialCallback()(study, ended)
        trials = told_trials(study, self.search.space)
        self.tell(trials, ended.number)
        check_hope(trials)

    def _score(self, study: "optuna.Study", trial: "optuna.Trial") -> float:
        """Dev Pearson of a trial's run."""
        import optuna

        settings = {each.key: each.value(_suggested(each, trial)) for each in self.search.space}
        if self._is_one_too_many(study, trial):
            trial.set_user_attr(SURPLUS, True)
            raise _EndedError
        recipe = self.search.recipe_of(settings)
        order = Order(self._run_name(trial.number), self.search.name, recipe, not recipe.members)
        answer = self._carried_out(trial, order)
        self._clear(_stored(study, trial))
        if answer.stopped:
            raise optuna.TrialPruned
        score = None
        if answer.folder is not None:
            run = open_run(answer.folder).told()
            trial.set_user_attr(RUN, run.id)
            score = (run.metrics().get("dev", {}).get("pearson") or {}).get("value")
        if score is None:
            trial.set_user_attr(ERROR, answer.error or "its predictions on dev do not vary")
            raise optuna.TrialPruned  # TPE keeps away from such settings
        return float(score)

    def _carried_out(self, trial: "optuna.Trial", order: Order) -> Answer:
        """The answer of the process that trains; `_EndedError` where the trial is this thread's no more."""
        import optuna

        self.reported, taken = 0, threading.Event()

        def goes_on(evaluations: int, best: float) -> bool:
            if evaluations <= self.reported:  # a further model of the same run
                return True
            self.reported = evaluations
            try:
                trial.report(best, evaluations)
                return not trial.should_prune()
            except optuna.exceptions.UpdateFinishedTrialError:
                taken.set()
                return False
            except optuna.exceptions.StorageInternalError:
                return True  # it may be back when the run ends

        while True:
            if self.worker is None or not self.worker.alive:
                self.worker = Worker(self.device, self.threads, apart=True)
            if self.stopping.is_set():
                raise _EndedError
            answer = self.worker.carry_out(order, goes_on)
            if self.stopping.is_set() or taken.is_set():
                raise _EndedError
            if not answer.held:
                return answer
            self.stopping.wait(LOOK_EVERY)

    def _is_one_too_many(self, study: "optuna.Study", trial: "optuna.Trial") -> bool:
        """Whether others began the last of the trials at the same time."""
        trials = study.get_trials(deepcopy=False)
        if self.most is None or not is_first(trials[trial.number]):
            return False
        before = [each for each in trials[: trial.number] if not is_surplus(each)]
        return sum(map(is_first, before)) >= self.most

    def _run_name(self, number: int) -> str:
        """The end of the id of a trial's run."""
        return f"{self.search.name}-{number}"

    def _clear(self, trial: "optuna.trial.FrozenTrial") -> None:
        """A trial leaves scores and predictions: models of all of them would fill the disk."""
        for number in (trial.number, *trial.system_attrs.get(RETRIED, ())):
            for folder in self.search.output.glob(f"*-{glob.escape(self._run_name(number))}"):
                for left in (folder / "model", *folder.glob("checkpoints/*")):
                    shutil.rmtree(left, ignore_errors=True)


def _suggested(dimension: Dimension, trial: "optuna.Trial") -> Any:
    if not isinstance(dimension, Range):
        return trial.suggest_categorical(dimension.key, list(dimension.values))
    low, high, log = dimension.low, dimension.high, dimension.log
    if dimension.whole:
        step = int(dimension.step or 1)
        return trial.suggest_int(dimension.key, int(low), int(high), step=step, log=log)
    return trial.suggest_float(dimension.key, low, high, step=dimension.step, log=log)


def _stored(study: "optuna.Study", trial: "optuna.Trial") -> "optuna.trial.FrozenTrial":
    return study.get_trials(deepcopy=False)[trial.number]
