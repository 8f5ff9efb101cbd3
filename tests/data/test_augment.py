import numpy as np
import pytest

from dalmeum.data import PairTable
from dalmeum.data.augment import planted
from dalmeum.data.perturbations.spacing import differ_in_spacing_only


@pytest.mark.parametrize(
    ("first", "second", "only_spacing"),
    [
        ("비가 온다.", "비가온다.", True),
        ("비가 온다.", "비 가온 다.", True),
        ("a b", "a\u3000b", True),
        ("비가 온다.", "비가 온다.", False),
        ("비가 온다.", "비가 온다", False),
    ],
)
def test_what_differs_in_spacing_only(first: str, second: str, only_spacing: bool) -> None:
    assert differ_in_spacing_only(first, second) is only_spacing


def pairs(count: int = 40, *, binary: bool = True) -> PairTable:
    label = np.linspace(0, 5, count)
    return PairTable(
        id=tuple(f"p{number}" for number in range(count)),
        source=tuple("ab"[number % 2] for number in range(count)),
        sentence1=tuple(f"문장 번호 {number}" for number in range(count)),
        sentence2=("다른 문장",) * count,
        label=label,
        binary=(label >= 3).astype(np.int64) if binary else None,
        lines=tuple(range(2, count + 2)),
    )


def test_planted_pairs_stand_behind_the_table_and_differ_in_spacing_only() -> None:
    table = pairs()
    result = planted(table, "spacing", 0.25, 4.0)
    assert result.take(range(40)).sha256 == table.sha256
    new = result.take(range(40, len(result)))
    assert len(new) == 10
    assert all(map(differ_in_spacing_only, new.sentence1, new.sentence2))
    # Two spaces in each sentence: one is left.
    assert all(sentence.count(" ") == 1 for sentence in new.sentence2)
    assert len(set(new.sentence1)) == 10
    assert new.label is not None
    assert new.label.tolist() == [4.0] * 10
    for name, source, sentence in zip(new.id, new.source, new.sentence1, strict=True):
        row = table.id.index(name.removesuffix("-spacing"))
        assert (table.source[row], table.sentence1[row]) == (source, sentence)
    assert planted(table, "spacing", 0.25, 4.0).sha256 == result.sha256


def test_other_perturbations_plant_too() -> None:
    table = pairs(binary=False)
    result = planted(table, "typo_missing", 0.1, 1.0)
    new = result.take(range(40, len(result)))
    assert new.label is not None
    assert new.label.tolist() == [1.0] * 4
    assert all(one != two for one, two in new.pairs)
    assert all(name.endswith("-typo_missing") for name in new.id)


@pytest.mark.parametrize(("label", "similar"), [(4.0, 1), (1.0, 0)])
def test_the_binary_label_follows_the_tables_own_rule(label: float, similar: int) -> None:
    result = planted(pairs(), "spacing", 0.1, label)
    assert result.binary is not None
    assert result.binary[40:].tolist() == [similar] * 4
    assert planted(pairs(binary=False), "spacing", 0.1, label).binary is None


def test_sentences_of_one_word_and_repeated_ones_are_left_out() -> None:
    table = PairTable(
        id=("0", "0-spacing", "2", "3"),
        source=("",) * 4,
        sentence1=("한 문장", "한 문장", "낱말", "끝 ."),
        sentence2=("가", "나", "다", "라"),
        label=np.array([1.0, 2.0, 3.0, 4.0]),
    )
    result = planted(table, "spacing", 1.0, 5.0)
    assert result.sentence1[4:] == ("한 문장",)
    assert result.sentence2[4:] == ("한문장",)
    assert len(set(result.id)) == 5
    with pytest.raises(ValueError, match="a share of 1 of the sentences that spacing can change is none"):
        planted(table.take([2, 3]), "spacing", 1.0, 5.0)


def test_a_binary_column_of_one_class_says_nothing_of_planted_pairs() -> None:
    table = pairs()
    with pytest.raises(ValueError, match="imply no threshold"):
        planted(table.take(range(20)), "spacing", 0.1, 5.0)
