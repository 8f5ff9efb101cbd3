from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from dalmeum.data import PairTable
from dalmeum.data.folds import fold_rows, strata, stratum_weights
from dalmeum.data.groups import near_groups
from dalmeum.data.keys import letters


def table(
    pairs: Sequence[tuple[str, str]], labels: ArrayLike | None = None, sources: Sequence[str] | None = None
) -> PairTable:
    return PairTable(
        id=tuple(map(str, range(len(pairs)))),
        source=("",) * len(pairs) if sources is None else tuple(sources),
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


def drawn() -> PairTable:
    rng = np.random.default_rng(5)
    pairs = [(f"s{first}", f"s{second}") for first, second in rng.integers(60, size=(24, 2))]
    return table(pairs, rng.integers(0, 6, 24))


def test_what_folds_were_once_they_are_for_good() -> None:
    # Finished runs are known by the pairs that they were trained on: another assignment needs another word.
    assert [rows.tolist() for rows in fold_rows(drawn(), 3)] == [
        [3, 6, 7, 8, 9, 11, 15, 17],
        [2, 5, 12, 14, 16, 20, 21, 22],
        [0, 1, 4, 10, 13, 18, 19, 23],
    ]
    assert [rows.tolist() for rows in fold_rows(drawn(), 3, "near_duplicates")] == NEAR


NEAR = [
    [0, 1, 4, 10, 13, 15, 18, 19, 23],
    [5, 6, 9, 12, 16, 20, 21, 22],
    [2, 3, 7, 8, 11, 14, 17],
]


def test_copies_spaced_swapped_or_written_a_little_otherwise_are_of_one_fold() -> None:
    pairs = [
        ("비가 많이 내리는 저녁", "우산을 쓴 사람"),
        ("우산을쓴 사람!", "길을 걷는 남자"),  # spaced and punctuated otherwise, and on the other side
        ("한 여자가 기타를 치고 있다", "비가많이내리는 저녁."),
        ("한 남자가 기타를 치고 있다", "누군가 노래한다"),  # a letter of eleven replaced
        *strangers(20),
    ]
    of_near = [set(rows.tolist()) & {0, 1, 2, 3} for rows in fold_rows(table(pairs), 4, "near_duplicates")]
    assert {0, 1, 2, 3} in of_near
    of_sentences = [set(rows.tolist()) & {0, 1, 2, 3} for rows in fold_rows(table(pairs), 4)]
    assert {0, 1, 2, 3} not in of_sentences


def test_single_pairs_are_spread_by_label_and_source_to_within_one() -> None:
    rng = np.random.default_rng(1)
    sources = rng.choice(["news", "reviews", "forum"], size=203)
    labels = np.where(sources == "news", 0.0, 4.0)
    found = fold_rows(table(strangers(203), labels, sources.tolist()), 5, "near_duplicates")
    for source in ("news", "reviews", "forum"):
        counts = [int((sources[rows] == source).sum()) for rows in found]
        assert max(counts) - min(counts) <= 1
    sizes = [len(rows) for rows in found]
    assert max(sizes) - min(sizes) <= 1


@st.composite
def sentence_graphs(draw: st.DrawFn) -> tuple[PairTable, int]:
    """Pairs of few sentences, which chain; some spaced otherwise, swapped, or long and one letter apart."""
    few = st.integers(0, draw(st.integers(5, 60)))
    ends = ["", ".", " ", "a", "b"]
    texts = st.builds(lambda number, end: f"{number:012b} {end}", few, st.sampled_from(ends))
    short = st.builds(lambda number, end: f"s{number}{end}", few, st.sampled_from(ends))
    pairs = draw(
        st.lists(st.tuples(st.one_of(texts, short), st.one_of(texts, short)), min_size=8, max_size=80)
    )
    labels = draw(st.lists(st.floats(0, 5), min_size=len(pairs), max_size=len(pairs)))
    sources = draw(st.lists(st.sampled_from("abc"), min_size=len(pairs), max_size=len(pairs)))
    return table(pairs, labels, sources), draw(st.integers(2, 6))


@given(sentence_graphs())
def test_no_sentence_is_in_two_folds_and_strata_are_spread(drawn: tuple[PairTable, int]) -> None:
    pairs, folds = drawn
    groups = near_groups(pairs)
    try:
        found = fold_rows(pairs, folds, "near_duplicates")
    except ValueError:
        assert len(set(groups.tolist())) < 3 * folds
        return
    assert sorted(np.concatenate(found).tolist()) == list(range(len(pairs)))
    seen = [
        {letters(text) for row in rows for text in (pairs.sentence1[row], pairs.sentence2[row])}
        for rows in found
    ]
    for number, one in enumerate(seen):
        for other in seen[number + 1 :]:
            assert not one & other
            assert not any(_one_apart(first, second) for first in one for second in other)
    of_row = strata(pairs)
    assert _unevenness(found, of_row) <= (1 - 1 / folds) * _worst(groups, of_row) + 1e-9


def _one_apart(one: str, other: str) -> bool:
    """Whether both are long, and the same once a letter is left out of one or of each."""
    if min(len(one), len(other)) < 10 or abs(len(one) - len(other)) > 1:
        return False
    left = [
        {text, *(text[:place] + text[place + 1 :] for place in range(len(text)))} for text in (one, other)
    ]
    return bool(left[0] & left[1])


def _unevenness(found: Sequence[NDArray[np.int64]], of_row: NDArray[np.int64]) -> float:
    """The weighted sum of squares by which the folds miss their equal share of each stratum."""
    total = np.bincount(of_row.ravel())
    missed = [np.bincount(of_row[rows].ravel(), minlength=len(total)) - total / len(found) for rows in found]
    return float((stratum_weights(of_row) * np.square(missed)).sum())


def _worst(groups: NDArray[np.intp], of_row: NDArray[np.int64]) -> float:
    """The weighted sum of the squares of what each group has of each stratum."""
    weights = stratum_weights(of_row)
    return sum(
        float(weights @ np.square(np.bincount(of_row[groups == group].ravel(), minlength=len(weights))))
        for group in np.unique(groups)
    )
