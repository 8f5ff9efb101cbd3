"""A comparison of single models says nothing of seeds that there are not."""

import re

from dalmeum.comparison import Arm, Arms, compare_arms
from dalmeum.comparison.text import findings_lines
from dalmeum.pages.comparison import render_findings

from .compared import SPEEDS, curve, pairs, scored
from .parsed import Parsed


def test_no_means_or_bands_over_seeds() -> None:
    those = pairs("dev", 300)
    arms = [
        Arm(
            name,
            {"dev": scored(those, noise)[:1]},
            (7,),
            runs=(f"run-{name}",),
            curves=(curve(SPEEDS[pace], 1),),
        )
        for name, noise, pace in (("baseline", 0.5, "noisy"), ("other", 0.1, "clean"), ("slow", 0.6, "noisy"))
    ]
    slow = curve(400.0, 1)
    arms[2] = Arm("slow", arms[2].predictions, (7,), runs=("run-slow",), curves=(slow,))
    findings = compare_arms(Arms.of(arms, {"dev": those}, baseline="baseline", paired=True))
    assert findings.arms.compared == "models"
    page = Parsed(render_findings(findings, plotly="plotly.js"))
    assert "A line a model; dotted: 95 % of the plateau" in " ".join(page.english.split())
    assert "선 하나가 모델 하나이고" in page.korean
    assert "not reached" in page.english
    for told in (page.english, " ".join(findings_lines(findings))):
        assert not re.search(
            r"means? (prediction )?(over|of) (its )?seeds|(?<!Grey )band:|of 1 seeds|seed to the", told
        )
    assert not re.search("시드 평균|(?<!회색 )띠는|시드 1개 중", page.korean)


def test_several_seeds_are_told_as_before() -> None:
    those = pairs("dev", 300)
    arms = [
        Arm(
            name,
            {"dev": scored(those, noise)},
            (1, 2, 3, 4),
            curves=tuple(curve(50.0, seed) for seed in range(4)),
        )
        for name, noise in (("baseline", 0.5), ("other", 0.1))
    ]
    findings = compare_arms(Arms.of(arms, {"dev": those}, baseline="baseline", paired=True))
    page = " ".join(Parsed(render_findings(findings, plotly="plotly.js")).english.split())
    assert "Line: mean over seeds; band: from the lowest seed to the highest; dotted: 95 %" in page
    assert "best on dev by the mean prediction of its seeds: other" in page
