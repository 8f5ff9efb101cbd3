"""A worker answers shards in any order as a whole file is answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.errors import InputError
from dalmeum.models.kinds import new_scorer
from dalmeum.recipe import load_recipe
from dalmeum.serving.shards import Work
from dalmeum.serving.worker import Worker

WritePairs = Callable[..., Path]


@pytest.fixture
def model(write_pairs: WritePairs, tiny: dict[str, Any], tmp_path: Path) -> str:
    """An untrained one, saved."""
    train = write_pairs("train.csv", 20)
    recipe = load_recipe(data={"train": str(train)}, **tiny)
    new_scorer(recipe, read_pairs(train)).save(tmp_path / "model")
    return str(tmp_path / "model")


def work(file: Path, model: str, **changes: Any) -> Work:
    reading = {"format": "auto", "columns": None, "encoding": "auto", "name": file.name}
    values = {"size": file.stat().st_size, "precision": "float32", "trust_code": False, "shard": 8}
    return Work(file=str(file), reading=reading, model=model, **{**values, **changes})


def test_shards_in_any_order_are_the_parts_of_the_whole(write_pairs: WritePairs, model: str) -> None:
    file = write_pairs("pairs.csv", 30)
    whole = dalmeum.load(model, "float32").score(list(read_pairs(file).pairs))
    done: list[int] = []
    worker = Worker(work(file, model))
    for number in (1, 3, 0, 0, 2):
        scores = worker.scores(number, done.append)
        np.testing.assert_allclose(scores, whole[8 * number : 8 * number + 8], atol=1e-5)
        assert len(scores) == (6 if number == 3 else 8)
    assert sum(done) == 8 * 4 + 6
    with pytest.raises(InputError, match=r"pairs\.csv: has changed while it was read"):
        worker.scores(4)


def test_another_file_or_none_at_that_place(write_pairs: WritePairs, model: str, tmp_path: Path) -> None:
    file = write_pairs("pairs.csv", 30)
    with pytest.raises(InputError, match=r"pairs\.csv: a worker sees another file there"):
        Worker(work(file, model, size=7))
    told = work(file, model)
    file.unlink()
    with pytest.raises(InputError, match=r"pairs\.csv: a worker can't read it: no such file"):
        Worker(told)
