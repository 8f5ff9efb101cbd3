from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalmeum.stats import luck_of_best, mae, optimism_of_both_choices, optimism_of_choice, pearson, weighted

Array = NDArray[np.float64]


def candidates(generator: np.random.Generator, n: int, noises: list[float]) -> tuple[Array, Array]:
    label = generator.normal(size=n)
    return label, np.stack([label + generator.normal(0, noise, n) for noise in noises])


@pytest.mark.parametrize(
    ("noises", "nearest", "farthest"),
    [([0.5] * 8, 0.9, 1.1), ([0.5] * 4 + [0.55] * 4, 0.95, 1.25)],
    ids=["equal", "two kinds"],
)
def test_on_average_it_is_the_optimism(noises: list[float], nearest: float, farthest: float) -> None:
    generator = np.random.default_rng(0)
    estimated, real = [], []
    for _ in range(300):
        label, rows = candidates(generator, 200, noises)
        result = optimism_of_choice(label, rows, splits=100)
        estimated.append(result.optimism)
        errors = [pearson(label, row) for row in rows] - 1 / np.sqrt(1 + np.square(noises))
        real.append(errors[result.best] - np.mean(errors))  # what is wrong for all has nothing to do with it
    assert np.mean(real) > 0.01
    assert nearest * np.mean(real) < np.mean(estimated) < farthest * np.mean(real)


def test_a_clear_best_was_not_luck() -> None:
    label, rows = candidates(np.random.default_rng(1), 300, [1.0, 0.3, 1.2])
    result = optimism_of_choice(label, rows)
    assert result.best == 1
    assert result.score == pearson(label, rows[1])
    assert list(result.chosen) == [0, 1, 0]
    assert abs(result.optimism) < 0.002
    assert result.corrected == pytest.approx(result.score - result.optimism)


def test_of_errors_the_lowest_is_the_best_and_too_low() -> None:
    label, rows = candidates(np.random.default_rng(2), 100, [0.5] * 6)
    result = optimism_of_choice(label, rows, metric=weighted.mae, higher_is_better=False)
    assert result.score == min(mae(label, row) for row in rows)
    assert result.optimism > 0
    assert result.corrected == pytest.approx(result.score + result.optimism)
    assert sum(result.chosen) == pytest.approx(1)


def test_two_halves_by_hand() -> None:
    # Errors 0 0 4 4 and 4 4 0 0: 2 of 6 splits part them, and then the best half scores 0 and the other 4.
    # In the other 4 splits all halves score 2. Mean loss 4 / 3, by sqrt(2).
    label = np.zeros(4)
    rows = np.array([[0.0, 0, 4, 4], [4, 4, 0, 0]])
    result = optimism_of_choice(label, rows, metric=weighted.mae, higher_is_better=False, splits=20_000)
    assert result.optimism == pytest.approx(4 / 3 / np.sqrt(2), abs=0.03)


def test_what_can_not_be_chosen_from() -> None:
    label, rows = candidates(np.random.default_rng(3), 10, [0.5, 0.5])
    with pytest.raises(ValueError, match="3 pairs"):
        optimism_of_choice(label[:3], rows[:, :3])
    with pytest.raises(ValueError, match="at least one"):
        optimism_of_choice(label, rows[:0])
    with pytest.raises(ValueError, match="candidate 1 has no score"):
        optimism_of_choice(label, np.stack([rows[0], np.ones(10)]))


def nested(rows: Array) -> list[list[list[Array]]]:
    """Of (arms, seeds, evaluations, n)."""
    return [[[run] for run in arm] for arm in rows]


def test_without_a_choice_of_checkpoints_it_is_that_of_the_arm() -> None:
    label, rows = candidates(np.random.default_rng(3), 100, [0.5] * 6)
    both = optimism_of_both_choices(label, nested(rows[:, None, None]), splits=300)
    assert both == pytest.approx(optimism_of_choice(label, rows, splits=300).optimism)
    how: Any = {"metric": weighted.spearman, "splits": 50}
    both = optimism_of_both_choices(label, nested(rows[:, None, None]), **how)
    assert both == pytest.approx(optimism_of_choice(label, rows, **how).optimism)


def test_without_a_choice_of_arms_it_is_that_of_the_checkpoint() -> None:
    label, rows = candidates(np.random.default_rng(4), 100, [0.5] * 6)
    both = optimism_of_both_choices(label, nested(rows[None, None]), splits=300)
    assert both == pytest.approx(optimism_of_choice(label, rows, splits=300).optimism)


def test_both_choices_of_two_halves_by_hand() -> None:
    """Four arms of one seed and two evaluations are eight candidates: the best of all is chosen."""
    label, rows = candidates(np.random.default_rng(5), 60, [0.5] * 8)
    both = optimism_of_both_choices(label, nested(rows.reshape(4, 1, 2, 60)), splits=300)
    assert both == pytest.approx(optimism_of_choice(label, rows, splits=300).optimism)


def test_folds_choose_on_their_own_pairs() -> None:
    label, rows = candidates(np.random.default_rng(6), 120, [0.5] * 4)
    whole = optimism_of_both_choices(label, [[[rows]]], splits=200)
    folds = optimism_of_both_choices(label, [[[rows[:, :60], rows[:, 60:]]]], splits=200)
    # Half of the pairs are twice as lucky, and so much more is lost.
    assert folds > whole
    chosen = optimism_of_both_choices(label, [[[rows[:1, :60], rows[:1, 60:]]]], splits=200)
    assert abs(chosen) < 0.002


def test_of_errors_both_choices_are_too_low() -> None:
    label, rows = candidates(np.random.default_rng(7), 100, [0.5] * 6)
    both = optimism_of_both_choices(
        label, nested(rows.reshape(3, 1, 2, 100)), metric=weighted.mae, higher_is_better=False, splits=200
    )
    assert both > 0


def test_both_choices_need_pairs_shapes_and_predictions_that_vary() -> None:
    label, rows = candidates(np.random.default_rng(8), 20, [0.5] * 2)
    with pytest.raises(ValueError, match="3 pairs"):
        optimism_of_both_choices(label[:3], [[[rows[:, :3]]]])
    with pytest.raises(ValueError, match="evaluations of 10 pairs for 20 labels"):
        optimism_of_both_choices(label, [[[rows[:, :10]]]])
    with pytest.raises(ValueError, match="evaluations of 0 pairs for 20 labels"):
        optimism_of_both_choices(label, [[[]]])
    rows[1] = 2.0
    with pytest.raises(ValueError, match="constant"):
        optimism_of_both_choices(label, [[[rows]]])


def test_luck_of_the_best_is_students_t() -> None:
    """Against SciPy's one-sample interval of the mean."""
    from scipy.stats import t

    fresh = np.array([0.81, 0.83, 0.82, 0.825])
    low, high = t.interval(0.95, 3, fresh.mean(), fresh.std(ddof=1) / 2)
    found = luck_of_best(0.84, fresh)
    assert found.value == pytest.approx(0.84 - 0.82125)
    assert (found.low, found.high) == pytest.approx((0.84 - high, 0.84 - low))
    still = luck_of_best(0.84, [0.8, 0.8])
    assert (still.value, still.low, still.high) == pytest.approx((0.04, 0.04, 0.04))


@pytest.mark.parametrize("fresh", [[], [0.8], [[0.8, 0.9]], [0.8, np.nan]])
def test_luck_takes_two_scores_of_fresh_seeds(fresh: list[float]) -> None:
    with pytest.raises(ValueError, match="2 scores or more"):
        luck_of_best(0.8, fresh)
