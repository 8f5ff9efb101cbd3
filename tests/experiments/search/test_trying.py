"""Trials, tried by a process whose scores are known: each counts once, whatever happens to it."""

import dataclasses
import math
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest

from dalmeum.errors import DalmeumError, InputError
from dalmeum.experiments.search import trying
from dalmeum.experiments.search.trials import COUNTED, Search, Trial, most_evaluations, told_trials
from dalmeum.experiments.search.trying import Trying
from dalmeum.experiments.workers import Answer
from dalmeum.recipe import Recipe
from dalmeum.recipe.space import search_space
from tests.experiments.search.fake_worker import FakeWorker, Outcome, rate, search


def good(recipe: Recipe) -> Outcome:
    """Best at .2, and the better the further it is trained."""
    return [1 - abs(rate(recipe) - 0.2) - 0.1 / number for number in range(1, 10)]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fake = FakeWorker(good)
    monkeypatch.setattr(trying, "Worker", fake)
    monkeypatch.setattr(trying, "LOOK_EVERY", 0.02)
    return fake


def try_all(searched: Search, most: int | None, **options: Any) -> list[Trial]:
    thread = Trying(searched, most, math.inf, lambda trials, number: None, **options)
    thread.run()
    if thread.failure is not None:
        raise thread.failure
    return trials_of(searched)


def trials_of(searched: Search) -> list[Trial]:
    return told_trials(searched.open(), searched.space)


def states(trials: Sequence[Trial]) -> dict[str, int]:
    found = [trial.state for trial in trials]
    return {state: found.count(state) for state in dict.fromkeys(found)}


def test_the_recipe_as_it_is_comes_first_and_it_gets_better(tmp_path: Path, worker: FakeWorker) -> None:
    trials = try_all(search(tmp_path, prune=False), 14)
    assert len(trials) == len(worker.orders) == 14
    assert trials[0].settings == {"training.learning_rate": 0.5}
    assert trials[0].score == pytest.approx(1 - 0.3 - 0.1 / 9)
    best = max(trials, key=lambda trial: trial.score or 0)
    assert best.score == pytest.approx(1 - abs(best.settings["training.learning_rate"] - 0.2) - 0.1 / 9)
    assert (best.score or 0) > 0.9
    assert states(trials) == {"complete": 14}
    assert all(trial.evaluations == 8 for trial in trials)
    # Scores stay, models would fill the disk.
    assert best.run is not None
    assert (tmp_path / "runs" / best.run / "metrics.json").is_file()
    assert not list((tmp_path / "runs").glob("*/model"))


def test_worse_ones_are_stopped_early(tmp_path: Path, worker: FakeWorker) -> None:
    trials = try_all(search(tmp_path), 16)
    found = states(trials)
    assert found["complete"] + found["pruned"] == 16
    assert found["pruned"] >= 4
    assert all(0 < trial.evaluations < 8 for trial in trials if trial.state == "pruned")
    assert max(trials, key=lambda trial: trial.score or 0).state == "complete"
    assert not list((tmp_path / "runs").glob("*/model"))


def test_evaluations_are_counted_over_the_space(tmp_path: Path) -> None:
    searched = search(tmp_path)
    assert most_evaluations(searched) == 9
    wider = search_space(searched.recipe, ["training.epochs=2..12", "training.evaluations_per_epoch=1,3"])
    assert most_evaluations(dataclasses.replace(searched, space=wider)) == 36


def test_the_same_call_goes_on(tmp_path: Path, worker: FakeWorker) -> None:
    assert len(try_all(search(tmp_path), 4)) == 4
    assert len(try_all(search(tmp_path, seed=2), 4)) == 4
    assert len(worker.orders) == 4
    assert len(try_all(search(tmp_path, seed=2), 7)) == 7
    assert len(worker.orders) == 7


