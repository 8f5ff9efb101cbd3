"""The trials of a search: each a run with other settings, ended early where others do better.

What is tried next is Optuna's business (TPE; Hyperband over evaluations), and so is the storage in which
processes and machines share a search. A trial counts once: where its process dies, is interrupted, or is
taken for dead, it is queued again with the same settings, and its run goes on at its last checkpoint.
"""

import glob
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.workers import Answer, Order, Worker
from dalmeum.recipe import Recipe
from dalmeum.recipe.space import Dimension, Range, Settings, setting, with_settings
from dalmeum.runs.folder import open_run

if TYPE_CHECKING:
    import optuna

RUN, ERROR, SURPLUS, SEARCH = "run", "error", "surplus", "search"
"""Attributes of a trial (where its run lies, why it failed, whether it is one too many), and of a search."""

RETRIED = "retry_history"
"""Optuna's own: the trials whose settings this one tries again."""

STARTUP = 5
"""Trials before TPE has a say; Hyperband has it look at each bracket by itself."""

FAILED_AT_ONCE = 3
"""Trials that failed, with none that did not, after which a search ends: the settings are not to blame."""

LOOK_EVERY = 2.0
"""Seconds between two looks at what other processes do."""

State = Literal["complete", "pruned", "failed", "requeued", "lost", "running", "waiting"]
COUNTED: tuple[State, ...] = ("complete", "pruned", "failed")
"""The states of trials that came to something."""


@dataclass(frozen=True)
class Trial:
    """One trial as a report tells of it.

    Attributes:
        state: `failed` means that its settings can't be trained; `requeued` that its process died or was
            interrupted, and its settings are another trial's by now; `lost` that each process died that tried
            them.
        score: Pearson on dev, of a pruned one the best until then; None where there is none.
        run: name of its run's folder.
        evaluations: those that were reported.
        seconds: from its start to its end; None where it has not ended.
    """

    number: int
    state: State
    score: float | None
    settings: Settings
    run: str | None = None
    evaluations: int = 0
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Search:
    """What all processes of one search have in common.

    Attributes:
        output: the folder of its runs.
        key: the same for searches with the same recipe, data and space.
        seed: of the sampler, where a search is to be repeated; processes that share one must differ in it.
    """

    name: str
    recipe: Recipe
    space: tuple[Dimension, ...]
    output: Path
    key: str
    storage: "optuna.storages.BaseStorage"
    prune: bool = True
    seed: int | None = None

    def open(self) -> "optuna.Study":
        """A handle for one thread. The first that opens the search queues the recipe as it is.

        Raises `InputError` where the search of this name is another.
        """
        import optuna

        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, multivariate=True, seed=self.seed)
        made: dict[str, Any] = {"storage": self.storage, "sampler": sampler, "pruner": self._pruner()}
        try:
            study = optuna.create_study(study_name=self.name, direction="maximize", **made)
        except optuna.exceptions.DuplicatedStudyError:
            study = optuna.load_study(study_name=self.name, **made)
            if study.user_attrs.get(SEARCH, self.key) != self.key:
                raise InputError(
                    f"--name {self.name}: is a search with another recipe, other data or another --space: "
                    "choose another name, or move its folder away"
                ) from None
            return study
        study.set_user_attr(SEARCH, self.key)
        default = {each.key: each.parameter(setting(self.recipe, each.key)) for each in self.space}
        if None not in default.values():
            study.enqueue_trial(default)
        return study

    def _pruner(self) -> "optuna.pruners.BasePruner":
        import optuna

        most = most_evaluations(self)
        if not self.prune or self.recipe.members or most < 2:
            return optuna.pruners.NopPruner()
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=most, reduction_factor=3)

    def recipe_of(self, settings: Settings) -> Recipe:
        recipe = with_settings(self.recipe, settings, f"search {self.name}")
        return recipe.model_copy(update={"output": str(self.output)})


def most_evaluations(search: Search) -> int:
    """On dev, of a trial with the most epochs and evaluations that the space has."""
    most = 1
    for key in ("training.epochs", "training.evaluations_per_epoch"):
        values = next((each.ends for each in search.space if each.key == key), None)
        most *= max(map(int, values or [setting(search.recipe, key)]))
    return most


