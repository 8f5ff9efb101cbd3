"""Real processes, joined by gloo."""

from collections.abc import Callable
from pathlib import Path

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
