"""A step of the trainer, on a real encoder with dropout, cut into micro-batches."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dalmeum.models.kinds import KINDS
from dalmeum.models.precision import resolve_precision
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import Recipe, build_recipe
from dalmeum.training import trainer as trainer_module
from dalmeum.training.embeddings import SparseEmbeddingGradients
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.trainer import PairTrainer
from tests.conftest import draw_pairs

PAIRS = 16


class NoSparseGradients(SparseEmbeddingGradients):
    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        for table in self.tables:
            table.sparse = False


def step_gradient(recipe: Recipe, folder: Path) -> dict[str, Tensor]:
    first, second, labels = zip(*draw_pairs(PAIRS), strict=True)
    model, encoding = KINDS[recipe.model.kind].new(recipe, first, second)
    scorer = PairScorer(model, encoding, precision=resolve_precision(recipe.training.precision, model.device))
    pairs = EncodedPairs(encoding.encode(first, second), torch.tensor(labels), None)
    trainer = PairTrainer(scorer, recipe, pairs, None, folder)
    network = trainer.accelerator.prepare(trainer.model_wrapped)
    (batch,) = list(trainer.get_train_dataloader())
    torch.manual_seed(3)
    trainer.training_step(network, batch)
    return {name: p.grad.clone() for name, p in scorer.model.named_parameters() if p.grad is not None}


@pytest.fixture
def recipe(minilm: str) -> Callable[..., Recipe]:
    def make(scope: str, precision: str) -> Recipe:
        training = {"effective_batch_size": PAIRS, "micro_batch_size": 4, "precision": precision}
        values = {
            "data": {"train": "x"},
            "model": {"encoder": minilm, "max_length": 64},
            "loss": {"scope": scope},
            "training": training,
        }
        return build_recipe(values, "test")

    return make


@pytest.mark.parametrize("scope", ["exact", "micro", "dataset"])
def test_sharing_casts_and_sparse_gradients_changes_no_gradient(
    recipe: Callable[..., Recipe], scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = step_gradient(recipe(scope, "bfloat16"), tmp_path)
    monkeypatch.setattr(trainer_module, "autocast", lambda device, dtype: contextlib.nullcontext())
    monkeypatch.setattr(trainer_module, "SparseEmbeddingGradients", NoSparseGradients)
    plain = step_gradient(recipe(scope, "bfloat16"), tmp_path)
    assert ours.keys() == plain.keys()
    for name, gradient in plain.items():
        assert gradient.abs().sum() > 0 or "pooler" in name or "position" in name, name
        torch.testing.assert_close(ours[name], gradient, rtol=1e-5, atol=1e-7)


def test_sparse_gradients_grow_with_different_tokens_alone() -> None:
    table = nn.Embedding(100, 4)
    gradients = SparseEmbeddingGradients(table)
    for _ in range(10):
        table(torch.tensor([[3, 5, 5]])).sum().backward()
    gradient = table.weight.grad
    assert gradient is not None
    assert gradient._values().shape == (2, 4)
    gradients.make_dense()
    expected = torch.zeros(100, 4)
    expected[3], expected[5] = 10, 20
    assert torch.equal(table.weight.grad, expected)  # type: ignore[arg-type]
