"""A search from its recipe to its page, with processes that train."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from dalmeum import api
from dalmeum.data import read_pairs
from dalmeum.errors import InputError
from dalmeum.experiments.search.storage import open_storage
from dalmeum.experiments.search.trials import Trial, told_trials
from dalmeum.experiments.tune import Plan, tune
from dalmeum.recipe import Recipe, build_recipe, load_recipe
from dalmeum.recipe.space import search_space
from dalmeum.runs.folder import open_run
from dalmeum.runs.lock import holder_of
from tests.cli.test_commands import call
from tests.conftest import run_folders
from tests.postgres import PASSWORD, postgres

SPACE = ("training.learning_rate=1e-5..1e-2:log", "loss.alpha=0..0.5")


@pytest.fixture
def values(
    here: Path, tiny_encoder: Callable[[str], str], write_pairs: Callable[..., Path]
) -> dict[str, Any]:
    """A recipe that trains in a second."""
    return {
        "data": {
            "train": str(write_pairs("train.csv", 64, seed=1)),
            "dev": str(write_pairs("dev.csv", 48, seed=2)),
        },
        "model": {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32},
        "training": {"epochs": 3, "effective_batch_size": 16, "learning_rate": 1e-4, "precision": "float32"},
    }


@pytest.fixture
def recipe(values: dict[str, Any]) -> Recipe:
    Path("recipe.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return load_recipe("recipe.yaml")


def plan(recipe: Recipe, **given: Any) -> Plan:
    return Plan(
        search_space(recipe, SPACE), **{"trials": 4, "jobs": 1, "seeds": 2, "sampler_seed": 3, **given}
    )


def test_from_a_recipe_to_what_is_better(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    result = tune(recipe, "recipe", plan(recipe), Path("found"))
    assert result is not None
    assert result.tried == 4
    assert result.trials[0].settings == {"training.learning_rate": 1e-4, "loss.alpha": 0.1}
    assert result.best.score == max(trial.score or 0 for trial in result.trials if trial.state == "complete")

    # Trials are runs of their own, by the settings that they say, without a model.
    folders = run_folders("runs/tune/recipe")
    assert len(folders) == 4
    best = open_run(Path("runs/tune/recipe", result.best.run or ""))
    assert best.recipe().training.learning_rate == result.best.settings["training.learning_rate"]
    assert best.metrics()["dev"]["pearson"]["value"] == result.best.score
    assert not best.model.exists()
    assert not list(best.checkpoints.iterdir())

    # The best settings against the recipe, over seeds that no trial had, whose runs have their models.
    assert result.findings is not None
    assert [arm.name for arm in result.findings.arms.arms] == ["baseline", "best"]
    assert result.findings.arms.arms[1].seeds == (43, 44)
    assert result.findings.arms.arms[1].changes == dict(result.best.settings)
    assert len(result.scores) == 2
    assert result.luck is not None
    assert result.luck.value == pytest.approx((result.best.score or 0) - sum(result.scores) / 2)
    assert len(run_folders("runs")) == 4
    assert all((folder / "model").is_dir() for folder in run_folders("runs"))

    # best.yaml trains it.
    assert load_recipe("found/best.yaml").loss.alpha == result.best.settings["loss.alpha"]
    assert {"search.html", "search.json", "study.html", "study.json"} <= {
        path.name for path in Path("found").iterdir()
    }
    # The same again trains nothing, and comes to the same.
    capsys.readouterr()
    again = tune(recipe, "recipe", plan(recipe), Path("found"))
    assert again is not None
    assert again.to_dict() == result.to_dict()
    assert len(run_folders("runs/tune/recipe")) == 4
    assert "0 of 4 runs to do" in capsys.readouterr().err


def test_nothing_better_than_the_recipe_is_said(recipe: Recipe) -> None:
    """With one trial, which is the recipe as it is."""
    result = tune(recipe, "recipe", plan(recipe, trials=1), Path("found"))
    assert result is not None
    assert result.is_default
    assert result.findings is None
    assert "No trial beat the recipe as it is" in str(result)
    assert not Path("found/study.html").exists()


def test_pairs_in_memory(values: dict[str, Any]) -> None:
    rows = {split: read_pairs(values["data"][split], label_range=(0, 5)) for split in ("train", "dev")}
    found = api.tune(
        {**values, "data": rows}, trials=1, space=SPACE, jobs=1, seeds=2, name="held", folder="found"
    )
    assert found is not None
    assert found.best.score is not None
    assert len(list(Path("runs/tune/held/data").glob("*.parquet"))) == 2


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({"data": {"dev": None}}, {}, "a search chooses by the score on dev, and there is none"),
        ({"data": {"dev": None, "folds": 3}}, {}, "and the recipe several: set data.fold, as data.fold=0"),
        ({"training": {"seed": [1, 2]}}, {}, "and the recipe several: set training.seed to one number"),
        ({}, {"trials": None}, "how long? give --trials, --hours, or both"),
        ({"data": {"dev": "none.csv"}}, {}, "none.csv"),
        ({}, {"storage": "search.db"}, "--storage: is no database's address"),
    ],
)
def test_what_can_be_seen_is_told_before_anything_runs(
    values: dict[str, Any], changes: dict[str, Any], options: dict[str, Any], told: str
) -> None:
    changed = {key: {**values[key], **changes.get(key, {})} for key in values}
    recipe = build_recipe(changed, "test")
    with pytest.raises(InputError) as caught:
        tune(recipe, "recipe", plan(recipe, **options), Path("found"))
    assert told in str(caught.value)
    assert not run_folders("runs/tune/recipe")


def test_what_changes_the_dev_pairs_is_refused(recipe: Recipe, write_pairs: Callable[..., Path]) -> None:
    other = write_pairs("other.csv", 40, seed=5)
    trained = search_space(recipe, [f"data.train={recipe.data.train},{other}"])
    assert tune(recipe, "recipe", Plan(trained, 1, jobs=1), Path("found")) is not None
    judged = search_space(recipe, [f"data.dev={recipe.data.dev},{other}"])
    with pytest.raises(InputError, match=r"--space data\.dev: .*other\.csv' changes the dev pairs"):
        tune(recipe, "other", Plan(judged, 1, jobs=1), Path("found"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--trials", "3", "--space", "training.epochs=0..3"],
            "epochs: input should be greater than or equal",
        ),
        (["--trials", "3", "--name", "a/b"], "is a part of a folder's name"),
        (["--trials", "0"], "--trials"),
        ([], "how long?"),
        (
            ["--trials", "3", "--storage", "postgresql://me:s3cr3t@127.0.0.1:1/db"],
            "can't be used: connection f",
        ),
    ],
)
def test_the_command_tells_bad_input_in_a_line(
    recipe: Recipe, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("tune", "recipe.yaml", *arguments) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert "s3cr3t" not in printed.err + printed.out
    assert "Traceback" not in printed.err


def test_without_optuna_the_extra_is_named(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert call("tune", "recipe.yaml", "--trials", "1") == 2
    assert "pip install 'dalmeum[tune]'" in capsys.readouterr().err


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dalmeum", "tune", "recipe.yaml", "--jobs", "1", *arguments]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def options(trials: int, epochs: int = 3) -> list[str]:
    spaces = [word for each in SPACE for word in ("--space", each)]
    return [f"training.epochs={epochs}", "--trials", str(trials), "--seeds", "2", *spaces]


def trials_in(address: str, recipe: Recipe) -> list[Trial]:
    import optuna

    study = optuna.load_study(study_name="recipe", storage=open_storage(address))
    return told_trials(study, search_space(recipe, SPACE))


def wait_for(condition: Callable[[], bool], seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_leaves_a_search_that_goes_on(recipe: Recipe) -> None:
    address = f"sqlite:///{Path('runs/tune/recipe/search.db').resolve()}"
    search = start(*options(3, epochs=60))
    # The newest may be half written when its process is killed.
    wait_for(lambda: any(step >= 12 for step in _checkpoints()))
    os.kill(search.pid, signal.SIGINT)
    _, said = search.communicate(timeout=60)
    assert search.returncode == 130, said
    assert said.endswith("interrupted; the same command goes on\n")
    assert "Traceback" not in said
    trials = trials_in(address, recipe)
    assert [trial.state for trial in trials] == ["requeued", "waiting"]
    (folder,) = run_folders("runs/tune/recipe")

    again = start(*options(1, epochs=60))
    _, said = again.communicate(timeout=400)
    assert again.returncode == 0, said
    trials = trials_in(address, recipe)
    assert [trial.state for trial in trials] == ["requeued", "complete"]
    # It was taken up where it stood, and not begun anew.
    assert run_folders("runs/tune/recipe") == [folder]
    assert trials[1].run == folder.name
    assert trials[1].evaluations < 59


def _checkpoints() -> list[int]:
    folders = Path("runs/tune/recipe").glob("*/checkpoints/checkpoint-*")
    return [int(folder.name.rpartition("-")[2]) for folder in folders]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as address:
        yield address


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_four_workers_one_of_them_killed(
    recipe: Recipe, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On PostgreSQL: every trial is accounted for, and none is done twice."""
    monkeypatch.setenv("DALMEUM_TUNE_STORAGE", server)
    trials, epochs = 12, 20
    first = start(*options(trials, epochs), "--json")
    helpers = [start(*options(trials, epochs), "--trials-only") for _ in range(3)]
    wait_for(lambda: len(list(Path("runs/tune/recipe").glob("*/checkpoints/checkpoint-*"))) >= 1)

    # The machine of one dies, and the grace passes.
    victim = helpers.pop()
    wait_for(lambda: _trial_of(victim) is not None)
    lost = _trial_of(victim)
    assert lost is not None
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    _let_grace_pass(server, lost)
    helpers.append(start(*options(trials, epochs), "--trials-only"))

    said = {process: process.communicate(timeout=600) for process in (first, *helpers)}
    for process, (_, errors) in said.items():
        assert process.returncode == 0, errors
        assert PASSWORD not in errors
        assert "Traceback" not in errors
    found = trials_in(server, recipe)
    states = [trial.state for trial in found]
    assert sum(state in {"complete", "pruned"} for state in states) == trials
    requeued = [trial for trial in found if trial.state == "requeued"]
    assert requeued
    assert set(states) <= {"complete", "pruned", "requeued"}
    assert len(states) == trials + len(requeued)
    assert lost in {trial.number for trial in requeued}
    # The settings of each that was queued again came to something, once.
    done = [tuple(trial.settings.items()) for trial in found if trial.state != "requeued"]
    assert len(set(done)) == trials
    assert {tuple(trial.settings.items()) for trial in requeued} <= set(done)

    result = json.loads(said[first][0])
    assert result["accounts"]["requeued"] == len(requeued)
    assert sum(result["accounts"].values()) == len(found)
    assert len(result["fresh_seeds"]["scores"]) == 2 or result["is_default"]
    for path in tmp_path.rglob("*"):
        if path.suffix in {".json", ".html", ".yaml", ".csv", ".db"}:
            assert PASSWORD.encode() not in path.read_bytes(), path


def _trial_of(process: subprocess.Popen[str]) -> int | None:
    """The number of the trial that a process of it trains."""
    children = {child.pid for child in psutil.Process(process.pid).children(recursive=True)}
    for folder in run_folders("runs/tune/recipe"):
        holder = holder_of(folder)
        if holder is not None and holder.pid in children:
            return int(folder.name.rpartition("-")[2])
    return None


def _let_grace_pass(address: str, number: int) -> None:
    """The trial's last sign of life is older than the grace."""
    from sqlalchemy import text

    shift = (
        "update trial_heartbeats set heartbeat = heartbeat - interval '601 seconds' "
        "where trial_id in (select trial_id from trials where number = :number)"
    )
    with open_storage(address).engine.begin() as connection:
        connection.execute(text(shift), {"number": number})
