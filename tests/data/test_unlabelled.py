"""Which pairs without labels may be learned from, and how they join the training pairs; counted by hand."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.splits import read_splits
from dalmeum.data.unlabelled import usable, with_scored
from dalmeum.errors import InputError
from dalmeum.recipe import Recipe, build_recipe


def table(*pairs: tuple[str, str], name: str = "u", **columns: Any) -> PairTable:
    first, second = zip(*pairs, strict=True) if pairs else ((), ())
    ids = tuple(str(number) for number, _ in enumerate(pairs))
    return PairTable(ids, ("",) * len(pairs), first, second, name=name, **columns)


def test_pairs_of_dev_and_of_people_s_labels_are_left_out() -> None:
    dev = table(("나는 간다", "너는 온다"), name="dev")
    train = table(("A b", "C d"), label=np.array([3.0]), name="train")
    pairs = table(
        ("new", "pair"),
        ("너는  온다", "another"),  # a sentence of dev, spaced otherwise
        ("c D", "a B"),  # a pair of train, the other way round
        ("A b", "another"),  # one sentence of train alone
        ("pair", "new"),  # the first again
        ("", "empty"),
        ("나는 간다", "A b"),
    )
    left = usable(pairs, train, [dev])
    assert left.id == ("0", "3")
    assert left.pool is pairs
    assert left.warnings[-1].en == (
        "u: of 7 pairs 2 share a sentence with dev or test, 1 are in train with a label, 2 are repeated or "
        "empty: 2 are left to learn from"
    )


def test_sentences_are_compared_composed_and_without_case() -> None:
    dev = table(("학교", "ABC"), name="dev")
    decomposed = "\u1112\u1161\u11a8\u1100\u116d"
    assert usable(table((decomposed, "x"), ("abc", "x"), ("y", "x")), table(), [dev]).id == ("2",)


def test_where_all_may_be_learned_from_the_table_stays_as_it_is() -> None:
    pairs = table(("a", "b"))
    assert usable(pairs, table(), []) is pairs
    # An empty sentence of dev is none that could be shared.
    assert usable(pairs, table(), [table(("", "c"))]) is pairs


def test_where_none_is_left_there_is_nothing_to_train_on() -> None:
    dev = table(("a", "b"))
    with pytest.raises(InputError, match=r"^data\.unlabelled: u: of 1 pairs 1 share .* 0 are left"):
        usable(table(("b", "a")), table(), [dev])
    with pytest.raises(InputError, match="of 0 pairs"):
        usable(table(), table(), [dev])


def scored_with(train: PairTable, threshold: float | None) -> PairTable:
    pairs = table(("e", "f"), ("g", "h"), ("i", "j"), name="file")
    hanging = dataclasses.replace(train, unlabelled=pairs.take([2, 0]))
    return with_scored(hanging, dataclasses.replace(pairs, label=np.array([4.0, 1.0, 2.9])), threshold)


def test_scored_pairs_stand_behind_the_labelled_ones_with_their_own_scores() -> None:
    train = table(("a", "b"), ("c", "d"), label=np.array([0.5, 3.0]), binary=np.array([0, 1]))
    joined = scored_with(dataclasses.replace(train, id=("unlabelled-0", "1")), 3.0)
    assert joined.id == ("unlabelled-0", "1", "unlabelled-2", "unlabelled-0+")
    assert joined.source == ("", "", "unlabelled", "unlabelled")
    assert joined.sentence1 == ("a", "c", "i", "e")
    assert joined.label is not None
    assert joined.binary is not None
    assert joined.label.tolist() == [0.5, 3.0, 2.9, 4.0]
    assert joined.binary.tolist() == [0, 1, 0, 1]
    assert joined.unlabelled is None


def test_without_binary_labels_scored_pairs_get_none() -> None:
    assert scored_with(table(("a", "b"), label=np.array([0.5])), None).binary is None


@pytest.fixture
def recipe(here: Path) -> Callable[..., Recipe]:
    def write(name: str, rows: list[str]) -> str:
        Path(name).write_text("\n".join(["sentence1,sentence2,label", *rows]), encoding="utf-8")
        return name

    def build(**data: Any) -> Recipe:
        train = [f"t{number},u{number},{number % 6}" for number in range(12)]
        write("train.csv", train)
        write("dev.csv", ["d0,e0,1", "d1,e1,2"])
        # Labels that no scale has, which nobody reads.
        write("more.csv", [*(f"t{n},u{n},77" for n in range(12)), "d0,t0,x", "x,t3,", "y,z,"])
        files = {"train": "train.csv", "unlabelled": "more.csv"}
        values = {"data": files | data, "model": {"kind": "offline"}, "loss": {"teacher": "runs/t"}}
        return build_recipe(values, "test")

    return build


def test_labels_of_the_file_are_not_read(recipe: Callable[..., Recipe]) -> None:
    train = read_splits(recipe(dev="dev.csv"))["train"]
    assert train.unlabelled is not None
    assert list(train.unlabelled.pairs) == [("x", "t3"), ("y", "z")]
    assert train.unlabelled.label is None
    assert train.unlabelled.pool is not None
    assert len(train.unlabelled.pool) == 15


def test_of_drawn_pairs_the_rest_may_be_learned_from(recipe: Callable[..., Recipe]) -> None:
    tables = read_splits(recipe(dev="dev.csv", max_train_pairs=4))
    train = tables["train"]
    assert train.unlabelled is not None
    assert len(train) == 4
    # 12 of the training file but those 4, and the two that stand in it alone.
    assert len(train.unlabelled) == 10
    assert not set(train.pairs) & set(train.unlabelled.pairs)
    assert tables["dev"].unlabelled is None


def test_a_fold_s_sentences_are_no_other_model_s_to_learn(recipe: Callable[..., Recipe]) -> None:
    over_folds = recipe(folds=3)
    for each in over_folds.trainings.values():
        tables = read_splits(each)
        found = tables["train"].unlabelled
        assert found is not None
        held_out = {*tables["dev"].sentence1, *tables["dev"].sentence2}
        assert not held_out & {*found.sentence1, *found.sentence2}
        assert ("y", "z") in found.pairs
    run = read_splits(over_folds)
    assert len(run["train"]) == 12
    assert run["train"].unlabelled is not None
    assert len(run["train"].unlabelled) == 15
    assert run["dev"].unlabelled is None


def test_a_table_in_memory_loses_its_labels_and_its_scale(here: Path) -> None:
    given = table(("a", "b"), label=np.array([1.0]), label_range=(0.0, 1.0))
    found = read_pairs(given, labels="unread")
    assert found.label is None
    assert found.label_range == (0, 5)
