"""A worker answers shards in any order as a whole file is answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dalmeum
from dalmeum.data import read_pairs
from dalmeum.data.practice import practice_tables
from dalmeum.errors import InputError
from dalmeum.models.kinds import new_scorer
from dalmeum.models.offline import analysis
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


def test_a_shards_digits_do_not_depend_on_what_was_scored_before(tmp_path: Path) -> None:
    """The offline encoder remembers sentences, and whatever is computed beside fewer others is rounded
    otherwise.
    """
    train = practice_tables()["train"]
    recipe = load_recipe(data={"train": "train.csv"}, model={"kind": "offline"})
    new_scorer(recipe, train.take(range(200))).save(tmp_path / "model")
    file = tmp_path / "pairs.tsv"
    shared = [f"{one}\t{two}" for one, two in train.take(range(64)).pairs]
    turned = ["\t".join(reversed(line.split("\t"))) for line in shared[::2]]
    lines = ["sentence1\tsentence2", *shared, *turned, *(f"{line} 정말" for line in shared[:32])]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = work(file, str(tmp_path / "model"), shard=64)
    worker = Worker(told)
    expected = [worker.scores(0), worker.scores(1)]
    last = {text for pair in list(read_pairs(file).pairs)[64:] for text in pair}
    assert {text for text, _ in analysis._remembered} == last
    again = Worker(told)
    np.testing.assert_array_equal(again.scores(1), expected[1])
    np.testing.assert_array_equal(again.scores(0), expected[0])
