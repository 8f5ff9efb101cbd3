"""Steps to a target, from curves made by hand."""

import math

import numpy as np
import pytest

from dalmeum.comparison import Arm, Curve
from dalmeum.comparison.convergence import Convergence, convergence
from dalmeum.stats import t_interval

from .made import arm as drawn
from .made import of, rows

Points = list[tuple[int, float]]


def arm(name: str, *curves: Points, seeds: int = 0) -> Arm:
    """With as many seeds as curves, where nobody says otherwise."""
    made = tuple(Curve(*np.array(points, float).T) for points in curves)
    return Arm(name, {"dev": rows(0.5, seeds=range(seeds or len(curves)))}, curves=made)


def found(base: Arm, *others: Arm, paired: bool = True, folds: int = 1) -> Convergence:
    result = convergence(of(base, *others, paired=paired, folds=folds))
    assert result is not None
    return result


def test_steps_to_shares_of_the_baselines_best() -> None:
    # The best are .8, not the last, and 1.0: their mean is .9, the targets .855 and .891.
    base = arm("base", [(10, 0.5), (20, 0.8), (30, 0.7)], [(10, 0.0), (20, 1.0)])
    quick = arm("arm", [(10, 0.9)], [(10, 0.755), (20, 0.955)])
    result = found(base, quick)
    assert list(result.arms) == ["base", "arm"]
    assert result.targets == pytest.approx((0.855, 0.891))
    assert result.arms["base"] is not None
    assert [each.reached for each in result.arms["base"]] == [1, 1]
    assert all(math.isnan(each.steps.value) for each in result.arms["base"])
    assert result.arms["arm"] is not None
    near, nearer = result.arms["arm"]
    assert (near.reached, nearer.reached) == (2, 2)
    assert near.steps.value == pytest.approx((10 + 15) / 2)
    assert nearer.steps.value == pytest.approx((10 + 16.8) / 2)
    expected = t_interval([10, 15])
    assert (near.steps.low, near.steps.high) == pytest.approx((expected.low, expected.high))
    values = result.to_dict()
    nothing = {"value": None, "low": None, "high": None}
    assert values["arms"]["base"][0] == {"steps": nothing, "difference": None, "reached": 1}
    # One seed of the baseline never got there, so there is nothing to subtract.
    assert values["arms"]["arm"][0]["difference"] == nothing
    assert values["arms"]["arm"][0]["steps"]["value"] == pytest.approx(12.5)


def test_steps_less_the_baselines_seed_by_seed() -> None:
    # The target is .855 of a best of .9, which the baseline reaches 95 % of the way from step 10 to 20.
    base = arm("base", *([[(10, 0.0), (20, 0.9)]] * 3))
    quick = arm("arm", [(5, 0.9)], [(8, 0.9)], [(8, 0.9)])
    result = found(base, quick)
    assert result.arms["base"] is not None
    assert result.arms["arm"] is not None
    assert all(each.difference is None for each in result.arms["base"])
    difference = result.arms["arm"][0].difference
    expected = t_interval([5 - 19.5, 8 - 19.5, 8 - 19.5])
    assert difference is not None
    assert (difference.value, difference.low, difference.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    unpaired = found(base, quick, paired=False)
    assert unpaired.arms["arm"] is not None
    assert unpaired.arms["arm"][0].difference is None


def test_steps_of_a_seed_are_the_mean_of_its_folds() -> None:
    def made(name: str, *reached: int) -> Arm:
        return arm(name, *([(step, 1.0)] for step in reached), seeds=2)

    result = found(made("base", 10, 20, 30, 60), made("arm", 8, 8, 8, 10), folds=2)
    assert result.arms["base"] is not None
    assert result.arms["arm"] is not None
    base, mine = result.arms["base"][0], result.arms["arm"][0]
    assert (base.steps.value, base.reached, base.seeds) == (30, 2, 2)  # seeds of 15 and 45 steps
    assert mine.difference is not None
    assert mine.difference.value == (8 - 15 + 9 - 45) / 2


def test_models_are_not_compared() -> None:
    result = found(arm("base", [(10, 0.9)]), arm("arm", [(5, 0.9)]))
    assert result.arms["arm"] is not None
    assert result.arms["arm"][0].difference is None
    assert result.arms["arm"][0].steps.value == 5


def test_nothing_where_the_baseline_has_no_curves_and_none_for_an_arm_without() -> None:
    base, older = arm("base", [(10, 0.5)], [(10, 0.7)]), arm("arm", seeds=2)
    result = found(base, older)
    assert result.arms["arm"] is None
    assert result.curves["arm"] == ()
    assert convergence(of(older, base)) is None
    chance = arm("chance", [(1, -0.1)], [(1, -0.2)])
    assert convergence(of(chance, base)) is None


def test_a_slower_arm_never_gets_there() -> None:
    result = found(drawn("base", 0.5), drawn("noisy", 1.2, speed=90.0))
    assert result.to_dict()["arms"]["noisy"][1]["reached"] == 0
