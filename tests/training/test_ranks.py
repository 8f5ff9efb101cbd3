"""Real processes, joined by gloo."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch.multiprocessing.spawn import spawn

from tests.training import ranks


@pytest.mark.timeout(120)
@pytest.mark.parametrize("world_size", [2, 3])
def test_exact_gradient_over_ranks(
    tiny_encoder: Callable[[str], str], tmp_path: Path, world_size: int
) -> None:
    arguments = (world_size, tmp_path / "meeting", tiny_encoder("bert"), tmp_path)
    spawn(ranks.compare_gradients, arguments, nprocs=world_size)
    differences = {path.name: float(path.read_text()) for path in tmp_path.glob("difference-*")}
    assert len(differences) == world_size * len(ranks.CASES) * 2
    assert all(difference < 1e-10 for difference in differences.values())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scope", ["micro", "exact", "dataset"])
def test_a_last_batch_of_one_leaves_a_rank_without_pairs(
    tiny_encoder: Callable[[str], str], tmp_path: Path, scope: str
) -> None:
    arguments = (2, tmp_path / "meeting", tiny_encoder("bert"), tmp_path, scope)
    spawn(ranks.fit_with_a_last_batch_of_one, arguments, nprocs=2)
    first, second = (np.load(tmp_path / f"weights-{rank}.npy") for rank in range(2))
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    # A checkpoint counts once its trainer_state.json is there: not before each rank's part is.
    early = {path.name: path.read_text() for path in tmp_path.glob("early-*")}
    assert len(early) == 2 * 2
    assert set(early.values()) == {"False"}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scope", ["micro", "exact", "dataset"])
def test_learned_weights_are_the_same_on_all_ranks(
    tiny_encoder: Callable[[str], str], tmp_path: Path, scope: str
) -> None:
    arguments = (2, tmp_path / "meeting", tiny_encoder("bert"), tmp_path, scope)
    spawn(ranks.learn_task_weights, arguments, nprocs=2)
    first, second = (np.load(tmp_path / f"log-variances-{rank}.npy") for rank in range(2))
    assert np.isfinite(first).all()
    assert (np.abs(first) > 0.01).all()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[0], first[1])
