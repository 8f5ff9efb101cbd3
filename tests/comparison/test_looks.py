"""What is told of a study's look, right at its verdicts."""

import re

import pytest
from rich.cells import cell_len

from dalmeum.comparison import Findings, compare_arms
from dalmeum.comparison.text import findings_html, findings_lines
from dalmeum.languages import Text
from dalmeum.stats import Look

from .made import EFFECT, arm, each_verdict, of

REASON = Text("metric is rmse, and was pearson at the first look", "metric: 처음 판정 때 pearson, 지금 rmse")


def found(look: Look | None, *noises: float, effect: float = EFFECT) -> Findings:
    arms = [arm("baseline", 0.5), *(arm(f"arm-{noise}", noise) for noise in noises)]
    return compare_arms(of(*arms) if noises else each_verdict(), smallest_effect=effect, look=look)


def words(findings: Findings) -> str:
    return " ".join(" ".join(findings_lines(findings)).split())


def test_a_plain_look_says_what_no_look_says_but_for_the_seeds_that_may_follow() -> None:
    plain, first = (findings_lines(found(look)) for look in (None, Look((4,), 4)))
    told = "more seeds would be exploratory here: looks were planned for 4 (max_seeds)"
    assert [line for line in first if line not in plain] == [told]
    assert [line for line in plain if line not in first] == []
    # Where all is decided nobody is to add seeds.
    assert findings_lines(found(Look((4,), 4), 0.1)) == findings_lines(found(None, 0.1))


def test_a_look_tells_its_level_and_what_the_last_one_brings() -> None:
    told = words(found(Look((4,), 40), 0.3))
    assert (
        "look 1 of a study of up to 40 seeds: this look's level is 0.5 %: p below it decides; intervals stay "
        "95 %" in told
    )
    assert (
        "arm-0.3: its own 95 % interval is clear of 0, but its p is not below this look's level, 0.5 %"
        in told
    )
    assert "not once corrected" not in told
    power = found(Look((4,), 40), 0.3).judgements[0].arms[1].power_at_max_seeds
    assert power is not None
    last = f"with 40 seeds here, a last look would find a true difference of {EFFECT} in {power:.0%}"
    assert last in told
    assert "more seeds would be exploratory" not in told
    assert last not in words(found(Look((4,), 4), 0.3))


def test_a_margin_that_the_interval_keeps_is_held_against_the_level() -> None:
    look = Look((2, 4), 20)
    told, level = words(found(look, 0.43)), f"{100 * look.level:.3g} %"
    assert f"look 2 of a study of up to 20 seeds: this look's level is {level}: p" in told
    assert f"its own 95 % interval is too small to matter, but not at this look's level, {level}" in told


def test_no_exploratory_word_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = found(Look((4,), 3, REASON))
    lines = findings_lines(findings)
    for name, word in (("clean", "better"), ("noisy", "worse"), ("same", "no difference")):
        row = next(line for line in lines if line.startswith(name))
        both = f"{row} {lines[lines.index(row) + 1]}"  # a cell may go on below
        assert re.search(f"exploratory: {word}".replace(" ", " +"), both)
    assert f"exploratory, no verdict: {REASON.en}; a study of its own" in words(findings)
    assert f"exploratory, no verdict: {REASON.en}" in findings_html(findings)
    assert len(re.findall(">exploratory: ", findings_html(findings))) == 4
    assert max(map(cell_len, lines)) <= 80
    monkeypatch.setenv("DALMEUM_LANG", "ko")
    assert f"탐색적이며 판정이 아닙니다: {REASON.ko}" in words(findings)
    assert "탐색적: 더 좋음" in words(findings)
