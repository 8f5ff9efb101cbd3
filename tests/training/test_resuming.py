"""A run that was killed comes to its end as if it had not been, to the last bit of all that it keeps."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dalmeum.errors import InputError
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.fit import Fit, fit
from dalmeum.training.trainer import PairTrainer

from .test_fit import encoded, recipe_for, scorer_for

Tiny = Callable[[str], str]

# 22 steps an epoch, a line of the log every second one, and evaluations at 7, 15 and 22: of the checkpoints
# two lie between two lines.
SIZE, BATCH, EVALUATIONS = 44, 2, 3

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "learned weights": {"tasks__binary": {"weight": "learned"}},
    "schedules": {
        "loss__alpha": {"start": 0.0, "end": 0.5},
        "tasks__binary": {"weight": {"start": 1.0, "end": 0.1}},
        "loss__scope": "dataset",
    },
    "early stopping": {"training__early_stopping": 1, "training__learning_rate": 1e-7, "training__epochs": 3},
    "ends inside an epoch": {"training__max_steps": 31},
    "no dev": {"data__dev": None},
}


class KilledError(Exception):
    """As if the process had been killed here."""


def settings(variant: str) -> Recipe:
    with_dev = {} if variant == "no dev" else {"training__evaluations_per_epoch": EVALUATIONS}
    return recipe_for(training__effective_batch_size=BATCH, **with_dev, **VARIANTS[variant])


def run(
    encoder: str, recipe: Recipe, folder: Path, before_saving: Callable[[], None] | None = None
) -> tuple[PairScorer, Fit]:
    scorer = scorer_for(encoder, recipe)
    dev = encoded(scorer, 30, 2) if recipe.data.dev else None
    result = fit(scorer, recipe, encoded(scorer, SIZE, 1), dev, folder, before_saving=before_saving)
    return scorer, result


def killed_at(number: int) -> Callable[[], None]:
    """Before the checkpoint of that number."""
    left = [number]

    def before_saving() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KilledError

    return before_saving


def assert_the_same(one: tuple[PairScorer, Fit], other: tuple[PairScorer, Fit]) -> None:
    (scorer, whole), (resumed, result) = one, other
    assert json.dumps(result.history) == json.dumps(whole.history)
    assert (result.steps, result.best_step) == (whole.steps, whole.best_step)
    assert (result.slope, result.intercept) == (whole.slope, whole.intercept)
    assert list(result.dev_predictions) == list(whole.dev_predictions)
    for step, predictions in whole.dev_predictions.items():
        np.testing.assert_array_equal(result.dev_predictions[step], predictions)
    np.testing.assert_array_equal(result.train_predictions.similarity, whole.train_predictions.similarity)
    for ours, theirs in zip(scorer.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_is_the_same_wherever_it_is_killed(
    variant: str, tiny_encoder: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, encoder = settings(variant), tiny_encoder("bert")
    saved: list[None] = []
    whole = run(encoder, recipe, tmp_path / "whole", lambda: saved.append(None))
    for number in {2, len(saved)}:
        folder = tmp_path / str(number)
        with pytest.raises(KilledError):
            run(encoder, recipe, folder, killed_at(number))
        assert_the_same(whole, run(encoder, recipe, folder))

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(PairTrainer, "_finalize_training", killed)
        with pytest.raises(KilledError):
            run(encoder, recipe, tmp_path / "end")
    # Under another name, too: the state knows its best checkpoint by the path that it had.
    (tmp_path / "end").rename(tmp_path / "moved")
    assert_the_same(whole, run(encoder, recipe, tmp_path / "moved"))


def test_the_last_line_of_the_log_is_of_all_steps(tiny_encoder: Tiny, tmp_path: Path) -> None:
    _, result = run(tiny_encoder("bert"), settings("plain"), tmp_path)
    *lines, last = result.history
    losses = [line["loss"] for line in lines if "loss" in line]
    assert last["train_loss"] == pytest.approx(np.mean(losses))  # every line is of two steps
    assert set(last) == {"train_loss", "epoch", "step"}


@pytest.fixture
def killed_run(tiny_encoder: Tiny, tmp_path: Path) -> tuple[str, Path]:
    folder = tmp_path / "run"
    with pytest.raises(KilledError):
        run(tiny_encoder("bert"), settings("plain"), folder, killed_at(3))
    newest = newest_checkpoint(folder)
    assert newest is not None
    assert newest.name == "checkpoint-15"
    return tiny_encoder("bert"), newest


@pytest.mark.parametrize(
    "tampered",
    [
        {"global_step": "15"},
        {"global_step": True},
        {"global_step": 7},
        {"max_steps": -1},
        {"log_history": 5},
        {"log_history": [{"step": 1, "loss": "0.1"}]},
        {"best_metric": "0.9"},
        {"stateful_callbacks": {"TrainerControl": {"args": {"should_training_stop": "false"}}}},
        {"no_such_key": 1},
        [],
    ],
)
def test_a_tampered_state_is_no_checkpoint(killed_run: tuple[str, Path], tampered: Any) -> None:
    _, checkpoint = killed_run
    path = checkpoint / "trainer_state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, **tampered} if tampered else tampered))
    newest = newest_checkpoint(checkpoint.parent)
    assert newest is None or newest.name == "checkpoint-7"


def test_a_state_with_a_key_twice_is_no_checkpoint(killed_run: tuple[str, Path]) -> None:
    _, checkpoint = killed_run
    path = checkpoint / "trainer_state.json"
    path.write_text(path.read_text().replace("{", '{"max_steps": 3, ', 1))
    newest = newest_checkpoint(checkpoint.parent)
    assert newest is None or newest.name == "checkpoint-7"


def test_a_checkpoint_without_the_best_one_is_none(killed_run: tuple[str, Path]) -> None:
    _, checkpoint = killed_run
    path = checkpoint / "trainer_state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"best_global_step": 7}))
    shutil.rmtree(checkpoint.with_name("checkpoint-7"), ignore_errors=True)
    assert newest_checkpoint(checkpoint.parent) is None


@pytest.mark.parametrize(
    "file",
    ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "log_window_0.safetensors"],
)
def test_a_damaged_checkpoint_is_told_in_a_line(killed_run: tuple[str, Path], file: str) -> None:
    encoder, checkpoint = killed_run
    path = checkpoint / file
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError) as caught:
        run(encoder, settings("plain"), checkpoint.parent)
    assert str(caught.value).startswith(f"{checkpoint}: is damaged (")
    assert str(caught.value).endswith("or begins anew where there is none")
    assert "\n" not in str(caught.value)
    shutil.rmtree(checkpoint)
    run(encoder, settings("plain"), checkpoint.parent)
