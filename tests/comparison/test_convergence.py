"""How soon arms are at a plateau, from curves made by hand."""

import math

import numpy as np
import pytest

from dalmeum.comparison import Arm, Curve
from dalmeum.comparison.convergence import Convergence, Speed, convergence
from dalmeum.stats import holm, judged_together, t_interval

from .made import arm as drawn
from .made import of, rows

Points = list[tuple[int, float]]


def arm(name: str, *curves: Points, seeds: int = 0) -> Arm:
    """With as many seeds as curves, where nobody says otherwise."""
    made = tuple(Curve(*np.array(points, float).T) for points in curves)
    return Arm(name, {"dev": rows(0.5, seeds=range(seeds or len(curves)))}, curves=made)


def ramp(at: int, height: float = 0.9) -> Points:
    """From 0 at step 10 to its height at step `at`, where it stays until 200: 95 % of the way are 95 % of the
    height, which is its plateau.
    """
    return [(10, 0.0), (at, height), *((step, height) for step in range(150, 201, 10))]


def found(base: Arm, *others: Arm, paired: bool = False, folds: int = 1) -> Convergence:
    result = convergence(of(base, *others, paired=paired, folds=folds))
    assert result is not None
    return result


def speed(result: Convergence, name: str) -> Speed:
    of_arm = result.arms[name]
    assert of_arm is not None
    return of_arm


def near(at: int) -> float:
    return 10 + 0.95 * (at - 10)


def test_steps_to_the_own_plateau_are_compared_by_factors() -> None:
    base = arm("base", ramp(30), ramp(34), ramp(32))
    # Lower, and twice as fast but for chance.
    quick = arm("quick", ramp(20, 0.6), ramp(21, 0.6), ramp(22, 0.6))
    same = arm("same", ramp(31), ramp(33), ramp(32))
    result = found(base, quick, same)
    assert list(result.arms) == ["base", "quick", "same"]
    assert result.target == pytest.approx(0.95 * 0.9)
    assert result.horizon == 200
    logs = [np.log([near(at) for at in each]) for each in ((30, 34, 32), (20, 21, 22), (31, 33, 32))]
    changes = judged_together(logs, [(0.0, 0.0)] * 2, 1)
    adjusted = holm([each.p_value for each in changes])
    for name, own, change, p_value in zip(("quick", "same"), logs[1:], changes, adjusted, strict=True):
        mine = speed(result, name)
        assert mine.own.steps.value == pytest.approx(math.exp(own.mean()))
        assert mine.own.steps.low == pytest.approx(math.exp(t_interval(own).low))
        assert mine.own.change is not None
        told = mine.own.change
        assert (told.value, told.low, told.high) == pytest.approx(
            tuple(map(math.exp, (change.difference, change.low, change.high)))
        )
        assert mine.own.p_value == pytest.approx(p_value)
    assert speed(result, "quick").outcome == "sooner"
    assert speed(result, "same").outcome == "undecided"
    assert speed(result, "quick").plateau.value == pytest.approx(0.6)
    # The lower arm never gets to the baseline's level: the horizon.
    level = speed(result, "quick").level
    assert (level.steps.value, speed(result, "quick").reached) == (200, 0)
    assert level.change is not None
    assert level.change.value == pytest.approx(200 - near(32))
    turned = found(quick, base)
    assert speed(turned, "base").outcome == "later"


def test_what_json_holds() -> None:
    values = found(arm("base", ramp(30), ramp(34)), arm("arm", ramp(20), ramp(24))).to_dict()
    assert list(values) == ["share", "target", "horizon", "arms"]
    base, mine = values["arms"]["base"], values["arms"]["arm"]
    assert list(mine) == ["plateau", "own_plateau", "baseline_level"]
    assert list(mine["own_plateau"]) == ["steps", "factor", "p_value", "outcome"]
    assert list(mine["baseline_level"]) == ["steps", "difference", "p_value", "reached"]
    assert mine["baseline_level"]["difference"]["value"] == pytest.approx(near(22) - near(32))
    assert base["own_plateau"] == {
        "steps": base["own_plateau"]["steps"],
        "factor": None,
        "p_value": None,
        "outcome": None,
    }