def test_another_search_of_the_same_name_is_refused(tmp_path: Path, worker: FakeWorker) -> None:
    try_all(search(tmp_path), 1)
    with pytest.raises(InputError, match="--name test: is a search with another recipe"):
        search(tmp_path, key="another").open()


def test_what_fails_is_told_and_kept_away_from(tmp_path: Path, worker: FakeWorker) -> None:
    worker.outcome = lambda recipe: Answer(None, "it diverged") if rate(recipe) > 0.6 else good(recipe)
    trials = try_all(search(tmp_path, prune=False), 12)
    failed = [trial for trial in trials if trial.state == "failed"]
    assert 1 <= len(failed) <= 6
    assert {trial.error for trial in failed} == {"it diverged"}
    assert all(trial.score is None for trial in failed)
    assert states(trials)["complete"] == 12 - len(failed)


def test_it_ends_where_all_fail(tmp_path: Path, worker: FakeWorker) -> None:
    worker.outcome = lambda recipe: Answer(None, "no room on the GPU")
    with pytest.raises(DalmeumError, match="the first 3 trials failed, the last one: no room on the GPU"):
        try_all(search(tmp_path), 25)
    assert len(worker.orders) == 3


def test_a_fault_of_our_own_is_no_trial_that_is_lost(tmp_path: Path, worker: FakeWorker) -> None:
    def broken(recipe: Recipe) -> Outcome:
        raise ZeroDivisionError

    worker.outcome = broken
    with pytest.raises(ZeroDivisionError):
        try_all(search(tmp_path), 5)


def test_constant_predictions_are_a_failure(tmp_path: Path, worker: FakeWorker) -> None:
    worker.outcome = lambda recipe: [math.nan] if rate(recipe) == 0.5 else good(recipe)
    worker.leave = lambda order, metrics: FakeWorker.leave(worker, order, _null(metrics))  # type: ignore[method-assign]
    trials = try_all(search(tmp_path, prune=False), 3)
    assert trials[0].state == "failed"
    assert trials[0].error == "its predictions on dev do not vary"


def _null(metrics: Any) -> Any:
    value = metrics["dev"]["pearson"]["value"]
    return {"dev": {"pearson": {"value": None if math.isnan(value) else value, "low": None, "high": None}}}


def test_what_is_interrupted_is_queued_again(tmp_path: Path, worker: FakeWorker) -> None:
    """As by Ctrl-C: the process that trains is killed, and the next call tries the same settings."""
    begun = threading.Event()

    def waits(recipe: Recipe) -> Outcome:
        if len(worker.orders) < 3:
            return good(recipe)
        begun.set()
        while worker.alive:
            time.sleep(0.01)
        return Answer(None, "its process died (signal 9)")

    worker.outcome = waits
    searched = search(tmp_path, prune=False)
    thread = Trying(searched, 5, math.inf, lambda trials, number: None)
    thread.start()
    assert begun.wait(20)
    thread.stop()
    thread.join()
    assert thread.failure is None
    before = trials_of(searched)
    assert states(before) == {"complete": 2, "requeued": 1, "waiting": 1}

    worker.outcome, worker.alive = good, True
    after = try_all(searched, 5)
    assert states(after) == {"complete": 5, "requeued": 1}
    assert after[3].settings == before[2].settings


@pytest.fixture
def asleep(tmp_path: Path, worker: FakeWorker) -> Search:
    """A search whose third trial gave no sign of life for longer than the grace."""
    searched = search(tmp_path, prune=False)
    try_all(searched, 2)
    study = searched.open()
    study.enqueue_trial({"training.learning_rate": 0.125})
    begin(study)
    sleep(searched)
    return searched


