from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dalmeum.data import PairTable
from dalmeum.data.folds import fold_rows


def table(pairs: Sequence[tuple[str, str]], labels: ArrayLike | None = None) -> PairTable:
    return PairTable(
        id=tuple(map(str, range(len(pairs)))),
        source=("",) * len(pairs),
        sentence1=tuple(first for first, _ in pairs),
        sentence2=tuple(second for _, second in pairs),
        label=None if labels is None else np.asarray(labels, float),
    )


def strangers(count: int) -> list[tuple[str, str]]:
    return [(f"first {number}", f"second {number}") for number in range(count)]


@pytest.mark.parametrize(("count", "folds"), [(4, 2), (20, 5), (23, 4)])
def test_folds_share_out_all_rows_evenly(count: int, folds: int) -> None:
    found = fold_rows(table(strangers(count), range(count)), folds)
    assert sorted(np.concatenate(found)) == list(range(count))
    sizes = [len(rows) for rows in found]
    assert max(sizes) - min(sizes) <= 1
    assert all((np.diff(rows) > 0).all() for rows in found)


def test_pairs_that_share_a_sentence_stay_together_through_others_too() -> None:
    # a-b, b-c and d-c are one chain; the sides change, and no sentence is in all three.
    pairs = [("a", "b"), ("b", "c"), ("d", "c"), *strangers(9)]
    for rows in fold_rows(table(pairs, range(12)), 3):
        assert len({0, 1, 2} & set(rows)) in (0, 3)


def test_no_sentence_is_in_two_folds() -> None:
    rng = np.random.default_rng(3)
    pairs = [(f"s{first}", f"s{second}") for first, second in rng.integers(400, size=(150, 2))]
    found = fold_rows(table(pairs, rng.uniform(0, 5, 150)), 3)
    sentences = [{sentence for row in rows for sentence in pairs[row]} for rows in found]
    assert not sentences[0] & sentences[1]
    assert not sentences[0] & sentences[2]
    assert not sentences[1] & sentences[2]


def test_each_fold_has_its_share_of_every_label() -> None:
    # Ten labels, ten pairs each, in ten folds: every fold has every label once.
    labels = np.repeat(np.arange(10.0), 10)
    np.random.default_rng(1).shuffle(labels)
    for rows in fold_rows(table(strangers(100), labels), 10):
        assert sorted(labels[rows]) == list(range(10))


def test_folds_are_the_same_at_every_call_and_without_labels_too() -> None:
    for labels in (list(range(30)), None):
        one, other = (fold_rows(table(strangers(30), labels), 5) for _ in range(2))
        assert [rows.tolist() for rows in one] == [rows.tolist() for rows in other]


def test_too_few_groups_for_the_folds() -> None:
    with pytest.raises(ValueError, match="1 groups of pairs that share no sentence can't fill 2 folds"):
        fold_rows(table([("a", "b"), ("a", "c"), ("b", "c")], [1, 2, 3]), 2)
    with pytest.raises(ValueError, match="3 pairs are too few for 2 folds of 2 pairs or more"):
        fold_rows(table(strangers(3), [1, 2, 3]), 2)
