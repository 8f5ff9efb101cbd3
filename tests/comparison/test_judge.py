"""Verdicts on arms whose errors are known."""

import dataclasses

import numpy as np
import pytest

from dalmeum.comparison import Arms
from dalmeum.comparison.judge import judge
from dalmeum.languages import Text
from dalmeum.stats import (
    CorrelationComparison,
    DifferenceSpread,
    Look,
    Score,
    SeedDifference,
    advice,
    bca,
    chance_to_find,
    compare_correlations,
    holm,
    levels_of_looks,
    mean_over_seeds,
    paired_difference,
    pearson,
    seed_by_pair,
    seeds_by_pair,
    smallest_detectable_effect,
    smallest_effect_found,
    verdicts,
    weighted,
)

from .made import EFFECT, LABELS, NOISES, each_verdict, of, rows
from .made import arm as made_arm

DEV = LABELS["dev"]


def test_better_worse_the_same_and_undecided() -> None:
    found = judge(each_verdict(), "dev", smallest_effect=EFFECT)
    assert (found.split, found.metric, found.smallest_effect, found.pairs) == ("dev", "pearson", EFFECT, 300)
    outcomes = {arm.name: arm.verdict and arm.verdict.outcome for arm in found.arms}
    assert outcomes == {
        "baseline": None,
        "clean": "better",
        "noisy": "worse",
        "same": "no_difference",
        "close": "undecided",
    }
    for arm, noise in zip(found.arms, NOISES.values(), strict=True):
        expected = np.mean([pearson(DEV, row) for row in rows(noise)])
        assert arm.score.value == pytest.approx(expected, abs=1e-12)
        assert arm.score == mean_over_seeds(DEV, rows(noise))
        assert arm.seeds == 4
        assert arm.tests is None
    clean = found.arms[1]
    arms = {name: rows(noise) for name, noise in NOISES.items() if name != "baseline"}
    assert clean.difference == seeds_by_pair(DEV, arms, rows(0.5), paired=True)["clean"]
    assert clean.detectable_effect > 0
    assert found.arms[0].difference is None
    assert np.isnan(found.arms[0].detectable_effect)


def test_p_values_are_holms_over_all_arms() -> None:
    found = judge(each_verdict(), "dev", smallest_effect=EFFECT)
    p_values = [arm.difference.p_value for arm in found.arms if arm.difference]
    adjusted = [arm.verdict.p_value for arm in found.arms if arm.verdict]
    assert adjusted == holm(p_values).tolist()
    assert min(adjusted) == 4 * min(p_values)


def test_as_small_an_effect_as_matters_decides() -> None:
    wide = judge(each_verdict(), "dev", smallest_effect=0.05)
    assert [arm.verdict.outcome for arm in wide.arms if arm.verdict][3] == "no_difference"


def test_errors_are_better_when_lower() -> None:
    arms = Arms(DEV, {"baseline": rows(0.5), "clean": rows(0.1)}, paired=True)
    arm = judge(arms, "test", metric="rmse", smallest_effect=0.001).arms[1]
    assert arm.difference is not None
    assert arm.difference.difference < 0
    assert arm.verdict is not None
    assert arm.verdict.outcome == "better"


def test_seeds_are_independent_unless_it_was_said() -> None:
    first, second = rows(0.1, seeds=(4, 5)), rows(0.5, seeds=(1, 2, 3))
    found = judge(Arms(DEV, {"baseline": second, "arm": first}), "test")
    assert found.arms[1].difference == seed_by_pair(DEV, first, second)
    assert [arm.seeds for arm in found.arms] == [3, 2]


def test_models_are_compared_on_pairs() -> None:
    noises = {"baseline": 0.5, "clean": 0.1, "close": 0.46}
    base, clean, close = (rows(noise)[0] for noise in noises.values())
    found = judge(Arms(DEV, {"baseline": base, "clean": clean, "close": close}), "test")
    assert [arm.score for arm in found.arms] == [
        Score(bca(weighted.pearson, DEV, row)) for row in (base, clean, close)
    ]
    differences = [compare_correlations(DEV, row, base) for row in (clean, close)]
    assert [arm.difference for arm in found.arms[1:]] == differences
    assert [arm.tests for arm in found.arms] == [None, *differences]
    assert all(isinstance(arm.difference, CorrelationComparison) for arm in found.arms[1:])
    # The smaller of two p-values counts twice.
    assert [arm.verdict for arm in found.arms[1:]] == verdicts(differences, 0.005)
    assert found.arms[1].verdict is not None
    assert found.arms[1].verdict.p_value == min(2 * differences[0].p_value, 1)
    values = found.arms[1].to_dict()
    assert values["tests"] == {
        "williams": {
            "statistic": differences[0].williams.statistic,
            "p_value": differences[0].williams.p_value,
        },
        "steiger": {
            "statistic": differences[0].steiger.statistic,
            "p_value": differences[0].steiger.p_value,
        },
        "zou": differences[0].zou.to_dict(),
    }
    close = differences[1]
    assert found.arms[2].detectable_effect == smallest_detectable_effect(
        close.standard_error, close.degrees_of_freedom, level=0.05 / 2
    )
    assert found.arms[2].advice == advice(close, 0.005, pairs=300, arms=2)
    assert found.arms[2].to_dict()["verdict"]["advice"]["pairs"] > 300
    assert "tests" not in found.arms[0].to_dict()


