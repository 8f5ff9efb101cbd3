import numpy as np
import pytest

from dalmeum.data import PairTable
from dalmeum.data.checks import check_tables
from dalmeum.data.groups import GroupSizes, judged_by, near_groups, sentence_groups, without_largest

from .test_folds import strangers, table


def hub(count: int) -> PairTable:
    """As many pairs of one sentence, and as many strangers."""
    return table([("hub", f"spoke {number}") for number in range(count)] + strangers(count))


def test_pairs_are_grouped_through_others_too_and_numbered_as_they_come() -> None:
    pairs = [("x", "y"), ("a", "b"), ("p", "p"), ("b", "c"), ("d", "c"), ("x", "z"), ("A", "q")]
    assert sentence_groups(table(pairs)).tolist() == [0, 1, 2, 1, 1, 0, 3]


def test_a_sentence_on_either_side_makes_a_group() -> None:
    assert sentence_groups(table([("a", "b"), ("c", "a"), ("d", "e")])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("copy", "near"),
    [
        ("한남자가 기타를, 치고있다!", True),  # spacing and punctuation
        ("한 여자가 기타를 치고 있다", True),  # one letter replaced
        ("한 남자가 기타를 치고 있었다", True),  # one more
        ("남자가 기타를 치고 있다", True),  # one less
        ("남한자가 기타를 치고 있다", True),  # one moved
        ("한 여자가 기타를 치고 왔다", False),  # two replaced
        ("한 남자가 피아노를 치고 있다", False),
    ],
)
def test_what_counts_as_a_near_duplicate(copy: str, near: bool) -> None:
    pairs = [("한 남자가 기타를 치고 있다", "p"), (copy, "q")]
    assert near_groups(table(pairs)).tolist() == ([0, 0] if near else [0, 1])


def test_of_short_sentences_each_letter_counts_and_case_width_and_composition_do_not() -> None:
    pairs = [
        ("비가 온다", "a"),
        ("비만 온다", "b"),
        ("ＡＢＣ １!", "c"),
        ("abc1", "d"),
        ("?!", "e"),
        ("? !", "f"),
    ]
    assert near_groups(table(pairs)).tolist() == [0, 1, 2, 2, 3, 3]
    assert near_groups(table([("가 나", "x"), ("가나", "y")])).tolist() == [0, 0]
    assert near_groups(table([])).tolist() == []


def test_sizes() -> None:
    # Sizes 3, 1 and 2: squares 9, 1 and 4.
    sizes = GroupSizes.of(np.array([0, 0, 1, 0, 2, 2]))
    assert (sizes.count, sizes.largest) == (3, 3)
    assert sizes.largest_share == pytest.approx(9 / 14)
    assert sizes.design_effect_at_most == pytest.approx(14 / 6)
    assert not sizes.hangs_on_one  # two groups would be left
    assert sizes.matters
    assert not sizes.stand_alone


def test_a_few_small_groups_do_not_matter_and_one_pair_is_no_group() -> None:
    few = GroupSizes.of(np.r_[0, 0, np.arange(1, 99)])
    assert not few.matters
    assert not few.hangs_on_one
    single = GroupSizes.of(np.array([0]))
    assert single.stand_alone
    assert not single.hangs_on_one


def test_without_the_largest_and_of_two_that_are_as_large_without_the_first() -> None:
    assert without_largest(np.array([0, 1, 1, 2, 2])).tolist() == [True, False, False, True, True]


def test_check_tells_how_dependent_pairs_are_where_it_matters() -> None:
    report = check_tables([hub(20), table([*strangers(20), ("first 0", "other")])])
    one, other = report.tables
    assert one.groups == GroupSizes.of(np.r_[np.zeros(20, int), np.arange(1, 21)])
    assert other.groups is not None
    assert other.groups.count == 20
    (found,) = (each for each in report.findings if each.kind == "sentence_groups")
    assert found.severity == "note"
    # 20 pairs in one group and 20 alone: (400 + 20) / 40 = 10.5, whose root is 3.2, and 400 / 420.
    assert "21 groups, the largest of 20 pairs" in found.message.en
    assert "up to 3.2 times" in found.message.en
    assert "has 95% of the sum of squared sizes" in found.message.en
    assert "묶음 21개, 가장 큰 묶음 20쌍" in found.message.ko
    assert "최대 3.2배" in found.message.ko


def test_two_large_groups_are_told_without_one_that_all_hangs_on() -> None:
    pairs = [(f"hub {number % 4}", f"spoke {number}") for number in range(40)]
    (found,) = (each for each in check_tables([table(pairs)]).findings if each.kind == "sentence_groups")
    assert "up to 3.2 times" in found.message.en
    assert "sum of squared" not in found.message.en


def test_pairs_that_are_all_connected_are_told_to_be_judged_alone() -> None:
    groups = sentence_groups(table([("hub", f"spoke {number}") for number in range(20)]))
    assert judged_by(groups) is None
    assert judged_by(None) is None
    three = np.array([0, 1, 2, 2])
    assert judged_by(three) is three
    (found,) = check_tables([table([("hub", f"spoke {number}") for number in range(20)])]).findings
    assert "take each pair to stand alone" in found.message.en
    assert not GroupSizes.of(groups).hangs_on_one


def test_a_table_without_rows() -> None:
    (summary,) = check_tables([table([])]).tables
    assert summary.groups is None
