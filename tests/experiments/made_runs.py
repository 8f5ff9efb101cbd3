"""Finished run folders with recipes, whose predictions are known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.recipe import build_recipe
from dalmeum.runs.folder import Run
from dalmeum.runs.record import DataFile
from tests.comparison.made import LABELS, SHARED

from .fake_runs import fake_run

Array = NDArray[np.float64]


def predicted(split: str, noise: float, seed: int) -> Array:
    own = np.random.default_rng([seed, int(noise * 1000)]).normal(0, noise, len(LABELS[split]))
    return LABELS[split] + SHARED[split] + own


def make_run(
    folder: Path,
    noise: float,
    seed: int,
    settings: dict[str, Any] | None = None,
    *,
    data: dict[str, Any] | None = None,
    train: str = "train.csv",
    hashes: tuple[str, str] = ("1", "2"),
    scored: dict[str, Array] | None = None,
) -> Run:
    """A finished run folder with its recipe: the labels, an error that all runs share, and noise."""
    predictions = scored or {split: predicted(split, noise, seed) for split in LABELS}
    run = fake_run(
        folder / f"{noise}-{seed}",
        {split: (LABELS[split], column) for split, column in predictions.items()},
        curve=[(10, 0.5), (20, 0.8 - noise / 10), (30, 0.8)],
    )
    values = {
        "data": {"train": train, "dev": "dev.csv", **(data or {})},
        "model": {"kind": "offline"},
        **(settings or {}),
    }
    values["training"] = {**values.get("training", {}), "seed": seed}
    (run.folder / "recipe.yaml").write_text(build_recipe(values, "test").to_yaml(), encoding="utf-8")
    files = zip(("train", "dev"), (train, "dev.csv"), hashes, strict=True)
    return run.update(
        data={split: DataFile(path, len(LABELS[split]), sha256) for split, path, sha256 in files}
    )


def make_arm(folder: Path, noise: float, seeds: Sequence[int], alpha: float = 0.1) -> list[Run]:
    return [make_run(folder, noise, seed, {"loss": {"alpha": alpha}}) for seed in seeds]


def rows(noise: float, seeds: Sequence[int]) -> Array:
    return np.stack([predicted("dev", noise, seed) for seed in seeds])