def test_other_metrics_of_models_have_one_test_alone() -> None:
    base, clean = rows(0.5)[0], rows(0.1)[0]
    found = judge(Arms(DEV, {"baseline": base, "clean": clean}), "test", metric="rmse", smallest_effect=0.001)
    arm = found.arms[1]
    expected = paired_difference(DEV, clean, base, metric=weighted.rmse)
    assert arm.difference == expected
    assert expected.difference < 0
    assert arm.tests is None
    assert arm.verdict is not None
    assert arm.verdict.outcome == "better"
    assert "tests" not in arm.to_dict()


def test_models_without_a_score_are_undecided() -> None:
    base = rows(0.5)[0]
    arms = {"baseline": base, "clean": rows(0.1)[0], "constant": np.full(300, 2.0), "mirrored": -base}
    found = judge(Arms(DEV, arms), "test")
    assert [arm.verdict.outcome for arm in found.arms if arm.verdict] == ["better", "undecided", "worse"]
    constant = found.arms[2].to_dict()
    assert constant["score"] == {"value": None, "low": None, "high": None}
    assert constant["verdict"]["p_value"] is None
    assert constant["verdict"]["advice"] is None


def test_a_look_has_a_level_of_its_own() -> None:
    arms = of(made_arm("baseline", 0.5), made_arm("close", 0.3))
    (plain,), (early,) = (judge(arms, "dev", look=look).arms[1:] for look in (None, Look((4,), 40)))
    assert plain.verdict is not None
    assert early.verdict is not None
    # 4 of 40 seeds have a tenth of the 5 %.
    assert 0.005 < plain.verdict.p_value < 0.05
    assert plain.verdict.outcome == "better"
    assert early.verdict == dataclasses.replace(plain.verdict, outcome="undecided")
    assert early.difference is not None
    assert early.difference == plain.difference
    assert isinstance(early.difference, SeedDifference)
    spread = DifferenceSpread.of(early.difference, arms=1, paired=True)
    assert early.detectable_effect == smallest_effect_found(spread, 4, level=0.05 / 10)
    assert early.advice == plain.advice
    assert plain.power_at_max_seeds is None
    left = levels_of_looks([4, 40], 40)[1]
    assert early.power_at_max_seeds == chance_to_find(spread, 0.005, 40, level=left)
    assert early.to_dict()["verdict"]["power_at_max_seeds"] == early.power_at_max_seeds


def test_holm_shares_the_level_of_a_look_among_the_arms() -> None:
    arms, look = of(*(made_arm(name, noise) for name, noise in NOISES.items())), Look((2, 4), 8)
    found = judge(arms, "dev", look=look)
    assert found.level == levels_of_looks([2, 4], 8)[1]
    close = found.arms[-1]
    assert isinstance(close.difference, SeedDifference)
    level = look.last_level
    assert level is not None
    spread = DifferenceSpread.of(close.difference, arms=4, paired=True)
    assert close.power_at_max_seeds == chance_to_find(spread, 0.005, 8, level=level)
    assert close.detectable_effect == smallest_effect_found(spread, 4, level=found.level)


def test_a_small_level_holds_for_equivalence_too() -> None:
    arms = of(made_arm("baseline", 0.5), made_arm("close", 0.43))
    effect = 0.016  # the interval ends at .0143
    plain = judge(arms, "dev", smallest_effect=effect).arms[1].verdict
    early = judge(arms, "dev", smallest_effect=effect, look=Look((4,), 40)).arms[1].verdict
    assert plain is not None
    assert early is not None
    assert 0.005 < plain.equivalence_p_value == early.equivalence_p_value < 0.05
    assert (plain.outcome, early.outcome) == ("no_difference", "undecided")


def test_an_exploratory_word_says_so() -> None:
    reason = Text("metric is rmse", "지표가 rmse")
    found = judge(each_verdict(), "dev", smallest_effect=EFFECT, look=Look((4,), 4, reason))
    plain = judge(each_verdict(), "dev", smallest_effect=EFFECT)
    assert [each.verdict for each in found.arms] == [each.verdict for each in plain.arms]
    told = [each.to_dict()["verdict"] for each in found.arms[1:]]
    assert [each["exploratory"] for each in told] == ["metric is rmse"] * 4
    assert told[0]["outcome"] == "better"
    assert [each.power_at_max_seeds for each in found.arms] == [None] * 5


def test_what_an_arm_says_in_json() -> None:
    found = judge(each_verdict(), "dev", smallest_effect=0.001)
    values = found.arms[1].to_dict()
    assert list(values) == ["score", "difference", "verdict", "without_largest_group"]
    assert values["verdict"]["outcome"] == "better"
    assert values["difference"]["low"] < values["difference"]["value"] < values["difference"]["high"]
    assert list(values["verdict"]) == [
        "outcome",
        "exploratory",
        "p_value",
        "equivalence_p_value",
        "detectable_effect",
        "advice",
        "power_at_max_seeds",
    ]
    assert list(values["verdict"]["advice"]) == ["seeds", "power"]
    assert found.arms[0].to_dict()["difference"] is None
    assert found.arms[0].to_dict()["verdict"] is None
