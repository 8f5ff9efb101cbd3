"""Parts of a pool: which rows, and how much two of them have in common."""

import itertools

import numpy as np
import pytest

from dalmeum.data.parts import most_pairs, part_rows
from dalmeum.stats.training_sets import mean_overlap


def test_the_first_parts_share_no_pair_and_later_ones_leave_them_as_they_are() -> None:
    parts = [set(part_rows(10, 3, number).tolist()) for number in range(7)]
    assert [len(part) for part in parts] == [3] * 7
    for lap in (parts[:3], parts[3:6]):
        assert len(set.union(*lap)) == 9
    assert parts[3] not in parts[:3]
    assert part_rows(10, 3, 4).tolist() == part_rows(10, 3, 4).tolist()
    assert set(range(10)) >= set.union(*parts)


def test_overlap_is_what_is_expected_of_the_parts_themselves() -> None:
    assert mean_overlap(1000, 100, range(10)) == 0
    # Of three parts of half of the pool the third is of another shuffle: 2 of 3 pairs of parts share a half.
    assert mean_overlap(200, 100, range(3)) == pytest.approx(0.5 * 2 / 3)
    assert mean_overlap(200, 100, [1, 2]) == 0.5
    # One part a shuffle: all share 4 of 5.
    assert mean_overlap(1000, 800, range(4)) == pytest.approx(0.8)
    parts = [set(part_rows(1000, 400, number).tolist()) for number in range(10)]
    shared = np.mean([len(one & other) / 400 for one, other in itertools.combinations(parts, 2)])
    assert mean_overlap(1000, 400, range(10)) == pytest.approx(0.4 * 40 / 45)
    assert shared == pytest.approx(mean_overlap(1000, 400, range(10)), abs=0.01)


def test_parts_that_are_nearly_the_whole_are_told() -> None:
    assert [most_pairs(pool) for pool in (5, 10, 100, 1001)] == [4, 8, 80, 800]
    assert len(part_rows(10, 8, 0)) == 8
    with pytest.raises(
        ValueError, match=r"^parts of 9 pairs from a pool of 10: take 8 at most \(0\.8 of it\), larger ones"
    ):
        part_rows(10, 9, 0)
