import numpy as np
import pytest

from dalmeum.data.binary import implied_threshold


def threshold(label: list[float], binary: list[int]) -> float | None:
    return implied_threshold(np.array(label), np.array(binary, dtype=np.int64))


def test_a_clean_rule_gives_the_lowest_similar_label() -> None:
    assert threshold([4.2, 0.0, 2.9, 3.0, 5.0], [1, 0, 0, 1, 1]) == 3.0


def test_contradicting_rows_are_outvoted() -> None:
    # Contradictions: 2.5 has the pair at 0.5 only, 0.5 those at 1.0 and 2.0, 3.0 those at 0.5 and 2.5.
    assert threshold([0.0, 0.5, 1.0, 2.0, 2.5, 3.0], [0, 1, 0, 0, 1, 1]) == 2.5


def test_of_two_equally_good_thresholds_the_lower_one_counts() -> None:
    assert threshold([1.0, 2.0, 2.0, 3.0], [0, 0, 1, 1]) == 2.0


@pytest.mark.parametrize(
    ("label", "binary"),
    [
        ([], []),
        ([1.0, 2.0], [1, 1]),
        ([1.0, 2.0], [0, 0]),
        ([3.0, 3.0], [0, 1]),  # one label, two classes
        ([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0]),  # the column runs against the labels
    ],
)
def test_no_rule(label: list[float], binary: list[int]) -> None:
    assert threshold(label, binary) is None
