from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dalmeum.data import PairTable, read_pairs
from dalmeum.data.perturbations.spacing import differ_in_spacing_only
from dalmeum.data.splits import PairReader, read_splits
from dalmeum.errors import InputError, RecipeError
from dalmeum.recipe import Planted, Recipe, build_recipe


@pytest.fixture
def train(tmp_path: Path) -> str:
    """A file of 120 pairs, no sentence twice."""
    path = tmp_path / "train.csv"
    rows = (
        f"{number},drawn,비가 {number}번 온다,눈이 {number}번 온다,{number % 6}\n" for number in range(120)
    )
    path.write_text("id,source,sentence_1,sentence_2,label\n" + "".join(rows), encoding="utf-8")
    return str(path)


def recipe(**data: Any) -> Recipe:
    return build_recipe({"data": data, "model": {"kind": "offline"}}, "recipe")


def test_a_fold_is_dev_and_the_rest_is_train(train: str) -> None:
    seen: list[str] = []
    whole = set(read_splits(recipe(train=train))["train"].id)
    for fold in range(3):
        tables = read_splits(recipe(train=train, folds=3, fold=fold))
        dev = tables["dev"]
        assert {*tables["train"].id, *dev.id} == whole
        assert not {*tables["train"].sentence1, *tables["train"].sentence2} & {*dev.sentence1, *dev.sentence2}
        assert dev.name == f"{tables['train'].name}, fold {fold} of 3"
        seen += dev.id
    assert sorted(seen) == sorted(whole)
    hashes = {read_splits(recipe(train=train, folds=3, fold=fold))["dev"].sha256 for fold in (0, 1)}
    assert len(hashes) == 2


def test_all_folds_are_dev_in_turn_and_together_the_file_in_its_order(train: str) -> None:
    every = recipe(train=train, folds=3, test=train)
    tables = read_splits(every)
    whole = read_pairs(train)
    assert [tables[split].sha256 for split in ("train", "dev", "test")] == [whole.sha256] * 3
    assert tables["dev"].name == f"{train}, out of 3 folds"
    assert list(every.trainings) == ["fold-0", "fold-1", "fold-2"]
    for fold, each in enumerate(every.trainings.values()):
        alone = recipe(train=train, folds=3, test=train, fold=fold, fold_groups="near_duplicates")
        assert each == alone
        of_one = read_splits(each)
        assert {*of_one["train"].id, *of_one["dev"].id} == {*whole.id}
        assert len(of_one["dev"]) == 40
    planted = {"perturbation": "spacing", "share": 0.5, "label": 4}
    with_planted = read_splits(recipe(train=train, folds=3, planted=planted, max_train_pairs=10))
    assert with_planted["dev"].id[:120] == whole.id
    assert len(with_planted["dev"]) == 3 * 60
    assert with_planted["train"].sha256 == whole.sha256


