"""A search for better settings, and whether what it found is better, over seeds that it never saw."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.findings import links_to
from dalmeum.experiments.jobs import default_jobs, visible_gpus
from dalmeum.experiments.ready import check_ready
from dalmeum.experiments.search.result import BEST, run_of, search_result
from dalmeum.experiments.search.storage import open_storage, shown, told_of
from dalmeum.experiments.search.trials import COUNTED, Search, Trial, told_trials
from dalmeum.experiments.search.trying import Trying
from dalmeum.experiments.study import Conducted, conduct
from dalmeum.files import check_output, make_folder, write_text
from dalmeum.languages import Text, counted, shorten
from dalmeum.numbers import number
from dalmeum.pages import ASSETS, STUDY_PAGE
from dalmeum.pages.search import SEARCH_PAGE, SearchResult, write_search
from dalmeum.progress import Progress, duration, tell
from dalmeum.recipe import Recipe
from dalmeum.recipe.space import Dimension, Range, with_settings
from dalmeum.recipe.study import Study
from dalmeum.runs.data import data_files
from dalmeum.runs.reuse import run_key

if TYPE_CHECKING:
    import optuna

FOLDER, DATABASE, BEST_RECIPE = "tune", "search.db", "best.yaml"
"""Under the runs' folder the one of searches, and in each its storage; beside its page the best recipe."""

SEEDS = 5
PLAN = Text(
    "searching {keys} of {recipe}: {until}, {jobs} at a time, on {dev:,} dev pairs; trials are kept in "
    "{storage}",
    "{recipe}의 {keys} 탐색: {until}, 한 번에 {jobs}개, dev 문장쌍 {dev:,}개. 시도는 {storage}에 남습니다",
)
KEYS = Text("{counted}", "설정 {count}개")
UNTIL_TRIALS, UNTIL_HOURS = Text("{counted}", "시도 {trials:,}개"), Text("{time}", "{time}")
TRIALS, MINUTES = Text("trials", "시도"), Text("minutes", "분")
ENDED = Text(
    "trial {number}: {score} ({settings}); best {best}", "시도 {number}: {score}({settings}), 최고 {best}"
)
STOPPED = Text("{score}, stopped early", "{score}, 조기 중단")
FAILED = Text("failed: {error}", "실패: {error}")
AGAIN = Text("queued again", "다시 대기열에 넣음")
CONFIRM = Text(
    "confirming trial {number} over {seeds} fresh seeds, against the recipe as it is",
    "시도 {number}의 설정을 새 시드 {seeds}개로 레시피 그대로와 비교합니다",
)


@dataclass(frozen=True)
class Plan:
    """What a search does.

    Attributes:
        trials: how many in all, those of other processes and of earlier calls among them; None: until it is
            time.
        hours: after which this process begins no further trial; None: as long as it takes.
        storage: the database's address; None: one beside the search's runs.
        jobs: trials at once; None: as `study` does it.
        seeds: fresh ones, with which the best settings are judged.
        trials_only: leave judging and the page to another process.
        prune: end trials early that do worse than others.
        sampler_seed: of a search that is to be repeated, in one process with one job.
    """

    space: tuple[Dimension, ...]
    trials: int | None = None
    hours: float | None = None
    storage: str | None = None
    jobs: int | None = None
    seeds: int = SEEDS
    trials_only: bool = False
    prune: bool = True
    sampler_seed: int | None = None


def tune(
    recipe: Recipe,
    name: str,
    plan: Plan,
    folder: Path,
    *,
    reader: PairReader | None = None,
    assets: Path | None = None,
    self_contained: bool = False,
) -> SearchResult | None:
    """Try settings of a recipe, judge the best over fresh seeds, and write what was found into `folder`.

    The objective is Pearson on dev. Trials are runs under the recipe's `output`, in `tune/NAME/`; the same
    call goes on with a search, and several processes with one `storage` share it. With `plan.trials_only`
    there is no result.

    `reader` holds pairs that the recipe names and that are in no file: they are written beside the trials.

    Raises `InputError` for what only the user can mend, before anything is run; `DalmeumError` where every
    trial fails, or none came to a score.
    """
    reader = reader or PairReader()
    _check(recipe, plan, reader)
    check_output(folder / SEARCH_PAGE)
    output = Path(recipe.output) / FOLDER / name
    make_folder(output)
    recipe = reader.write_held(recipe, output / "data")  # for the processes that train
    address = plan.storage or f"sqlite:///{(output / DATABASE).resolve().as_posix()}"
    tables = read_splits(recipe, reader)
    space = {each.key: str(each) for each in plan.space}
    key = json.dumps([run_key(recipe, data_files(recipe, tables)), space])
    with told_of(address):
        search = Search(
            name,
            recipe,
            plan.space,
            output,
            hashlib.sha256(key.encode()).hexdigest(),
            open_storage(address),
            plan.prune,
            plan.sampler_seed,
        )
        study = search.open()
        jobs = plan.jobs or default_jobs([recipe])
        tell(_plan_told(plan, name, jobs, len(tables["dev"]), shown(address)))
        _try_all(search, study, plan, jobs)
        trials = told_trials(study, plan.space)
    if plan.trials_only:
        return None
    best = max((each for each in trials if each.state == "complete"), key=_score, default=None)
    if best is None:
        raise DalmeumError(f"search {name}: none of {counted(len(trials), 'trial')} came to a score on dev")
    make_folder(folder)
    write_text(folder / BEST_RECIPE, with_settings(recipe, best.settings, name).to_yaml())
    conducted = _judged(recipe, name, plan, best, folder, reader, assets, self_contained)
    result = search_result(search, study, trials, best, conducted)
    here = [run for each in trials if (run := run_of(search, each)) is not None]
    write_search(
        folder / SEARCH_PAGE,
        result,
        links=links_to(here, folder),
        study=STUDY_PAGE if conducted else None,
        assets=assets or folder / ASSETS,
        self_contained=self_contained,
    )
    return result