def test_the_horizon_is_that_of_the_arm_that_was_trained_shortest() -> None:
    """Runs that stopped early count until there, and a level reached later is not reached."""
    base = arm("base", [(10, 0.0), (100, 0.9)], [(10, 0.0), (90, 0.9)])
    late = arm("late", [(10, 0.0), (400, 0.9)], [(10, 0.0), (50, 0.4)])
    result = found(base, late)
    assert result.horizon == 100
    assert speed(result, "late").level.steps.value == 100
    assert speed(result, "late").reached == 0
    assert speed(result, "base").reached == 2


def test_who_is_there_at_the_first_evaluation_is_not_sooner_for_being_evaluated_sooner() -> None:
    base = arm("base", [(40, 0.9), (80, 0.9)], [(40, 0.9), (80, 0.9)])
    often = arm("often", [(20, 0.9), (80, 0.9)], [(20, 0.9), (80, 0.9)])
    mine = speed(found(base, often), "often")
    assert mine.own.steps.value == pytest.approx(40)
    assert mine.outcome == "undecided"
    assert mine.own.p_value == 1


def test_seeds_are_paired_where_the_study_says_so() -> None:
    base, quick = arm("base", ramp(30), ramp(60), ramp(90)), arm("arm", ramp(28), ramp(55), ramp(83))
    assert speed(found(base, quick), "arm").outcome == "undecided"
    assert speed(found(base, quick, paired=True), "arm").outcome == "sooner"


def test_steps_of_a_seed_are_the_mean_of_its_folds() -> None:
    def made(name: str, *reached: int) -> Arm:
        # At a plateau from the second evaluation on, which is reached 95 % of the way.
        return arm(name, *(ramp(step) for step in reached), seeds=2)

    result = found(made("base", 20, 30, 40, 70), made("arm", 18, 18, 18, 22), folds=2)
    base, mine = speed(result, "base"), speed(result, "arm")
    assert base.level.steps.value == pytest.approx(near(40))
    assert (base.reached, base.seeds) == (2, 2)
    assert mine.own.steps.value == pytest.approx(math.sqrt(near(18) * near(20)))


def test_models_are_not_compared() -> None:
    result = found(arm("base", ramp(30)), arm("arm", ramp(20)))
    mine = speed(result, "arm")
    assert (mine.own.change, mine.level.change, mine.outcome) == (None, None, None)
    assert mine.own.steps.value == pytest.approx(near(20))


def test_nothing_where_the_baseline_has_no_curves_and_none_for_an_arm_without() -> None:
    base, older = arm("base", [(10, 0.5)], [(10, 0.7)]), arm("arm", seeds=2)
    result = found(base, older)
    assert result.arms["arm"] is None
    assert result.to_dict()["arms"]["arm"] is None
    assert result.curves["arm"] == ()
    assert speed(result, "base").own.steps.value == pytest.approx(10)
    assert convergence(of(older, base)) is None
    chance = arm("chance", [(1, -0.1)], [(1, -0.2)])
    assert convergence(of(chance, base)) is None


def test_an_arm_that_never_rises_above_chance_has_no_speed() -> None:
    flat = arm("flat", [(10, -0.1), (20, 0.0)], [(10, 0.0), (20, -0.1)])
    mine = speed(found(arm("base", ramp(30), ramp(34)), flat), "flat")
    assert math.isnan(mine.own.steps.value)
    assert mine.outcome == "undecided"
    assert mine.reached == 0


def test_a_slower_arm_is_later_by_both() -> None:
    result = found(drawn("base", 0.5), drawn("noisy", 1.2, speed=90.0))
    mine = speed(result, "noisy")
    assert mine.outcome == "later"
    assert mine.level.change is not None
    assert mine.level.change.low > 0
