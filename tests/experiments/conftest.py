"""A study of real runs, small enough to be made in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def write_study(
    tmp_path: Path, tiny_encoder: Callable[[str], str], write_pairs: Callable[..., Path]
) -> Callable[..., Path]:
    """Writes `study.yaml`: one arm beside the baseline, a tiny encoder on so many pairs, and other keys."""

    def write(pairs: int, **keys: Any) -> Path:
        values: dict[str, Any] = {
            "question": "Does a larger learning rate help?",
            "baseline": {
                "data": {
                    "train": str(write_pairs("train.csv", pairs, seed=1)),
                    "dev": str(write_pairs("dev.csv", 48, seed=2)),
                },
                "model": {"kind": "cross", "encoder": tiny_encoder("bert"), "max_length": 32},
                "training": {"epochs": 2, "effective_batch_size": 16, "precision": "float32"},
                "output": str(tmp_path / "runs"),
            },
            "arms": {"faster": {"training.learning_rate": 2e-3}},
            **keys,
        }
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        return path

    return write
