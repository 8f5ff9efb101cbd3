from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.stats import best_two, mae, pearson, shake_up, weighted

Array = NDArray[np.float64]


def submissions(n: int, noises: list[float], seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    label = generator.uniform(0, 5, n)
    return label, np.stack([label + generator.normal(0, noise, n) for noise in noises])


@pytest.mark.parametrize("public", [3, 4])
def test_all_splits_of_eight_pairs(public: int) -> None:
    label, rows = submissions(8, [0.5, 0.6, 0.7])
    orders, best, reversed_pairs = [], [], []
    for chosen in combinations(range(8), public):
        side = np.isin(np.arange(8), chosen)
        scores = [[mae(label[half], row[half]) for row in rows] for half in (side, ~side)]
        places = np.argsort(scores, axis=1)
        orders.append((places[0] == places[1]).all())
        best.append(places[0, 0] == places[1, 0])
        turned = [
            (scores[0][i] - scores[0][j]) * (scores[1][i] - scores[1][j]) < 0
            for i, j in combinations(range(3), 2)
        ]
        reversed_pairs.append(np.mean(turned))
    result = shake_up(
        label, rows, public_share=public / 8, metric=weighted.mae, higher_is_better=False, splits=20_000
    )
    # Three standard errors of 20,000 splits are at most .011.
    assert result.same_order == pytest.approx(np.mean(orders), abs=0.011)
    assert result.same_best == pytest.approx(np.mean(best), abs=0.011)
    assert result.reversed_pairs == pytest.approx(np.mean(reversed_pairs), abs=0.011)


def test_clear_differences_do_not_shake_and_close_ones_do() -> None:
    clear = shake_up(*submissions(400, [0.3, 1.0, 3.0]))
    assert (clear.same_order, clear.same_best, clear.reversed_pairs) == (1, 1, 0)
    close = shake_up(*submissions(400, [1.0, 1.0, 1.0]))
    assert close.same_order < 0.6
    assert close.reversed_pairs > 0.1


def test_equal_submissions_stay_equal() -> None:
    label, rows = submissions(50, [1.0])
    result = shake_up(label, np.repeat(rows, 3, axis=0))
    assert (result.same_order, result.same_best, result.reversed_pairs) == (1, 1, 0)


def test_an_advantage_on_one_side_alone_reverses_nothing() -> None:
    # The two differ in one pair, so on the side without it they are equal.
    rows = np.array([[0.0, 1, 1, 1], [0.5, 1, 1, 1]])
    result = shake_up(np.zeros(4), rows, metric=weighted.mae, higher_is_better=False)
    assert (result.same_order, result.reversed_pairs) == (0, 0)


def test_splits_without_a_score_are_left_out() -> None:
    label, rows = submissions(6, [0.1, 0.1])
    rows[1] = [0, 0, 0, 1, 2, 3]  # constant on one half of them in 2 of 20 splits
    assert 0 <= shake_up(label, rows).same_order <= 1
    with pytest.raises(ValueError, match="in no split"):
        shake_up(label, np.stack([rows[0], np.zeros(6)]))


def test_what_is_no_board() -> None:
    label, rows = submissions(10, [1.0, 1.0])
    with pytest.raises(ValueError, match="give at least two"):
        shake_up(label, rows[:1])
    with pytest.raises(ValueError, match=r"public_share=0\.1 of 10 pairs"):
        shake_up(label, rows, public_share=0.1)
    with pytest.raises(ValueError, match=r"shape \(2, 9\)"):
        shake_up(label, rows[:, :9])


NAN = float("nan")


def test_two_that_err_apart_are_worth_more_than_two_that_err_alike() -> None:
    label, rows = submissions(300, [1.0, 1.05], seed=2)
    three = np.stack([rows[0], rows[0] + 1e-3 * rows[1], rows[1]])
    one, twin, other = (pearson(label, row) for row in three)
    assert other < one < twin
    # The best two by their scores are one and its twin, of which the second adds nothing.
    assert best_two(label, three, [NAN] * 3, public_pairs=50, private_pairs=50) == (1, 2)


def test_the_boards_answers_count_by_their_pairs_and_less_what_all_have_in_common() -> None:
    label, rows = submissions(200, [0.5, 0.7, 2.0])
    dev = np.array([pearson(label, row) for row in rows])
    given: dict[str, Any] = {"public_pairs": 200, "private_pairs": 200}
    assert best_two(label, rows, [NAN] * 3, **given) == (0, 1)
    # All .2 below dev, as of a harder set: nothing changes.
    assert best_two(label, rows, dev - 0.2, **given) == (0, 1)
    # In public the last is far ahead; with as many pairs there the mean of both puts it first.
    answers = np.array([0.5, 0.5, 0.5 + 2 * (dev[0] - dev[2])])
    assert best_two(label, rows, answers, **given)[0] == 2
    assert best_two(label, rows, answers, public_pairs=1, private_pairs=200) == (0, 1)


def test_two_are_needed_that_have_a_score() -> None:
    label, rows = submissions(50, [0.5, 1.0])
    rows = np.concatenate([rows, np.full((1, 50), 2.0)])
    given: dict[str, Any] = {"public_pairs": 25, "private_pairs": 25}
    assert best_two(label, rows, [NAN, 0.9, 0.99], **given) == (0, 1)
    with pytest.raises(ValueError, match="fewer than two"):
        best_two(label, rows[1:], [NAN, NAN], **given)
    with pytest.raises(ValueError, match=r"public scores of shape \(1,\) for 3"):
        best_two(label, rows, [NAN], **given)
