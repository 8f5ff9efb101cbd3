"""A run that ended too early says so, and no other does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dalmeum.data.practice import practice_tables
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import build_recipe
from dalmeum.training.fit import Fit, fit
from dalmeum.training.pairs import encode_pairs
from dalmeum.training.rise import STILL_RISES, EpochScores, rise_warnings

OLD_DEFAULTS = {"learning_rate": 2e-5, "epochs": 3, "effective_batch_size": 32}


@pytest.fixture
def offline(tmp_path: Path) -> Callable[[dict[str, Any]], Fit]:
    """Train the offline encoder on the practice set."""

    def trained(training: dict[str, Any]) -> Fit:
        values = {"data": {"train": "train.csv", "dev": "dev.csv"}, "model": {"kind": "offline"}}
        recipe = build_recipe({**values, "training": training}, "practice")
        tables = practice_tables()
        scorer = new_scorer(recipe, tables["train"])
        train, dev = (encode_pairs(scorer, tables[split], None) for split in ("train", "dev"))
        return fit(scorer, recipe, train, dev, tmp_path / "checkpoints")

    return trained


def best(result: Fit) -> float:
    return max(entry["eval_pearson"] for entry in result.history if "eval_pearson" in entry)


def test_offline_at_a_pretrained_encoders_rate_says_that_it_is_not_done(
    offline: Callable[[dict[str, Any]], Fit],
) -> None:
    result = offline(OLD_DEFAULTS)
    assert result.rise is not None
    assert result.warnings == (STILL_RISES.format(rise=f"{result.rise:.3f}"),)
    assert "train longer or raise the learning rate" in result.warnings[0].en
    assert result.rise > 0.03


def test_offline_by_default_is_done_and_better(offline: Callable[[dict[str, Any]], Fit]) -> None:
    """.767 against .598 on the practice set's dev."""
    result = offline({})
    assert result.warnings == ()
    assert best(result) > 0.74


@pytest.mark.parametrize(
    ("rise", "pairs", "dev", "told"),
    [
        (0.03, 1800, [], True),
        (0.02, 1800, [], False),  # dropout alone
        (0.02, 1800, [0.70, 0.71], True),
        (0.02, 1800, [0.70, 0.701], False),
        (0.03, 1800, [0.71, 0.70], False),  # dev has seen its best: longer would overfit
        (0.03, 200, [], False),
        (0.08, 200, [], True),
        (0.009, 10**6, [], False),
        (0.011, 10**6, [], True),
        (-0.5, 10**6, [], False),
        (None, 1800, [0.5, 0.7], False),
    ],
)
def test_what_is_steep(rise: float | None, pairs: int, dev: list[float], told: bool) -> None:
    assert bool(rise_warnings(rise, pairs, dev)) == told


def test_scores_survive_a_checkpoint(tmp_path: Path) -> None:
    scores = EpochScores()
    assert scores.rise is None
    scores.pearsons = [0.25, 0.75]
    scores.steps = [(torch.ones(2, 1), torch.zeros(2)), (torch.zeros(1, 1), torch.ones(1))]
    scores.save(tmp_path)
    loaded = EpochScores()
    loaded.load(tmp_path)
    assert loaded.rise == 0.5
    logits, labels = loaded.take()
    assert (logits[:, 0].tolist(), labels.tolist()) == ([1, 1, 0], [0, 0, 1])
    assert loaded.steps == []
    loaded.load(tmp_path / "of an older version")
    assert (loaded.pearsons, loaded.steps) == ([], [])
