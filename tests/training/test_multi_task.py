"""The binary task beside similarity, for every kind of model, loss and scope."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dalmeum.models.kinds import KINDS
from dalmeum.models.scorer import PairScorer
from dalmeum.recipe import LOSS_NAMES, Recipe, build_recipe
from dalmeum.training.fit import fit
from dalmeum.training.pairs import EncodedPairs
from dalmeum.training.trainer import PairTrainer

TAKES = {
    "cross": set(LOSS_NAMES) - {"angle"},
    "bi": set(LOSS_NAMES) - {"bce"},
    "offline": set(LOSS_NAMES) - {"angle"},
}
"""The losses that a kind of model takes; the others are refused (tests/test_recipe.py)."""

SIMILAR = (
    ("A cat eats.", "A cat eats."),
    ("The dog runs.", "The dog runs."),
    ("A bird sings.", "A bird sings."),
)
OTHER = (
    ("A cat eats.", "Stock markets fell."),
    ("The dog runs.", "Rain is due."),
    ("A bird sings.", "Buy this."),
)
TRAIN = [*((*pair, 5.0) for pair in SIMILAR), *((*pair, 0.0) for pair in OTHER)] * 8
"""Separable: a pair is similar where both sentences are one."""


def two_tasks(encoder: str, kind: str, loss: str, *, scope: str = "auto", weight: Any = 1.0) -> Recipe:
    model = {"kind": kind} if kind == "offline" else {"kind": kind, "encoder": encoder, "max_length": 32}
    training = {
        "epochs": 12,
        "effective_batch_size": 16,
        "micro_batch_size": 8,
        "learning_rate": 3e-3,
        "precision": "float32",
        "schedule": "constant",
    }
    values = {
        "data": {"train": "x"},
        "model": model,
        "loss": {"name": loss, "scope": scope},
        "tasks": {"binary": {"weight": weight}},
        "training": training,
    }
    return build_recipe(values, "test")


def made(recipe: Recipe) -> tuple[PairScorer, EncodedPairs]:
    first, second, labels = zip(*TRAIN, strict=True)
    model, encoding = KINDS[recipe.model.kind].new(recipe, first, second)
    label = torch.tensor(labels)
    pairs = EncodedPairs(encoding.encode(first, second), label, (label > 2.5).float())
    return PairScorer(model, encoding, sigmoid=recipe.loss.name == "bce"), pairs


def binary_loss(scorer: PairScorer, pairs: EncodedPairs, recipe: Recipe, folder: Path) -> float:
    objective = PairTrainer(scorer, recipe, pairs, None, folder).objective
    logits = torch.from_numpy(scorer.logits(pairs.items))[None]
    return objective.losses(logits, pairs.labels, pairs.binary, 0.0)[1].item()


def check_that_it_learns(recipe: Recipe, folder: Path) -> None:
    scorer, pairs = made(recipe)
    before = binary_loss(scorer, pairs, recipe, folder)
    result = fit(scorer, recipe, pairs, None, folder)
    losses = [entry["loss"] for entry in result.history if "loss" in entry]
    assert losses
    assert np.isfinite(losses).all()
    assert binary_loss(scorer, pairs, recipe, folder) < 0.8 * before
    probabilities = result.train_predictions.binary
    assert probabilities is not None
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert pairs.binary is not None
    similar = pairs.binary.bool().numpy()
    assert probabilities[similar].mean() > probabilities[~similar].mean() + 0.2
    predictions = scorer.similarity(scorer.logits(pairs.items))
    assert predictions[similar].mean() > predictions[~similar].mean()


@pytest.mark.parametrize(
    ("kind", "loss"),
    [(kind, loss) for kind, losses in TAKES.items() for loss in LOSS_NAMES if loss in losses],
)
def test_both_heads_learn(tiny_encoder: Callable[[str], str], tmp_path: Path, kind: str, loss: str) -> None:
    check_that_it_learns(two_tasks(tiny_encoder("bert"), kind, loss), tmp_path)


@pytest.mark.parametrize(
    ("kind", "scope", "weight"),
    itertools.product(KINDS, ["micro", "exact", "dataset"], ["learned", {"start": 0.5, "end": 1.5}]),
)
def test_both_heads_learn_with_every_scope_and_weight(
    tiny_encoder: Callable[[str], str], tmp_path: Path, kind: str, scope: str, weight: Any
) -> None:
    recipe = two_tasks(tiny_encoder("bert"), kind, "mixture", scope=scope, weight=weight)
    check_that_it_learns(recipe, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "loss"),
    [(kind, loss) for kind, losses in TAKES.items() for loss in LOSS_NAMES if loss in losses],
)
def test_learned_weights_take_every_loss(
    tiny_encoder: Callable[[str], str], tmp_path: Path, kind: str, loss: str
) -> None:
    check_that_it_learns(two_tasks(tiny_encoder("bert"), kind, loss, weight="learned"), tmp_path)
