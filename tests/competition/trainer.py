"""One person of a team who trains, claims and pushes; called as `tests.competition.person` is, with MLflow at
`MLFLOW_TRACKING_URI`, and at work in a folder beside the log.

In the middle there is a training that waits to be killed, and is never taken up again.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dalmeum
from dalmeum.competition.push import push
from dalmeum.errors import DalmeumError
from dalmeum.recipe import Recipe, load_recipe

from . import person
from .person import note

KINDS = {"take": 8, "give back": 4, "push": 5, "train": 2, "fail": 1}
"""Of twenty operations; a training takes seconds."""

RECIPES: tuple[dict[str, Any], ...] = ({}, {"loss": {"alpha": 0.5}}, {"loss": {"name": "mse"}})
SEEDS = 3
"""Few: people come to train the same."""


def main() -> None:
    url, name, operations, log = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]).absolute()
    os.environ |= {"DALMEUM_TEAM_URL": url, "DALMEUM_AUTHOR": name}
    own = log.parent / f"{name}-works"
    own.mkdir(exist_ok=True)
    os.chdir(own)
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    ended = {entry["operation"] for entry in done if entry["ended"]}
    begun = {entry["operation"] for entry in done}
    for operation in range(operations):
        if operation in ended:
            continue
        at, is_again = time.time(), operation in begun
        note(log, operation=operation, ended=False, at=at)
        waits = operation == operations // 2
        told = abandon(log, operation, is_again) if waits else perform(url, name, operation)
        note(log, operation=operation, ended=True, at=at, **told)


def perform(url: str, name: str, operation: int) -> dict[str, Any]:
    chosen = random.Random(f"{name} {operation} trains")
    (kind,) = chosen.choices(list(KINDS), list(KINDS.values()))
    if kind == "push":
        pushed = push([], Path("runs")) if Path("runs").is_dir() else None
        return {"kind": kind, "pushed": pushed and pushed.to_dict()}
    if kind == "train":
        recipe = recipe_of(chosen.choice(RECIPES), chosen.randrange(SEEDS))
        return {"kind": kind, "run": dalmeum.train(recipe, name="same", resume=True).id}
    if kind == "fail":
        return {"kind": kind, "told": fail(recipe_of({}, 1000 + operation))}
    return person.perform(url, name, operation, kind)


def recipe_of(change: dict[str, Any], seed: int) -> Recipe:
    data = {split: f"../{split}.csv" for split in ("train", "dev")}
    training = {"epochs": 2, "effective_batch_size": 8, "seed": seed, "report_to": "mlflow"}
    return load_recipe(data=data, model={"kind": "offline"}, training=training, **change)


def fail(recipe: Recipe) -> str:
    from dalmeum.experiments.train import train

    def fails() -> None:
        raise DalmeumError("no memory left")

    try:
        train(recipe, "fails", callbacks=[at_first_epoch(fails)])
    except DalmeumError as error:
        return str(error)
    raise AssertionError


def abandon(log: Path, operation: int, is_again: bool) -> dict[str, Any]:
    """Killed before the training waits, it is begun anew; killed there, it is left."""
    from dalmeum.experiments.train import train

    def waits() -> None:
        note(log, operation=operation, ended=False, at=time.time(), waiting=os.getpid())
        time.sleep(600)

    entries = [json.loads(line) for line in log.read_text().splitlines()]
    if not (is_again and any("waiting" in entry for entry in entries)):
        # A seed that nobody else has.
        train(recipe_of({}, 5000 + os.getpid()), "lost", callbacks=[at_first_epoch(waits)])
    return {"kind": "abandoned"}


def at_first_epoch(does: Callable[[], None]) -> Any:
    """A trainer's callback; its imports take seconds, which who does not train has not to wait."""
    from transformers import TrainerCallback

    class Does(TrainerCallback):
        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            does()

    return Does()


if __name__ == "__main__":
    main()
