import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.evaluation import label_bins, sources
from dalmeum.evaluation.slices import lengths, spacing


def names_and_rows(groups: dict[str, NDArray[np.intp]]) -> dict[str, list[int]]:
    return {name: rows.tolist() for name, rows in groups.items()}


def test_sources_keep_the_order_of_the_table() -> None:
    groups = sources(("news", "", "news", "review"))
    assert names_and_rows(groups) == {"news": [0, 2], "": [1], "review": [3]}


def test_bins_hold_their_lower_edge_and_the_last_its_upper_one() -> None:
    groups = label_bins(np.array([0.0, 0.9, 1.0, 4.0, 5.0]))
    assert names_and_rows(groups) == {"0-1": [0, 1], "1-2": [2], "4-5": [3, 4]}


def test_labels_outside_the_range_fall_into_the_outer_bins() -> None:
    assert names_and_rows(label_bins(np.array([-1.0, 6.0]))) == {"0-1": [0], "4-5": [1]}


@pytest.mark.parametrize(
    ("label_range", "names"),
    [
        ((1.0, 5.0), ["1-2", "2-3", "3-4", "4-5"]),
        ((0.0, 1.0), ["0-0.2", "0.2-0.4", "0.4-0.6", "0.6-0.8", "0.8-1"]),
        ((0.0, 100.0), ["0-20", "20-40", "40-60", "60-80", "80-100"]),
        ((-1.0, 1.0), ["-1-0", "0-1"]),
    ],
)
def test_bins_follow_the_label_range(label_range: tuple[float, float], names: list[str]) -> None:
    assert list(label_bins(np.linspace(*label_range, 101), label_range)) == names


def test_rounding_moves_no_label_across_an_edge() -> None:
    # 3 * 0.2 is 0.6000000000000001, so the edge that linspace gives is a hair above the label 0.6.
    assert list(label_bins(np.array([0.6]), (0.0, 1.0))) == ["0.6-0.8"]


def test_lengths_are_cut_into_quarters_of_the_pairs() -> None:
    ones = ["a" * count for count in (1, 2, 3, 4, 5, 6, 7, 9)]
    groups = lengths(ones, ones)
    assert names_and_rows(groups) == {
        "1-3": [0, 1],
        "3-5": [2, 3],
        "5-7": [4, 5],
        "7-9": [6, 7],
    }
    # The mean of the two sentences, and quarters that tie are one.
    assert names_and_rows(lengths(["a", "aaa"], ["aaa", "a"])) == {"2": [0, 1]}
    assert lengths([], []) == {}


def test_spacing_only_pairs_are_told_from_identical_and_other_ones() -> None:
    one = ["한 문장", "한 문장", "한 문장", "한\u3000문장"]
    other = ["한문장", "한 문장", "두 문장", "한 문장"]
    assert names_and_rows(spacing(one, other)) == {"spacing only": [0, 3], "identical": [1], "other": [2]}
    assert names_and_rows(spacing(["가"], ["나"])) == {"other": [0]}
