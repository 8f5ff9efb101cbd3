"""The weights of the tasks: by hand, in a training run, and over a kill."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from dalmeum.recipe import BinaryTask
from dalmeum.training.checkpoints import newest_checkpoint
from dalmeum.training.fit import fit
from dalmeum.training.objective import Objective
from dalmeum.training.trainer import PairTrainer
from dalmeum.training.weights import GivenWeights, LearnedWeights, task_weights
from tests.training.test_fit import encoded, recipe_for, scorer_for

Tiny = Callable[[str], str]
CPU = torch.device("cpu")


def log_variances(*values: float) -> LearnedWeights:
    weights = LearnedWeights()
    weights.log_variances = torch.tensor(values, dtype=torch.float64)
    return weights


def learn(weights: LearnedWeights, *losses: float, steps: int = 1) -> list[float]:
    for _ in range(steps):
        weights.observe(torch.tensor(losses))
        weights.step(CPU)
    return weights.log_variances.tolist()


def test_weighted_sum_by_hand() -> None:
    objective = Objective(recipe_for(loss__name="mae", tasks__binary={"weight": "learned"}))
    objective.weights = log_variances(math.log(4), math.log(0.5))
    outputs, labels = torch.tensor([[[1.0, 0.0], [4.0, 0.0]]]), torch.tensor([2.0, 2.0])
    # MAE 1.5 at a weight of 1/4, log 2 at 2; the penalty is half of log 4 + log .5 = log 2.
    expected = 1.5 / 4 + 2 * math.log(2) + math.log(2) / 2
    binary = torch.tensor([0.0, 1.0])
    assert objective(outputs, labels, binary, 0.0).item() == pytest.approx(expected)
    assert objective.training_loss(outputs, labels, binary, 0.0).item() == pytest.approx(expected)


def test_given_weights_by_hand() -> None:
    assert task_weights(None).at(0.5) == [1.0]
    assert task_weights(BinaryTask(weight=0.3)).at(0.5) == [1.0, 0.3]
    schedule = task_weights(BinaryTask.model_validate({"weight": {"start": 1.0, "end": 0.0}}))
    assert [schedule.at(progress) for progress in (0.0, 0.25, 1.0)] == [[1.0, 1.0], [1.0, 0.75], [1.0, 0.0]]
    assert isinstance(schedule, GivenWeights)
    assert schedule.penalty() == 0.0


def test_step_by_hand() -> None:
    # ds = 1/2 - exp(-s) L: 1/2 - .2 and 1/2 - 3 at s = 0, times the rate of .1.
    assert learn(LearnedWeights(), 0.2, 3.0) == pytest.approx([-0.03, 0.25])
    # The mean over what a step observed: of micro-batches.
    weights = LearnedWeights()
    weights.observe(torch.tensor([0.1, 2.0]))
    assert learn(weights, 0.3, 4.0) == pytest.approx([-0.03, 0.25])
    # And forgotten after it.
    assert learn(LearnedWeights(), 0.2, 3.0, steps=2) == pytest.approx(
        [-0.03 - 0.1 * (0.5 - math.exp(0.03) * 0.2), 0.25 - 0.1 * (0.5 - math.exp(-0.25) * 3)]
    )


def test_step_goes_down_the_derivative_of_the_loss() -> None:
    losses = torch.tensor([0.7, 0.05], dtype=torch.float64)
    s = torch.tensor([-0.4, 0.9], dtype=torch.float64, requires_grad=True)
    (torch.exp(-s) @ losses + s.sum() / 2).backward()
    assert s.grad is not None
    expected = s.detach() - LearnedWeights.RATE * s.grad
    assert learn(log_variances(-0.4, 0.9), *losses.tolist()) == pytest.approx(expected.tolist())


@pytest.mark.parametrize("losses", [(0.05, 0.4), (1.2, 0.7), (25.0, 0.1), (1000.0, 0.5)])
def test_at_rest_a_weight_is_half_the_inverse_loss(losses: tuple[float, float]) -> None:
    weights = LearnedWeights()
    path = [learn(weights, *losses) for _ in range(100)]
    assert weights.at(1.0) == pytest.approx([1 / (2 * loss) for loss in losses], rel=0.1)
    # It does not run past it: no detour before it is there.
    assert all(max(s[task] for s in path) < max(0.0, math.log(2 * losses[task])) + 0.05 for task in (0, 1))


@pytest.mark.parametrize(("loss", "bound"), [(0.0, -4.0), (1e-12, -4.0), (1e9, 8.0)])
def test_log_variance_stays_in_its_bounds_and_returns(loss: float, bound: float) -> None:
    weights = LearnedWeights()
    assert learn(weights, loss, loss, steps=300) == [bound, bound]
    assert learn(weights, 0.5, 0.5) != [bound, bound]
    # The equilibrium of a loss of 1/2 is 0.
    assert learn(weights, 0.5, 0.5, steps=300) == pytest.approx([0.0, 0.0], abs=0.01)


def test_observing_is_for_training_alone() -> None:
    objective = Objective(recipe_for(tasks__binary={"weight": "learned"}))
    weights = objective.weights
    assert isinstance(weights, LearnedWeights)
    arguments = (torch.randn(1, 4, 2), torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([0.0, 0, 1, 1]), 0.0)
    objective(*arguments)
    assert weights.observed == []
    loss = objective.training_loss(*arguments)
    assert loss.item() == objective(*arguments).item()
    (losses,) = weights.observed
    torch.testing.assert_close(losses, objective.losses(*arguments))


@pytest.mark.parametrize("scope", ["micro", "exact", "dataset"])
def test_run_learns_and_logs_its_weights(tiny_encoder: Tiny, tmp_path: Path, scope: str) -> None:
    recipe = recipe_for(
        loss__scope=scope,
        tasks__binary={"weight": "learned"},
        training__epochs=6,
        training__micro_batch_size=6,
        training__learning_rate=1e-3,
    )
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    trainer = PairTrainer(scorer, recipe, encoded(scorer, 160, 1), encoded(scorer, 50, 2), tmp_path)
    trainer.train()
    steps = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert [entry["step"] for entry in steps] == list(range(1, 61))
    for name in ("similarity_weight", "binary_weight"):
        weights = [entry[name] for entry in steps]
        assert abs(weights[0] - 1) < 0.1
        assert abs(weights[-1] - 1) > 0.1
    assert [entry["similarity_weight"] for entry in steps][-1] == trainer.objective.weights.at(1.0)[0]
    # The dev loss is that of the weights at its step.
    assert trainer.dev_pairs is not None
    logits = torch.from_numpy(scorer.logits(trainer.dev_pairs.items))[None]
    losses = trainer.objective.losses(logits, trainer.dev_pairs.labels, trainer.dev_pairs.binary, 1.0)
    found = trainer.evaluate()["eval_loss"]
    learned = torch.tensor(trainer.objective.weights.at(1.0)).double()
    assert found == pytest.approx((learned @ losses - learned.log().sum() / 2).item())


def test_scheduled_weight_is_logged(tiny_encoder: Tiny, tmp_path: Path) -> None:
    recipe = recipe_for(tasks__binary={"weight": {"start": 0.0, "end": 0.9}}, training__epochs=1)
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    result = fit(scorer, recipe, encoded(scorer, 160, 1), None, tmp_path)
    steps = [entry for entry in result.history if "loss" in entry]
    assert [entry["binary_weight"] for entry in steps] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9]
    )
    assert {entry["similarity_weight"] for entry in steps} == {1.0}


@pytest.mark.parametrize("scope", ["exact", "dataset"])
def test_killed_and_resumed_run_has_the_same_log_variances(
    tiny_encoder: Tiny, tmp_path: Path, scope: str
) -> None:
    recipe = recipe_for(
        loss__scope=scope,
        tasks__binary={"weight": "learned"},
        training__epochs=3,
        training__micro_batch_size=6,
    )

    def trainer_in(name: str) -> PairTrainer:
        scorer = scorer_for(tiny_encoder("bert"), recipe)
        train, dev = encoded(scorer, 160, 1), encoded(scorer, 50, 2)
        return PairTrainer(scorer, recipe, train, dev, tmp_path / name)

    whole = trainer_in("whole")
    whole.train()

    class KilledError(Exception):
        pass

    broken = trainer_in("broken")
    step = broken.training_step

    def dying_step(*args: Any, **kwargs: Any) -> Any:
        if broken.state.global_step == 17:
            raise KilledError
        return step(*args, **kwargs)

    broken.training_step = dying_step  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        broken.train()
    checkpoint = newest_checkpoint(tmp_path / "broken")
    assert checkpoint is not None
    assert checkpoint.name == "checkpoint-10"
    # Beside the model's weights, not among them.
    with safe_open(checkpoint / "model.safetensors", "pt") as tensors:
        assert not [name for name in tensors.keys() if "varianc" in name]  # noqa: SIM118 # it is no mapping
    resumed = trainer_in("broken")
    resumed.train(resume_from_checkpoint=str(checkpoint))
    for trainer in (whole, resumed):
        assert isinstance(trainer.objective.weights, LearnedWeights)
    assert torch.equal(resumed.objective.weights.log_variances, whole.objective.weights.log_variances)  # type: ignore[attr-defined]
    assert resumed.objective.weights.at(1.0) != [1.0, 1.0]
    logged = [
        [entry["binary_weight"] for entry in trainer.state.log_history if "loss" in entry]
        for trainer in (whole, resumed)
    ]
    assert logged[0] == logged[1]


def test_no_rate_decay_or_clipping_of_the_encoder_is_theirs(tiny_encoder: Tiny, tmp_path: Path) -> None:
    """With gradients clipped to nothing the encoder rests, and the log-variances go their way."""
    recipe = recipe_for(
        data__dev=None,
        tasks__binary={"weight": "learned"},
        training__learning_rate=1e-12,
        training__weight_decay=1.0,
        training__max_gradient_norm=1e-9,
        training__epochs=30,
    )
    scorer = scorer_for(tiny_encoder("bert"), recipe)
    train = encoded(scorer, 32, 1)
    trainer = PairTrainer(scorer, recipe, train, None, tmp_path)
    trainer.train()
    # All pairs at once: what two batches of 16 come near to, with dropout.
    logits = torch.from_numpy(scorer.logits(train.items))[None]
    losses = trainer.objective.losses(logits, train.labels, train.binary, 1.0)
    at_rest = [1 / (2 * loss) for loss in losses.tolist()]
    assert trainer.objective.weights.at(1.0) == pytest.approx(at_rest, rel=0.2)
