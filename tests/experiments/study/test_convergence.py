"""Steps to a target, from histories made by hand."""

import math
from pathlib import Path

import pytest
from dalmeum.experiments.study.convergence import Convergence, convergence

from dalmeum.experiments.runs import Run
from dalmeum.stats import t_interval

from .fake_runs import fake_run


def arm(folder: Path, name: str, *curves: list[tuple[int, float]] | None) -> list[Run]:
    return [fake_run(folder / f"{name}-{seed}", {}, curve=curve) for seed, curve in enumerate(curves)]


def found(folder: Path, **arms: list[Run]) -> Convergence:
    result = convergence({"arm": arms.get("arm", arms["base"]), "base": arms["base"]}, "base")
    assert result is not None
    return result


def test_steps_to_shares_of_the_baselines_best(tmp_path: Path) -> None:
    # The best are .8, not the last, and 1.0: their mean is .9, the targets .855 and .891.
    base = arm(tmp_path, "base", [(10, 0.5), (20, 0.8), (30, 0.7)], [(10, 0.0), (20, 1.0)])
    quick = arm(tmp_path, "quick", [(10, 0.9)], [(10, 0.755), (20, 0.955)])
    result = found(tmp_path, base=base, arm=quick)
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


def test_steps_less_the_baselines_seed_by_seed(tmp_path: Path) -> None:
    # The target is .855 of a best of .9, which the baseline reaches 95 % of the way from step 10 to 20.
    base = arm(tmp_path, "base", *([[(10, 0.0), (20, 0.9)]] * 3))
    quick = arm(tmp_path, "quick", [(5, 0.9)], [(8, 0.9)], [(8, 0.9)])
    result = found(tmp_path, base=base, arm=quick)
    assert result.arms["base"] is not None
    assert result.arms["arm"] is not None
    assert all(each.difference is None for each in result.arms["base"])
    difference = result.arms["arm"][0].difference
    expected = t_interval([5 - 19.5, 8 - 19.5, 8 - 19.5])
    assert difference is not None
    assert (difference.value, difference.low, difference.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    unpaired = convergence({"base": base, "arm": quick}, "base", paired=False)
    assert unpaired is not None
    assert unpaired.arms["arm"] is not None
    assert unpaired.arms["arm"][0].difference is None


def test_an_evaluation_that_was_made_again_counts_once_and_one_without_a_score_not_at_all(
    tmp_path: Path,
) -> None:
    runs = arm(tmp_path, "base", [(10, 0.4), (10, 0.5), (20, 1.0)], [(20, 1.0)])
    runs[1].write_history([{"step": 10, "eval_pearson": math.nan}, {"step": 20, "eval_pearson": 1.0}])
    result = found(tmp_path, base=runs)
    assert [curve.steps.tolist() for curve in result.curves["base"]] == [[10, 20], [20]]
    assert result.curves["base"][0].pearson.tolist() == [0.5, 1.0]


def test_nothing_where_the_baseline_has_no_curves_and_none_for_an_arm_without(tmp_path: Path) -> None:
    base = arm(tmp_path, "base", [(10, 0.5)], [(10, 0.7)])
    older = arm(tmp_path, "older", [(10, 0.5)], None)
    result = found(tmp_path, base=base, arm=older)
    assert result.arms["arm"] is None
    assert result.curves["arm"] == ()
    assert convergence({"base": older}, "base") is None
    assert convergence({"base": arm(tmp_path, "no-dev", [], [])}, "base") is None
    assert convergence({"base": arm(tmp_path, "chance", [(1, -0.1)], [(1, -0.2)])}, "base") is None
