"""Arms that are judged by groups of pairs, and without a group that is most of them."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from dalmeum.comparison import Arms, Pairs, compare_arms
from dalmeum.comparison.gaps import arm_gaps
from dalmeum.comparison.judge import judge
from dalmeum.comparison.rows import with_sentences
from dalmeum.comparison.text import findings_lines
from dalmeum.data import PairTable
from dalmeum.data.groups import GroupSizes
from dalmeum.errors import InputError
from dalmeum.pages.comparison import render_findings
from dalmeum.stats import differences_to, gap, holm, metric_named, score

from .made import EFFECT, IDS, LABELS, PAIRS, arm, of, rows

DEV = LABELS["dev"]
HUB = np.r_[np.zeros(60, int), 1, np.arange(1, 240)]
"""A group of 60 pairs, one of two, and 238 that stand alone: 3,600 of 3,842 in the sum of squares."""

TWINS = np.arange(300) // 2


def grouped(groups: np.ndarray[Any, Any], **how: Any) -> Arms:
    pairs = {"dev": dataclasses.replace(PAIRS["dev"], groups=groups)}
    return of(arm("baseline", 0.5), arm("clean", 0.1), arm("close", 0.44), pairs=pairs, **how)


def test_arms_are_judged_by_groups() -> None:
    arms = grouped(TWINS)
    found = judge(arms, "dev", smallest_effect=EFFECT)
    base, others = rows(0.5), {"clean": rows(0.1), "close": rows(0.44)}
    expected = differences_to("pearson", DEV, others, base, True, groups=TWINS)
    assert {each.name: each.difference for each in found.arms[1:]} == expected
    assert found.arms[0].score == score("pearson", DEV, base, groups=TWINS)
    assert found.arms[2].score == score("pearson", DEV, others["close"], groups=TWINS)
    assert found.groups == GroupSizes(150, 2, 1 / 150, 2.0)
    assert [each.without_largest for each in found.arms] == [None] * 3


def test_gaps_are_by_groups_of_both_sides() -> None:
    arms = grouped(TWINS)
    train = np.arange(500) // 4
    base = dataclasses.replace(arms.baseline, train=dataclasses.replace(PAIRS["train"], groups=train))
    found = arm_gaps(of(base, arms.others[0], pairs=arms.pairs), "dev")["baseline"]
    assert found is not None
    sides = (LABELS["train"], rows(0.5, "train")), (DEV, rows(0.5))
    assert found.gap == gap(*sides, groups=(train, TWINS), metric=metric_named("pearson"))


@pytest.mark.parametrize("paired", [True, False])
def test_the_result_without_the_largest_group_where_it_is_most(paired: bool) -> None:
    arms = grouped(HUB, paired=paired)
    found = judge(arms, "dev", smallest_effect=EFFECT)
    kept = HUB > 0
    others = {"clean": rows(0.1)[:, kept], "close": rows(0.44)[:, kept]}
    expected = differences_to("pearson", DEV[kept], others, rows(0.5)[:, kept], paired, groups=HUB[kept])
    p_values = holm([each.p_value for each in expected.values()])
    assert found.arms[0].without_largest is None
    told = [each.without_largest for each in found.arms[1:]]
    assert [each and each[0] for each in told] == list(expected.values())
    assert [each and each[1] for each in told] == p_values.tolist()


def test_json_holds_groups_and_no_second_verdict() -> None:
    findings = compare_arms(grouped(HUB), smallest_effect=EFFECT)
    dev = json.loads(json.dumps(findings.to_dict(), allow_nan=False))["splits"]["dev"]
    assert dev["groups"] == {
        "count": 240,
        "largest": 60,
        "largest_share": pytest.approx(3600 / 3842),
        "design_effect_at_most": pytest.approx(3842 / 300),
    }
    (judgement,) = findings.judgements
    clean = judgement.arms[1].without_largest
    assert clean is not None
    assert dev["arms"]["clean"]["without_largest_group"] == {
        "difference": clean[0].interval.to_dict(),
        "p_value": clean[1],
    }
    assert dev["arms"]["baseline"]["without_largest_group"] is None


def test_tables_and_page_tell_it_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = compare_arms(grouped(HUB), smallest_effect=EFFECT)
    page = " ".join(render_findings(findings).split())
    for language, head, hangs in (
        (
            "en",
            "300 pairs, judged by 240 groups of pairs that share sentences",
            "one group of 60 pairs has 94% of the sum of squared group sizes",
        ),
        ("ko", "240개 묶음으로 판정", "60쌍짜리 묶음 하나가 묶음 크기 제곱합의 94%를 차지해"),
    ):
        monkeypatch.setenv("DALMEUM_LANG", language)
        monkeypatch.setenv("COLUMNS", "300")
        lines = findings_lines(findings)
        assert head in lines[0]
        (place,) = (number for number, line in enumerate(lines) if hangs in line)
        names = [line.split()[0] for line in lines[place + 2 : place + 4]]
        assert names == ["clean", "close"]
        assert head in page
        assert hangs in page


def test_nothing_is_said_where_pairs_stand_alone_or_no_group_is_most() -> None:
    alone = compare_arms(grouped(np.arange(300)), smallest_effect=EFFECT)
    unknown = compare_arms(
        of(arm("baseline", 0.5), arm("clean", 0.1), arm("close", 0.44)), smallest_effect=EFFECT
    )
    assert [each.difference for each in alone.judgements[0].arms] == [
        each.difference for each in unknown.judgements[0].arms
    ]
    assert "groups" not in "\n".join(findings_lines(unknown))
    twins = "\n".join(findings_lines(compare_arms(grouped(TWINS), smallest_effect=EFFECT)))
    assert "150 groups" in " ".join(twins.split())
    assert "squared" not in twins


def test_pairs_that_are_all_connected_are_judged_alone_and_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = compare_arms(grouped(np.zeros(300, int)), smallest_effect=EFFECT)
    alone = compare_arms(
        of(arm("baseline", 0.5), arm("clean", 0.1), arm("close", 0.44)), smallest_effect=EFFECT
    )
    assert connected.judgements[0].arms == alone.judgements[0].arms
    assert connected.gaps == alone.gaps
    monkeypatch.setenv("COLUMNS", "300")
    assert "judged as if each stood alone though shared" in findings_lines(connected)[0]


def test_sentences_give_groups() -> None:
    first = tuple(f"문장 {max(number, 3)}" for number in range(300))
    table = PairTable(IDS["dev"], ("",) * 300, first, tuple(f"짝 {n}" for n in range(300)), label=DEV)
    groups = with_sentences(PAIRS["dev"], table).groups
    assert groups is not None
    assert groups.tolist() == [0, 0, 0, 0, *range(1, 297)]
    strangers = dataclasses.replace(table, sentence1=tuple(f"문장 {n}" for n in range(300)))
    assert with_sentences(PAIRS["dev"], strangers).groups is None
    others = Pairs(IDS["dev"], DEV + 1)
    assert with_sentences(others, table).groups is None


def test_arrays_are_grouped_by_whatever_names_groups() -> None:
    predictions = {"baseline": rows(0.5)[0], "clean": rows(0.1)[0]}
    arms = Arms(DEV, predictions, groups=[f"g{group}" for group in HUB])
    pairs = arms.pairs["test"]
    assert pairs.groups is not None
    assert GroupSizes.of(pairs.groups).largest == 60
    assert Arms(DEV, predictions, groups=range(300)).pairs["test"].groups is None
    by_groups = judge(arms, "test", smallest_effect=EFFECT).arms[1].difference
    alone = judge(Arms(DEV, predictions), "test", smallest_effect=EFFECT).arms[1].difference
    assert by_groups is not None
    assert alone is not None
    assert by_groups.degrees_of_freedom == pytest.approx(239)
    assert alone.degrees_of_freedom == pytest.approx(299)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (
            [0, 1],
            r"shape \(2,\) for 300 pairs: expected \(300,\); give one number, or name, a pair",
        ),
        ([[0, 1], [2]], "name no groups; give one number, or name, a pair"),
        (
            [1.0, np.nan] * 150,
            "groups: 150 of 300 pairs have NaN for theirs; give one number, or name, a pair",
        ),
        ([None, "a"] * 150, "name no groups; give one number, or name, a pair"),
    ],
)
def test_groups_that_are_none_are_told_in_a_line(groups: Any, told: str) -> None:
    predictions = {"baseline": rows(0.5)[0], "clean": rows(0.1)[0]}
    with pytest.raises(InputError, match=told) as error:
        Arms(DEV, predictions, groups=groups)
    assert "\n" not in str(error.value)