def told_trials(study: "optuna.Study", space: Iterable[Dimension]) -> list[Trial]:
    """All trials that are not one too many, in their order."""
    dimensions = {each.key: each for each in space}
    trials = [each for each in study.get_trials(deepcopy=False) if not _is_surplus(each)]
    again = _again(trials)
    return [
        Trial(
            number=each.number,
            state=_state(each, again),
            score=max(each.intermediate_values.values(), default=None) if each.value is None else each.value,
            settings={key: dimensions[key].value(value) for key, value in each.params.items()},
            run=each.user_attrs.get(RUN),
            evaluations=len(each.intermediate_values),
            seconds=None if each.duration is None else each.duration.total_seconds(),
            error=each.user_attrs.get(ERROR),
        )
        for each in trials
    ]


def _again(trials: "Iterable[optuna.trial.FrozenTrial]") -> set[int]:
    """Numbers of the trials whose settings others try again."""
    return {number for each in trials for number in each.system_attrs.get(RETRIED, ())}


def _is_first(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether it tries its settings for the first time: those alone count against the number of trials."""
    return RETRIED not in trial.system_attrs


def _is_surplus(trial: "optuna.trial.FrozenTrial") -> bool:
    return SURPLUS in trial.user_attrs


def _state(trial: "optuna.trial.FrozenTrial", again: set[int]) -> State:
    if ERROR in trial.user_attrs:
        return "failed"
    if trial.state.name == "FAIL":
        return "requeued" if trial.number in again else "lost"
    states: Mapping[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "RUNNING": "running"}
    return states.get(trial.state.name, "waiting")


class _EndedError(Exception):
    """A trial that came to nothing: one too many, interrupted, or another process's by now."""


class Trying(threading.Thread):
    """One thread that tries settings, in a process of its own, until `most` trials are begun, or it is time.

    `waits` for the trials of others, too: a dead one's are its own to try. `tell` is called with all trials
    after each that ended, and its number. What ended the thread, unless it ended well, is its `failure`.
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
        self.stopping = threading.Event()
        self.worker: Worker | None = None
        self.failure: BaseException | None = None
        self.reported = 0

    def run(self) -> None:
        from optuna.storages import fail_stale_trials

        try:
            study = self.search.open()
            while not self.stopping.is_set() and time.monotonic() < self.until:
                trials = [each for each in study.get_trials(deepcopy=False) if not _is_surplus(each)]
                states = {each.state.name for each in trials}
                if self.most is None or sum(map(_is_first, trials)) < self.most or "WAITING" in states:
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

    def stop(self) -> None:
        """The trial is queued again; its process ends now."""
        self.stopping.set()
        if self.worker is not None:
            self.worker.process.kill()

    def _try_one(self, study: "optuna.Study") -> None:
        import optuna

        asked: list[optuna.Trial] = []

        def objective(trial: optuna.Trial) -> float:
            asked.append(trial)
            return self._score(study, trial)

        try:
            study.optimize(objective, n_trials=1, catch=(_EndedError,))
        except Exception:
            # Told of a trial that others took for dead, Optuna fails in more than one way.
            if not asked or _stored(study, asked[0]).state.name != "FAIL":
                raise
        ended = _stored(study, asked[0])
        if _is_surplus(ended):
            return
        if self.stopping.is_set() and _state(ended, _again(study.trials)) == "lost":
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
        name = f"{self.search.name}-{trial.number}"
        recipe = self.search.recipe_of(settings)
        answer = self._carried_out(trial, Order(name, self.search.name, recipe, not recipe.members))
        self._clear(name)
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
        if self.most is None or not _is_first(trials[trial.number]):
            return False
        before = [each for each in trials[: trial.number] if not _is_surplus(each)]
        return sum(map(_is_first, before)) >= self.most

    def _clear(self, name: str) -> None:
        """A trial leaves scores and predictions: models of all of them would fill the disk."""
        for folder in self.search.output.glob(f"*-{glob.escape(name)}"):
            for left in (folder / "model", *folder.glob("checkpoints/*")):
                shutil.rmtree(left, ignore_errors=True)


def check_hope(trials: Sequence[Trial]) -> None:
    """`DalmeumError` where all trials that ended failed: more of them would, too."""
    ended = [each for each in trials if each.state in COUNTED]
    failed = [each for each in ended if each.state == "failed"]
    if len(failed) == len(ended) >= FAILED_AT_ONCE:
        raise DalmeumError(f"the first {len(failed)} trials failed, the last one: {failed[-1].error}")


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
