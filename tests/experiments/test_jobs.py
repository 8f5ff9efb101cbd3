"""Runs at once: memory, too, decides how many, not the cores alone."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from dalmeum.experiments import jobs
from dalmeum.experiments.jobs import default_jobs
from dalmeum.recipe import Recipe, build_recipe

Available = Callable[[float], None]


@pytest.fixture
def available(monkeypatch: pytest.MonkeyPatch) -> Available:
    """Sets the free memory, in gigabytes, of a machine of 16 cores."""
    monkeypatch.setattr(jobs, "visible_gpus", list)
    monkeypatch.setattr("os.cpu_count", lambda: 16)

    def set_to(gigabytes: float) -> None:
        free = SimpleNamespace(available=int(gigabytes * 1e9))
        monkeypatch.setattr("psutil.virtual_memory", lambda: free)

    return set_to


def recipe(**model: Any) -> Recipe:
    return build_recipe({"data": {"train": "train.csv"}, "model": model}, "recipe")


def test_as_many_as_there_is_memory_for(available: Available, tmp_path: Path) -> None:
    """10 million parameters are 1.2 + .96 GB a process, in whatever type they are saved."""
    save_file(
        {"one": np.zeros((3000, 3000), np.float16), "other": np.zeros(1_000_000, np.float32)},
        tmp_path / "model.safetensors",
    )
    recipes = [recipe(kind="offline"), recipe(kind="bi", encoder=str(tmp_path))]
    for gigabytes, expected in [(100.0, 16), (9.0, 4), (4.4, 2), (4.2, 1), (0.5, 1)]:
        available(gigabytes)
        assert default_jobs(recipes) == expected
    available(9.0)
    assert default_jobs([recipe(kind="offline")]) == 7
    members = {"words": {"kind": "offline"}, "sentences": {"kind": "bi", "encoder": str(tmp_path)}}
    assert default_jobs([recipe(kind="ensemble", members=members)]) == 4


def test_an_encoder_that_is_not_here_or_damaged_counts_as_base_sized(
    available: Available, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    available(24.0)
    for encoder in ("klue/roberta-base", str(tmp_path)):
        assert default_jobs([recipe(kind="cross", encoder=encoder)]) == 2  # of 11.8 GB each
    assert default_jobs([recipe(kind="own:Kind", encoder="./whatever it wants")]) == 2


def test_one_on_each_gpu_whatever_the_memory(available: Available, monkeypatch: pytest.MonkeyPatch) -> None:
    available(0.5)
    monkeypatch.setattr(jobs, "visible_gpus", lambda: ["0", "1", "2"])
    assert default_jobs([recipe(kind="offline")]) == 3
