"""A process that trains nothing: its scores are known, and what it leaves is a run's folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dalmeum.experiments.search.storage import open_storage
from dalmeum.experiments.search.trials import Search
from dalmeum.experiments.workers import Answer, GoesOn, Order
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.recipe.space import search_space
from dalmeum.runs.folder import Run
from dalmeum.runs.record import RunRecord

Outcome = list[float] | Answer
"""Pearson at each evaluation, or an answer."""


class FakeWorker:
    """Takes the place of `Worker`; `outcome` says what comes of a recipe."""

    def __init__(self, outcome: Callable[[Recipe], Outcome]) -> None:
        self.outcome = outcome
        self.orders: list[Order] = []
        self.alive = True
        self.process = self

    def __call__(self, *arguments: Any, **named: Any) -> "FakeWorker":
        return self

    def carry_out(self, order: Order, goes_on: GoesOn) -> Answer:
        self.orders.append(order)
        outcome = self.outcome(order.recipe)
        if isinstance(outcome, Answer):
            return outcome
        for number in range(1, len(outcome)):
            if order.stoppable and not goes_on(number, max(outcome[:number])):
                self.leave(order, {})
                return Answer(None, "stopped", stopped=True)
        score: dict[str, Any] = {"value": max(outcome), "low": None, "high": None}
        return Answer(str(self.leave(order, {"dev": {"pearson": score}}).folder))

    def leave(self, order: Order, metrics: Mapping[str, Any]) -> Run:
        folder = Path(order.recipe.output) / f"20260101-000000-{order.name}"
        (folder / "model").mkdir(parents=True, exist_ok=True)
        moment = "2026-01-01T00:00:00+00:00"
        record = RunRecord(folder.name, "finished", moment, order.name, data={}, versions={}, machine={})
        run = Run(folder, record).update()
        run.write_metrics(metrics)
        return run

    def kill(self) -> None:
        self.alive = False

    def stop(self) -> None:
        self.alive = False


def search(folder: Path, address: str | None = None, **values: Any) -> Search:
    """A search over learning rates from 0 to 1, of 9 evaluations."""
    recipe = build_recipe(
        {
            "data": {"train": "train.csv", "dev": "dev.csv"},
            "model": {"kind": "offline"},
            "training": {"epochs": 9, "learning_rate": 0.5},
        },
        "test",
    )
    space = search_space(recipe, ["training.learning_rate=.001..1"])
    storage = open_storage(address or f"sqlite:///{folder / 'search.db'}")
    given: dict[str, Any] = {"key": "a key", "storage": storage, "seed": 1, **values}
    return Search("test", recipe, space, folder / "runs", **given)


def rate(recipe: Recipe) -> float:
    return recipe.training.learning_rate
