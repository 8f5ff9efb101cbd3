"""The trials of a search: each a run with other settings, ended early where others do better.

What is tried next is Optuna's business (TPE; Hyperband over evaluations), and so is the storage in which
processes and machines share a search. A trial counts once: where its process dies, is interrupted, or is
taken for dead, it is queued again with the same settings, and its run goes on at its last checkpoint.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dalmeum.errors import DalmeumError, InputError
from dalmeum.recipe import Recipe
from dalmeum.recipe.space import Dimension, Settings, setting, with_settings

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
    trials = [each for each in study.get_trials(deepcopy=False) if not is_surplus(each)]
    retried = again(trials)
    return [
        Trial(
            number=each.number,
            state=state_of(each, retried),
            score=max(each.intermediate_values.values(), default=None) if each.value is None else each.value,
            settings={key: dimensions[key].value(value) for key, value in each.params.items()},
            run=each.user_attrs.get(RUN),
            evaluations=len(each.intermediate_values),
            seconds=None if each.duration is None else each.duration.total_seconds(),
            error=each.user_attrs.get(ERROR),
        )
        for each in trials
    ]


def again(trials: "Iterable[optuna.trial.FrozenTrial]") -> set[int]:
    """Numbers of the trials whose settings others try again."""
    return {number for each in trials for number in each.system_attrs.get(RETRIED, ())}


def is_first(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether it tries its settings for the first time: those alone count against the number of trials."""
    return RETRIED not in trial.system_attrs


def is_surplus(trial: "optuna.trial.FrozenTrial") -> bool:
    return SURPLUS in trial.user_attrs


def state_of(trial: "optuna.trial.FrozenTrial", retried: set[int]) -> State:
    if ERROR in trial.user_attrs:
        return "failed"
    if trial.state.name == "FAIL":
        return "requeued" if trial.number in retried else "lost"
    states: Mapping[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "RUNNING": "running"}
    return states.get(trial.state.name, "waiting")


def check_hope(trials: Sequence[Trial]) -> None:
    """`DalmeumError` where all trials that ended failed: more of them would, too."""
    ended = [each for each in trials if each.state in COUNTED]
    failed = [each for each in ended if each.state == "failed"]
    if len(failed) == len(ended) >= FAILED_AT_ONCE:
        raise DalmeumError(f"the first {len(failed)} trials failed, the last one: {failed[-1].error}")
