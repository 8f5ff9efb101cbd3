"""What was kept of a difference gives back what its interval was made of."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit

from dalmeum.stats import judged_together, smallest_detectable_effect
from dalmeum.stats.verdicts import holm

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("judge_questions")


@pytest.mark.parametrize("pair_error", [0.0005, 0.003])
@pytest.mark.parametrize("by", ["effect", "p_value"])
def test_an_interval_gives_back_its_parts(script: Any, pair_error: float, by: str) -> None:
    base, arm = np.array([0.80, 0.81, 0.79, 0.805]), np.array([0.82, 0.815, 0.825, 0.818])
    (found,) = judged_together([base, arm], [(pair_error**2, 0.0)], 100_000, paired=True)
    value, half_width = found.difference, (found.interval.high - found.interval.low) / 2
    if by == "effect":
        effect = smallest_detectable_effect(found.standard_error, found.degrees_of_freedom)
        freedom = script.freedom_by_effect(half_width, effect, 4)
    else:
        freedom = script.freedom_by_p_value(value, half_width, found.p_value, 4)
    assert freedom == pytest.approx(found.degrees_of_freedom, rel=1e-3)
    kept = script.parts(value, half_width, freedom, 4, by)
    assert kept.seed_variance == pytest.approx(np.var(arm - base, ddof=1), rel=1e-3)
    assert kept.pair_variance == pytest.approx(pair_error**2, rel=2e-2)
    again = script.judged({"arm": kept}, 4, 0.005)["arm"]
    assert (again["value"], again["low"], again["high"]) == pytest.approx(
        (value, found.interval.low, found.interval.high), abs=2e-6
    )


def test_holm_is_undone_where_it_can_be(script: Any) -> None:
    raw = {"a": 0.004, "b": 0.3, "c": 0.02, "d": 0.31}
    adjusted = dict(zip(raw, map(float, holm(list(raw.values()))), strict=True))
    # .016, .6, .06 and, held up by b, .6: which of the two led is not known.
    assert script.raw_p_values(adjusted) == pytest.approx({"a": 0.004, "c": 0.02})


def test_the_pool_has_boxs_degrees_of_freedom(script: Any) -> None:
    assert script.pooled([2.0, 2.0, 2.0], 5) == pytest.approx((2.0, 4 * 4 * 3 / (3 + 3)))
    assert script.pooled([3.0, 0.0, 0.0], 5) == pytest.approx((1.0, 4.0))


def test_an_arm_keeps_the_larger_variance(script: Any) -> None:
    arms = {"quiet": script.Kept(0.01, 1e-6, 0.0, "effect"), "loud": script.Kept(0.01, 1e-4, 0.0, "effect")}
    found = script.judged(arms, 3, 0.0)
    widths = {name: (arm["high"] - arm["low"]) / 2 for name, arm in found.items()}
    assert widths["loud"] == pytest.approx(4.3027 * (1e-4 / 3) ** 0.5, rel=1e-3)
    pool, freedom = script.pooled([1e-6, 1e-4], 3)
    assert widths["quiet"] == pytest.approx(stdtrit(freedom, 0.975) * (pool / 3) ** 0.5, rel=1e-3)


def test_what_could_not_be_recovered_is_undecided(script: Any) -> None:
    assert (
        script.judged({"arm": script.Kept(0.1, 1e-8, 0.0, "effect")}, 3, 0.005)["arm"]["verdict"] == "better"
    )
    assert (
        script.judged({"arm": script.Kept(0.1, 1e-8, 0.0, "assumed")}, 3, 0.005)["arm"]["verdict"]
        == "undecided"
    )


@pytest.mark.parametrize(
    "file",
    ["scope-2026-11-24.json", pytest.param("questions-2026-11-24.json", marks=pytest.mark.slow)],
)
def test_the_file_holds_what_the_script_finds(
    script: Any, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = json.loads((BENCHMARKS / "results" / "questions-judged-2026-11-27.json").read_text("utf-8"))
    monkeypatch.setattr(script, "KEPT", (file,))
    for name, study in script.studies().items():
        assert kept["studies"][name] == study


def test_equal_arms_are_seldom_told_apart(script: Any) -> None:
    """Nine arms and three seeds, judged by the differences by seed, the seeds being independent."""
    generator, studies, hits = np.random.default_rng(0), 300, 0
    for _ in range(studies):
        scores = 0.006 * generator.normal(size=(10, 3)) + 0.002 * generator.normal(size=(10, 1))
        changes = scores[1:] - scores[0]
        arms = {
            str(arm): script.Kept(float(row.mean()), float(row.var(ddof=1)), 2 * 0.002**2, "effect")
            for arm, row in enumerate(changes)
        }
        hits += any(arm["verdict"] != "undecided" for arm in script.judged(arms, 3, 0.0).values())
    assert hits / studies < 0.065
