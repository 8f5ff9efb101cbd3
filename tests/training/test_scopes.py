"""What each scope takes its loss over, on a small encoder in float64 without dropout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dalmeum.losses import mixture_loss
from dalmeum.models.cross import new_cross_encoder
from dalmeum.recipe import LossRecipe, Recipe, build_recipe
from dalmeum.training.exact import Passes
from dalmeum.training.objective import Objective
from dalmeum.training.pairs import EncodedPairs, collate_rows
from dalmeum.training.scopes import DatasetScope, ExactScope, MicroScope, Scope, make_scope
from dalmeum.training.trainer import network_outputs
from tests.conftest import draw_pairs

PAIRS = 10
BATCHES = [[3, 1, 4, 0], [5, 9, 2, 6], [8, 7]]
"""An epoch, its last batch short."""


def recipe(**loss: Any) -> Recipe:
    values = {"data": {"train": "x"}, "model": {"kind": "offline"}, "loss": {"alpha": 0.3, **loss}}
    return build_recipe(values, "test")


class Network:
    """An encoder whose outputs depend on its weights alone."""

    def __init__(self, encoder: str) -> None:
        model, self.encoding = new_cross_encoder(encoder, num_labels=2, max_length=64, seed=0)
        self.module: nn.Module = model.double()
        self.module.eval()
        first, second, labels = zip(*draw_pairs(PAIRS, seed=3), strict=True)
        label = torch.tensor(labels).double()
        self.pairs = EncodedPairs(self.encoding.encode(first, second), label, (label >= 2.5).double())
        # eval() is undone by nothing here: the scopes leave the mode to the trainer.
        self.passes = Passes(self.forward, self.forward, Tensor.backward, torch.device("cpu"))

    def forward(self, batch: dict[str, Any]) -> Tensor:
        return network_outputs(self.module, batch)

    def outputs(self, rows: list[int]) -> Tensor:
        return self.forward(collate_rows(self.pairs, self.encoding)([rows])["micro_batches"][0])

    def gradient_of(self, loss: Tensor) -> Tensor:
        self.module.zero_grad()
        loss.backward()
        return self.collected()

    def gradient(self, scope: Scope, pieces: list[list[int]]) -> tuple[Tensor, float]:
        self.module.zero_grad()
        micro_batches = collate_rows(self.pairs, self.encoding)(pieces)["micro_batches"]
        loss, outputs = scope.backward(self.passes, micro_batches, 0.5)
        assert outputs.shape == (1, sum(map(len, pieces)), 2)
        return self.collected(), loss.item()

    def collected(self) -> Tensor:
        return torch.cat([p.grad.flatten() for p in self.module.parameters() if p.grad is not None])

    def loss(self, objective: Objective, rows: list[int]) -> Tensor:
        assert self.pairs.binary is not None
        return objective(self.outputs(rows), self.pairs.labels[rows], self.pairs.binary[rows], 0.5)


@pytest.fixture(scope="module")
def network(tiny_encoder: Callable[[str], str]) -> Network:
    return Network(tiny_encoder("bert"))


def same(first: Tensor, second: Tensor) -> bool:
    return bool((first - second).norm() < 1e-10 * second.norm())


def test_objective_by_hand() -> None:
    # Similarity: mixture. Binary cross-entropy at logit 0 is log 2, whatever the class.
    values = recipe().model_dump() | {"tasks": {"binary": {"weight": 0.5}}}
    objective = Objective(build_recipe(values, "test"))
    outputs = torch.tensor([[[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]])
    labels, binary = torch.tensor([1.0, 4.0, 3.0]), torch.tensor([0.0, 1.0, 1.0])
    expected = mixture_loss(outputs[0, :, 0], labels, 0.3).item() + 0.5 * 0.6931471805599453
    assert objective(outputs, labels, binary, 0.0).item() == pytest.approx(expected)
    # Two members: the mean of their losses, not the loss of their mean.
    twice = torch.cat([outputs, -outputs])
    other = mixture_loss(-outputs[0, :, 0], labels, 0.3).item() + 0.5 * 0.6931471805599453
    assert objective(twice, labels, binary, 0.0).item() == pytest.approx((expected + other) / 2)


@pytest.mark.parametrize("name", ["mixture", "correlation", "ccc", "mse", "ranknet", "cosent"])
def test_exact_is_the_whole_batch_and_micro_the_mean_of_its_parts(network: Network, name: str) -> None:
    objective = Objective(recipe(name=name))
    pieces = [[3, 1, 4], [0, 5, 9], [2, 6, 8]]
    rows = [row for piece in pieces for row in piece]
    exact, loss = network.gradient(ExactScope(objective), pieces)
    assert same(exact, network.gradient_of(network.loss(objective, rows)))
    assert loss == pytest.approx(network.loss(objective, rows).item())
    micro, loss = network.gradient(MicroScope(objective), pieces)
    parts = torch.stack([network.loss(objective, piece) for piece in pieces])
    assert loss == pytest.approx(parts.mean().item())
    assert same(micro, network.gradient_of(parts.mean()))
    # For a mean over pairs the two agree; for a correlation they do not.
    assert same(micro, exact) == (name == "mse")


@pytest.mark.parametrize("name", ["mixture", "correlation", "ccc", "mae", "ranknet", "cosent"])
def test_dataset_gradients_of_an_epoch_add_up_to_the_full_sets(network: Network, name: str) -> None:
    objective = Objective(recipe(name=name))
    scope = DatasetScope(objective, network.pairs)
    everyone = list(range(PAIRS))
    scope.table.put(torch.tensor(everyone), network.outputs(everyone))
    total = torch.zeros(())
    for batch in BATCHES:
        gradient, loss = network.gradient(scope, [batch])
        total = total + len(batch) / PAIRS * gradient
        assert loss == pytest.approx(network.loss(objective, everyone).item())
    assert same(total, network.gradient_of(network.loss(objective, everyone)))


def test_dataset_starts_as_the_batch_loss(network: Network) -> None:
    objective = Objective(recipe())
    for pieces in ([[3, 1, 4, 0]], [[3, 1], [4, 0]]):
        gradient, loss = network.gradient(DatasetScope(objective, network.pairs), pieces)
        assert same(gradient, network.gradient_of(network.loss(objective, [3, 1, 4, 0])))
        assert loss == pytest.approx(network.loss(objective, [3, 1, 4, 0]).item())


def test_table_outlives_the_process(network: Network, tmp_path: Path) -> None:
    objective = Objective(recipe())
    scope = DatasetScope(objective, network.pairs)
    network.gradient(scope, [BATCHES[0]])
    scope.save(tmp_path)
    resumed = DatasetScope(objective, network.pairs)
    resumed.load(tmp_path)
    assert resumed.table.count == 4
    expected, _ = network.gradient(scope, [BATCHES[1]])
    found, _ = network.gradient(resumed, [BATCHES[1]])
    assert torch.equal(found, expected)
    fresh, _ = network.gradient(DatasetScope(objective, network.pairs), [BATCHES[1]])
    assert not same(fresh, expected)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("auto", ExactScope), ("exact", ExactScope), ("micro", MicroScope), ("dataset", DatasetScope)],
)
def test_recipe_names_the_scope(network: Network, name: str, kind: type) -> None:
    loss = LossRecipe.model_validate({"scope": name})
    assert isinstance(make_scope(loss, Objective(recipe()), network.pairs), kind)