def test_a_shared_reader_reads_each_file_once(train: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def counted(source: str, **options: Any) -> PairTable:
        opened.append(source)
        return read_pairs(source, **options)

    monkeypatch.setattr("dalmeum.data.splits.read_pairs", counted)
    reader = PairReader()
    folds = [recipe(train=train, test=train, folds=5, fold=fold) for fold in range(5)]
    tables = [read_splits(each, reader) for each in folds]
    # Once as train, whose labels must be there, and once as test, whose labels may be missing.
    assert opened == [train, train]
    assert len({table["dev"].sha256 for table in tables}) == 5
    read_splits(recipe(train=train, label_range=(-1, 5)), reader)
    assert len(opened) == 3
    for alone, each in zip(folds, tables, strict=True):
        assert read_splits(alone)["train"].sha256 == each["train"].sha256


def test_a_perturbation_that_there_is_not(train: str) -> None:
    with pytest.raises(
        InputError, match=r"^data\.planted\.perturbation: there is no spacin; did you mean 'spacing'"
    ):
        read_splits(recipe(train=train, planted={"perturbation": "spacin", "share": 0.1, "label": 4}))


def test_the_old_key_is_the_new_one() -> None:
    def planted(**data: Any) -> Planted | None:
        return recipe(train="train.csv", **data).data.planted

    new = Planted(perturbation="spacing", share=0.1, label=4)
    assert planted(spacing_pairs={"share": 0.1, "label": 4}) == new
    assert recipe(train="t", spacing_pairs=None) == recipe(train="t", planted=None) == recipe(train="t")
    # As an arm of a study lays an old key over a baseline that is written out.
    assert planted(planted=new.model_dump(), spacing_pairs={"label": 5}) == new.model_copy(
        update={"label": 5}
    )
    assert planted(planted=new.model_dump(), spacing_pairs=None) is None
    typos = Planted(perturbation="typo_missing", share=0.1, label=4)
    assert planted(planted=typos.model_dump(), spacing_pairs=None) == typos


def test_training_pairs_are_drawn_from_those_that_are_left(train: str) -> None:
    every, some = (
        read_splits(recipe(train=train, folds=3, fold=0, max_train_pairs=count)) for count in (None, 30)
    )
    assert len(some["train"]) == 30
    assert some["dev"].id == every["dev"].id
    assert set(some["train"].id) < set(every["train"].id)


def test_a_part_is_drawn_from_what_is_left_and_planted_pairs_come_to_it(train: str) -> None:
    drawn = read_splits(recipe(train=train, max_train_pairs=60))["train"]
    parts = [
        read_splits(recipe(train=train, max_train_pairs=60, part={"pairs": 20, "number": number}))["train"]
        for number in range(4)
    ]
    assert [len(part) for part in parts] == [20] * 4
    assert sorted(name for part in parts[:3] for name in part.id) == sorted(drawn.id)
    assert set(parts[3].id) < set(drawn.id)
    order = [drawn.id.index(name) for name in parts[1].id]
    assert order == sorted(order)
    pool = parts[1].pool
    assert pool is not None
    assert pool.sha256 == drawn.sha256
    assert drawn.pool is None
    planted = {"perturbation": "spacing", "share": 0.1, "label": 4.5}
    with_planted = read_splits(recipe(train=train, max_train_pairs=60, part={"pairs": 20}, planted=planted))
    assert with_planted["train"].id[:20] == parts[0].id
    assert len(with_planted["train"]) == 22


def test_a_part_of_more_than_there_is_is_told(train: str) -> None:
    with pytest.raises(
        InputError, match=r"train\.csv: data\.part: parts of 49 pairs from a pool of 60: take 48"
    ):
        read_splits(recipe(train=train, max_train_pairs=60, part={"pairs": 49}))


def test_planted_pairs_come_to_every_labelled_split(train: str, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("id,source,sentence_1,sentence_2\n0,a,비가 온다,눈이 온다\n", encoding="utf-8")
    planted = {"perturbation": "spacing", "share": 0.1, "label": 4.5}
    tables = read_splits(
        recipe(train=train, folds=3, fold=0, max_train_pairs=40, planted=planted, test=str(test))
    )
    assert len(tables["train"]) == 44
    for table in (tables["train"], tables["dev"]):
        assert table.label is not None
        rows = [row for row, pair in enumerate(table.pairs) if differ_in_spacing_only(*pair)]
        assert len(rows) == 4
        assert np.all(table.label[rows] == 4.5)
    assert len(tables["test"]) == 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"fold": 1}, "data: fold 1 of how many? Set folds, too"),
        ({"folds": 3, "fold": 3}, "data: fold 3: 3 folds count from 0 to 2"),
        (
            {"folds": 3, "dev": "dev.csv"},
            "data: folds takes dev out of train: leave dev out, as by data.dev=",
        ),
        (
            {"planted": {"perturbation": "number", "share": 0.1, "label": 6}},
            "data: planted.label 6 is outside 0..5",
        ),
        (
            {
                "planted": {"perturbation": "number", "share": 0.1, "label": 1},
                "spacing_pairs": {"share": 0.1, "label": 1},
            },
            "data: spacing_pairs is the old name of planted: leave one of them out",
        ),
    ],
)
def test_folds_and_planted_pairs_that_make_no_sense(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(train="train.csv", **data)
    assert [*caught.value.problems] == [f"recipe: {problem}"]


def test_a_share_that_plants_nothing(train: str) -> None:
    with pytest.raises(InputError, match=rf"^{train}: data\.planted: a share of 0\.001"):
        read_splits(recipe(train=train, planted={"perturbation": "spacing", "share": 0.001, "label": 4}))


def test_more_folds_than_the_file_can_fill(train: str) -> None:
    with pytest.raises(
        InputError, match=rf"^{train}: 120 pairs are too few for 70 folds .*: lower data\.folds$"
    ):
        read_splits(recipe(train=train, folds=70))