def _check(recipe: Recipe, plan: Plan, reader: PairReader) -> None:
    """`InputError` for what no search could be made of, or what its trials could not be compared by."""
    if not recipe.data.has_dev:
        raise InputError("a search chooses by the score on dev, and there is none: set data.dev or folds")
    if recipe.trainings:
        raise InputError(
            "a trial trains one model, and the recipe several: set "
            + ("data.fold, as data.fold=0" if recipe.data.all_folds else "training.seed to one number")
        )
    if plan.trials is None and plan.hours is None:
        raise InputError("how long? give --trials, --hours, or both")
    if plan.seeds < 2:
        raise InputError(f"--seeds {plan.seeds}: give 2 or more: one can't tell a setting from luck")
    check_ready([recipe], reader)
    dev = read_splits(recipe, reader)["dev"]
    for each in plan.space:
        if isinstance(each, Range) and not each.key.startswith("data."):
            continue
        for value in each.ends:
            tried = with_settings(recipe, {each.key: value}, f"--space {each.key}")
            check_ready([tried], reader)
            if not tried.data.has_dev or read_splits(tried, reader)["dev"].sha256 != dev.sha256:
                raise InputError(
                    f"--space {each.key}: {shorten(repr(value))} changes the dev pairs, "
                    "on which trials are compared"
                )


def _plan_told(plan: Plan, name: str, jobs: int, dev: int, storage: str) -> Text:
    until = []
    if plan.trials is not None:
        until.append(UNTIL_TRIALS.format(counted=counted(plan.trials, "trial"), trials=plan.trials))
    if plan.hours is not None:
        until.append(UNTIL_HOURS.format(time=duration(plan.hours * 3600)))
    keys = KEYS.format(counted=counted(len(plan.space), "setting"), count=len(plan.space))
    told = Text(" / ".join(each.en for each in until), " / ".join(each.ko for each in until))
    return PLAN.format(keys=keys, recipe=name, until=told, jobs=jobs, dev=dev, storage=storage)


def _try_all(search: Search, study: "optuna.Study", plan: Plan, jobs: int) -> None:
    """Trials in `jobs` threads, until there are enough or it is time; Ctrl-C queues those that run again."""
    begun, gpus = time.monotonic(), visible_gpus()
    until = float("inf") if plan.hours is None else begun + plan.hours * 3600
    minutes = round((plan.hours or 0) * 60)
    total, what = (minutes, MINUTES) if plan.trials is None else (plan.trials, TRIALS)
    with Progress(total, what) as progress:

        def told(trials: Sequence[Trial], ended: int) -> None:
            done = sum(each.state in COUNTED for each in trials)
            passed = int((time.monotonic() - begun) / 60)
            progress.jump(min(passed if plan.trials is None else done, total))
            progress.line(f"{_ended_told(trials, ended)} ({progress.told()})")

        if plan.trials is not None:
            progress.jump(sum(each.state in COUNTED for each in told_trials(study, plan.space)))
        _run(
            [
                Trying(
                    search,
                    plan.trials,
                    until,
                    told,
                    waits=not plan.trials_only,
                    device=gpus[job % len(gpus)] if gpus else None,
                    threads=max(1, (os.cpu_count() or 1) // jobs),
                )
                for job in range(jobs)
            ]
        )


def _run(threads: Sequence[Trying]) -> None:
    """All threads until they end; what one fails for, and Ctrl-C, ends the others."""
    begun: list[Trying] = []
    try:
        for thread in threads:
            thread.start()
            begun.append(thread)
        while not (all(each.ended.is_set() for each in threads) or any(each.failure for each in threads)):
            for thread in threads:
                thread.ended.wait(0.2)
    finally:
        for thread in begun:
            thread.stop()
        for thread in begun:
            thread.ended.wait()
    for thread in threads:
        if thread.failure is not None:
            raise thread.failure


def _ended_told(trials: Sequence[Trial], ended: int) -> Text:
    trial = next(each for each in trials if each.number == ended)
    best = max((_score(each) for each in trials if each.state == "complete"), default=np.nan)
    score: Text | str = number(_score(trial), 4)
    if trial.state == "pruned":
        score = STOPPED.format(score=score)
    elif trial.state == "failed":
        score = FAILED.format(error=trial.error)
    elif trial.state in {"requeued", "lost"}:
        score = AGAIN
    settings = ", ".join(f"{key}={_written(value)}" for key, value in trial.settings.items())
    return ENDED.format(number=ended, score=score, settings=settings, best=number(best, 4))


def _written(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _score(trial: Trial) -> float:
    return -np.inf if trial.score is None else trial.score


def _judged(
    recipe: Recipe,
    name: str,
    plan: Plan,
    best: Trial,
    folder: Path,
    reader: PairReader,
    assets: Path | None,
    self_contained: bool,
) -> Conducted | None:
    """The best settings against the recipe as it is, over fresh seeds; None where both are one."""
    if with_settings(recipe, best.settings, name) == recipe:
        return None
    first = recipe.training.one_seed
    study = Study(
        question=recipe.question or f"Are the best settings of {name} better than the recipe as it is?",
        baseline=recipe,
        arms={BEST: dict(best.settings)},
        seeds=tuple((first + place) % 2**32 for place in range(1, plan.seeds + 1)),
    )
    tell(CONFIRM.format(number=best.number, seeds=plan.seeds))
    return conduct(
        study,
        f"{name}-{BEST}",
        folder,
        jobs=plan.jobs,
        reader=reader,
        assets=assets,
        self_contained=self_contained,
    )
