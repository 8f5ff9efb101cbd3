"""What `import dalmeum` refuses, in one line that says what and where, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow
import pytest

import dalmeum
from dalmeum.errors import InputError
from dalmeum.stats import METRICS, Metric

from .test_public import frame

loose: Any = dalmeum
"""Called as its types forbid."""

OFFLINE = {"kind": "offline"}
TWICE = ["sentence1", "sentence1", "sentence2"]


def test_a_table_on_another_scale_is_refused(here: Path, tiny: dict[str, Any]) -> None:
    table = dalmeum.read_pairs([("a", "b", 0.5), ("c", "d", 1.0)] * 8, label_range=(0, 1))
    with pytest.raises(
        InputError, match=r"^data\.train: was read with labels of 0\.\.1, and 0\.\.5 is wanted"
    ):
        dalmeum.train(data=table, **tiny)
    run = dalmeum.train(data={"train": table, "label_range": [0, 1]}, **tiny)
    assert run.recipe().data.label_range == (0, 1)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: dalmeum.train(frame(4)), "a DataFrame is no recipe: .* pairs stand in data="),
        (lambda: dalmeum.study(frame(4)), "a DataFrame is no study"),
        (lambda: dalmeum.compare("runs/x"), "runs/x: compare takes Arms, or a list of runs"),
        (lambda: loose.evaluate(3, frame(4)), "3 is no run"),
        (
            lambda: dalmeum.read_pairs(
                datasets.DatasetDict({"train": datasets.Dataset.from_pandas(frame(2))})
            ),
            "a DatasetDict is no table: take one of its splits",
        ),
        (lambda: dalmeum.read_pairs([("a\ud800", "b")]), "the list: "),
    ],
)
def test_what_is_handed_to_the_wrong_place_is_told(here: Path, call: Callable[[], object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        call()
    assert list(here.iterdir()) == []


def test_pages_of_one_file(here: Path, tiny: dict[str, Any]) -> None:
    run = dalmeum.train({"data": frame(32)}, self_contained=True, **tiny)
    assert run.report.stat().st_size > 4_000_000
    assert not Path("runs", "assets").exists()
    assert dalmeum.Run.open(run.id).folder == run.folder
    with pytest.raises(InputError, match="no such run"):
        dalmeum.Run.open("nothing")


def test_a_refused_study_leaves_nothing(here: Path, tiny: dict[str, Any]) -> None:
    how: dict[str, Any] = {"question": "?", "baseline": {"data": frame(32), **tiny}, "seeds": [1, 2]}
    arms = {"mae": {"loss.name": "mae"}}
    for wrong in ({"against": "nobody"}, {"metric": "nothing"}, {"splits": ["dev"]}):
        with pytest.raises(InputError):
            dalmeum.study(arms=arms, **{**how, **wrong})
    assert list(here.iterdir()) == []


LABELS = np.linspace(0, 5, 40)
ROW = LABELS + np.random.default_rng(0).normal(0, 0.5, 40)


def arms(predictions: Any = ROW, labels: Any = LABELS, **how: Any) -> dalmeum.Arms:
    return dalmeum.Arms(labels, {"baseline": predictions, "b": ROW}, **how)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: arms(labels=np.ma.array(LABELS, mask=LABELS == 0)), r"labels\[0\] is not finite"),
        (lambda: arms(ROW + 1j), "holds complex128, not real numbers"),
        (lambda: arms(np.arange(40).astype("datetime64[D]")), r"holds datetime64\[D\], not real"),
        (lambda: arms([str(value) for value in ROW]), "holds what is no number"),
        (
            lambda: arms(pd.Series(ROW).sample(frac=1, random_state=0), pd.Series(LABELS)),
            r"labels and predictions\['baseline'\] have different indexes",
        ),
        (lambda: arms(paired="no"), "paired is 'no'"),
        (lambda: arms(seeds=[1.5]), r"seeds of 'baseline': \[1.5\] are no whole numbers"),
        (lambda: arms(seeds=3), "3 are no whole numbers"),
        (lambda: arms(seeds="1"), "'1' are no whole numbers"),
        (lambda: loose.compare(arms(), metric=5), "metric 5: give a name"),
        (lambda: loose.compare(arms(), smallest_effect="0.1"), "smallest_effect 0.1: give"),
        (lambda: loose.compare([1, 2]), "1 is no run"),
        (
            lambda: dalmeum.read_pairs(pd.concat([frame(2), frame(2)], axis=1)),
            "column 'score' stands there twice",
        ),
        (
            lambda: dalmeum.read_pairs(pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 3, names=TWICE)),
            "column 'sentence1' appears 2 times",
        ),
        (
            lambda: dalmeum.train(data={"trian": frame(4)}),
            r"data\.trian is no key of a recipe: did you mean train",
        ),
        (
            lambda: dalmeum.train(data={"train": frame(4), "dev": "memory:1"}, model=OFFLINE),
            "memory:1: no such file",
        ),
        (
            lambda: dalmeum.train(data=frame(4), model=OFFLINE, name="a/b"),
            "name 'a/b': is a part",
        ),
        (lambda: loose.train(data=frame(4), model=OFFLINE, name=Path("q")), "name PosixPath"),
        (lambda: study(jobs=-1), "jobs -1: give a whole number"),
        (
            lambda: study(arms={"b": {"loss": {"name": lambda predictions, labels: 1}}}),
            "can't be found by the processes",
        ),
        (
            lambda: study(arms={"b": {"loss.name": "__main__:f"}}),
            "__main__:f can't be found by the processes",
        ),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(
    here: Path,
    call: Callable[[], object],
    told: str,
) -> None:
    with pytest.raises(InputError, match=told):
        call()
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("columns", ["ab", ["a", "b"], {1: "a"}, {"sentence1": 3}, {"sentence1": ["a"]}, 7]),
        ("label_range", [None, 5, "05", (0,), ("0", "5"), (False, True), (0, 1, 2)]),
        ("format", [None, 3]),
        ("encoding", [None, 8]),
        ("labels", [None, True, ["required"]]),
        ("name", [3]),
    ],
)
@pytest.mark.parametrize("source", [frame(2), "nowhere.csv", dalmeum.read_pairs(frame(2))])
def test_an_option_of_read_pairs_of_the_wrong_kind_is_told(
    source: Any, option: str, values: list[Any]
) -> None:
    for value in values:
        with pytest.raises(InputError, match=option):
            loose.read_pairs(source, **{option: value})


def test_series_are_paired_by_position_where_their_indexes_agree() -> None:
    index = [f"pair {number}" for number in range(40)]
    given = arms(pd.Series(ROW, index=index), pd.Series(LABELS, index=index))
    assert given.baseline.predictions["test"][0].tolist() == ROW.tolist()
    assert len(arms(ROW, pd.Series(LABELS, index=index))) == 2


def test_a_study_that_cannot_write_is_told_before_training(here: Path) -> None:
    folder = Path("/proc")
    if not folder.is_dir():
        pytest.skip("a folder that nobody can write in, not even root, is known on Linux only")
    with pytest.raises(InputError, match=r"/proc: can't be written: .*; choose another place"):
        study(folder=folder)
    assert list(here.iterdir()) == []


def study(**how: Any) -> object:
    given: dict[str, Any] = {"arms": {"b": {"loss.name": "mae"}}, "seeds": [1, 2], "question": "?"}
    baseline = {"data": {"train": frame(8), "dev": frame(8)}, "model": OFFLINE}
    return dalmeum.study(**{**given, "baseline": baseline, **how})


def test_a_metric_that_sorts_in_place_leaves_the_arms_as_they_are() -> None:
    def careless(labels: Any, predictions: Any) -> float:
        labels -= labels.mean()
        labels.sort()
        return float(np.corrcoef(labels, predictions)[0, 1])

    mine = np.random.default_rng(1).permutation(LABELS)
    given = dalmeum.Arms(mine, {"baseline": mine + 0.1 * ROW, "b": mine + ROW})
    before, kept = dalmeum.compare(given).to_dict(), mine.copy()
    METRICS["careless"] = Metric(careless)
    try:
        dalmeum.compare(given, metric="careless")
    finally:
        del METRICS["careless"]
    assert dalmeum.compare(given).to_dict() == before
    assert mine.tolist() == kept.tolist()


def test_arms_keep_a_copy() -> None:
    mine = ROW.copy()
    given = arms(mine)
    mine[:] = 0
    assert given.baseline.predictions["test"][0].tolist() == ROW.tolist()
