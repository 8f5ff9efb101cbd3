"""A training that others do better than ends early, and is no run that nobody can take up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from dalmeum.experiments.train import train
from dalmeum.recipe import build_recipe
from dalmeum.runs.folder import open_run
from dalmeum.training.callbacks import StoppedEarlyError, StopsEarly
from tests.conftest import run_folders

Asked = list[tuple[int, float]]


def evaluate(callback: StopsEarly, scores: list[float], *, step: int, of: int) -> None:
    """As the trainer calls it, after an evaluation that its log holds."""
    state = TrainerState(global_step=step, max_steps=of)
    state.log_history = [{"step": 1, "loss": 0.1}, *({"step": 1, "eval_pearson": score} for score in scores)]
    callback.on_evaluate(TrainingArguments(), state, TrainerControl())


def test_it_is_asked_with_the_evaluations_and_the_best() -> None:
    asked: Asked = []

    def goes_on(evaluations: int, best: float) -> bool:
        asked.append((evaluations, best))
        return evaluations < 3

    callback = StopsEarly(goes_on)
    evaluate(callback, [0.2], step=10, of=40)
    evaluate(callback, [0.2, 0.5], step=20, of=40)
    with pytest.raises(StoppedEarlyError, match="after 3 evaluations"):
        evaluate(callback, [0.2, 0.5, 0.4], step=30, of=40)
    assert asked == [(1, 0.2), (2, 0.5), (3, 0.5)]


def test_the_last_evaluation_is_no_early_end() -> None:
    evaluate(StopsEarly(lambda evaluations, best: False), [0.2], step=40, of=40)


def test_a_run_that_was_stopped_can_be_taken_up(
    tiny: dict[str, Any], write_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    data = {
        "train": str(write_pairs("train.csv", 32, seed=1)),
        "dev": str(write_pairs("dev.csv", 24, seed=2)),
    }
    tiny["training"]["epochs"] = 4
    recipe = build_recipe({**tiny, "data": data, "output": str(tmp_path / "runs")}, "test")
    asked: Asked = []

    def asking(most: int) -> StopsEarly:
        def goes_on(evaluations: int, best: float) -> bool:
            asked.append((evaluations, best))
            return evaluations < most

        return StopsEarly(goes_on)

    with pytest.raises(StoppedEarlyError):
        train(recipe, callbacks=[asking(2)])
    assert [evaluations for evaluations, _ in asked] == [1, 2]
    (folder,) = run_folders(tmp_path / "runs")
    stopped = open_run(folder)
    assert stopped.record.state == "failed"
    assert stopped.record.error == "stopped early, after 2 evaluations: others do better"

    # Taken up, it goes on counting where it stood.
    run = train(recipe, resume=True, callbacks=[asking(9)])
    assert run.folder == folder
    assert run.record.state == "finished"
    assert [evaluations for evaluations, _ in asked[2:]] == [2, 3]
    assert run.record.error is None