def begin(study: optuna.Study) -> optuna.Trial:
    """As another process begins a trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trial = study.ask()
    trial.suggest_float("training.learning_rate", 0.001, 1)
    study._storage.record_heartbeat(trial._trial_id)  # type: ignore[attr-defined]
    return trial


def sleep(searched: Search, seconds: int = 601) -> None:
    """The newest trial's last sign of life, waited for if need be, is so long ago."""
    newest = "trial_id = (select max(trial_id) from trials)"
    shift = (
        f"update trial_heartbeats set heartbeat = datetime(heartbeat, '-{seconds} seconds') where {newest}"
    )
    for _ in range(1000):
        with searched.storage.engine.begin() as connection:  # type: ignore[attr-defined]
            if connection.exec_driver_sql(shift).rowcount == 1:
                return
        time.sleep(0.01)
    raise AssertionError("it never gave any")


def test_a_dead_ones_settings_are_tried_again(asleep: Search, worker: FakeWorker) -> None:
    lost = trials_of(asleep)[2]
    assert lost.state == "running"
    trials = try_all(asleep, 4)
    assert states(trials) == {"complete": 4, "requeued": 1}
    (again,) = [trial for trial in trials if trial.settings == lost.settings and trial.state == "complete"]
    assert again.number > lost.number
    assert sum(trial.state in COUNTED for trial in trials) == 4


def test_one_that_lives_is_waited_for(tmp_path: Path, worker: FakeWorker) -> None:
    """Others have begun the last trial: who waits ends after it, who only helps ends at once."""
    searched = search(tmp_path, prune=False)
    try_all(searched, 2)
    study = searched.open()
    trial = begin(study)
    assert states(try_all(searched, 3, waits=False)) == {"complete": 2, "running": 1}
    thread = Trying(searched, 3, math.inf, lambda trials, number: None)
    thread.start()
    time.sleep(0.2)
    assert thread.is_alive()
    study.tell(trial, 0.5)
    thread.join(20)
    assert states(trials_of(searched)) == {"complete": 3}


@pytest.mark.parametrize("at_a_report", [True, False])
def test_taken_for_dead_while_alive(tmp_path: Path, worker: FakeWorker, at_a_report: bool) -> None:
    """As a laptop that slept: its trial is another's by now, is tried again, and counts once."""
    searched = search(tmp_path, prune=False)
    taken: list[str] = []

    def sleeps(recipe: Recipe) -> Outcome:
        outcome = good(recipe)
        assert isinstance(outcome, list)
        if len(worker.orders) == 2:
            sleep(searched)
            optuna.storages.fail_stale_trials(searched.open())
            taken.append(worker.orders[-1].name)
            return outcome if at_a_report else outcome[:1]
        return outcome

    worker.outcome = sleeps
    trials = try_all(searched, 4)
    assert taken == ["test-1"]
    assert states(trials) == {"complete": 4, "requeued": 1}
    assert trials[1].state == "requeued"
    assert trials[2].settings == trials[1].settings


def test_one_that_kills_every_process_is_given_up(tmp_path: Path, worker: FakeWorker) -> None:
    searched = search(tmp_path, prune=False)
    try_all(searched, 1)
    study = searched.open()
    for _ in range(4):
        begin(study)
        sleep(searched)
        optuna.storages.fail_stale_trials(study)
    assert states(trials_of(searched)) == {"complete": 1, "requeued": 3, "lost": 1}


def test_no_trial_more_than_asked_for(tmp_path: Path, worker: FakeWorker) -> None:
    """Threads that look at the same time all see room for one more."""
    searched = search(tmp_path, prune=False)
    threads = [
        Trying(dataclasses.replace(searched, seed=seed), 6, math.inf, lambda trials, number: None)
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        if thread.failure is not None:
            raise thread.failure
    assert states(trials_of(searched)) == {"complete": 6}
    assert len(worker.orders) == 6


def test_what_another_process_trains_is_waited_for(tmp_path: Path, worker: FakeWorker) -> None:
    def held(recipe: Recipe) -> Outcome:
        return good(recipe) if len(worker.orders) % 3 == 0 else Answer(None, "is held", held=True)

    worker.outcome = held
    assert states(try_all(search(tmp_path), 1)) == {"complete": 1}
    assert len(worker.orders) == 3
