"""The tables of a comparison's page."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dalmeum.comparison import Arm, Findings
from dalmeum.comparison.convergence import Convergence, Speed
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.comparison.speed_text import PACES, reached_told
from dalmeum.comparison.text import (
    ARM,
    DIFFERENCE,
    TEST_HEADS,
    VERDICT,
    outcome_told,
)
from dalmeum.comparison.undecided_text import of_undecided
from dalmeum.languages import Shown, Text, shorten
from dalmeum.numbers import RANGE, has_interval, number, p_value, signed, signed_interval, signed_percent
from dalmeum.pages.scores import metric_title
from dalmeum.pages.tables import EMPTY, Cell, Group, Row, Table, estimate_cell, signed_cell
from dalmeum.stats import Difference, Estimate, SignificanceTest, metric_named
from dalmeum.stats.steps import SHARE

LONGEST_CHANGE = 120


def verdict_table(findings: Findings, judgement: Judgement) -> Table:
    """Scores, differences to the baseline, and verdicts, with what each arm changes."""
    metric = metric_title(judgement.metric)
    if not metric_named(judgement.metric).higher_is_better:
        metric = Text("{metric}, lower is better", "{metric}, 낮을수록 좋음").format(metric=metric)
    heads = (ARM, metric, DIFFERENCE, "p (Holm)", VERDICT)
    arms = {arm.name: arm for arm in findings.arms.arms}
    rows = []
    for result in judgement.arms:
        change, found = result.difference, result.verdict
        cells = (
            estimate_cell(result.score.interval, 4, 4),
            EMPTY if change is None else signed_cell(change.interval),
            EMPTY if found is None else Cell(p_value(found.p_value)),
            _verdict(judgement, result),
        )
        rows.append(Row(result.name, cells, _changes(arms[result.name])))
    return Table(heads, [Group(rows)], wide=True)


def without_largest_table(judgement: Judgement) -> Table | None:
    """Differences without the largest group of pairs; None where no group is most of what groups add."""
    rows = [
        Row(arm.name, (signed_cell(arm.without_largest[0].interval), Cell(p_value(arm.without_largest[1]))))
        for arm in judgement.arms
        if arm.without_largest is not None
    ]
    return Table((ARM, DIFFERENCE, "p (Holm)"), [Group(rows)]) if rows else None


def tests_table(judgement: Judgement) -> Table | None:
    """The tests beside the verdict's, each p-value for itself; None where none were made."""
    rows = [
        Row(
            arm.name,
            (
                Cell(p_value(arm.tests.p_value)),
                _test(arm.tests.williams),
                _test(arm.tests.steiger),
                Cell(signed_interval(arm.tests.zou)),
            ),
        )
        for arm in judgement.arms
        if arm.tests is not None
    ]
    return Table(TEST_HEADS, [Group(rows)]) if rows else None


def gap_table(gaps: Mapping[str, ArmGap | None], split: str, against: str) -> Table | None:
    """Train and judged score, their gap, and the gap less that of `against`; None where no gap is known."""
    if not any(gaps.values()):
        return None
    heads = (
        ARM,
        Text("training", "학습"),
        split,
        Text("gap: training - {split}", "격차: 학습 - {split}").format(split=split),
        Text("gap, less {against}'s", "{against} 대비 격차").format(against=against),
        "p",
    )
    rows = []
    for name, gap in gaps.items():
        cells = [EMPTY] * 5
        if gap is not None:
            cells[:3] = [_mean(gap.train), _mean(gap.judged), signed_cell(gap.gap.interval)]
            cells[3:] = _difference(gap.difference)
        rows.append(Row(name, cells))
    return Table(heads, [Group(rows)])


def convergence_table(convergence: Convergence, checkpoints: Mapping[str, Estimate | None]) -> Table:
    """Plateau, steps to it and to the baseline's, both against the baseline's own, and what having kept the
    best checkpoint adds to the score on dev.
    """
    heads: Sequence[Shown] = (
        ARM,
        Text("plateau on dev", "dev 수렴 점수"),
        Text("steps to {share:.0%} of own plateau", "자기 수렴 점수의 {share:.0%}까지 스텝").format(
            share=SHARE
        ),
        Text("more or fewer: speed alone", "스텝 차이: 속도만"),
        Text(
            "steps to {share:.0%} of the baseline's ({target:.4f})",
            "기준선의 {share:.0%}({target:.4f})까지 스텝",
        ).format(share=SHARE, target=convergence.target),
        Text("more or fewer: height and speed", "스텝 차이: 높이와 속도"),
        Text("best checkpoint flatters dev by", "체크포인트 선택으로 부풀려진 dev 점수"),
    )
    rows = []
    for name, speed in convergence.arms.items():
        cells = [EMPTY] * 5 if speed is None else _speed(speed)
        optimism = checkpoints.get(name)
        rows.append(Row(name, [*cells, EMPTY if optimism is None else signed_cell(optimism)]))
    return Table(heads, [Group(rows)])


def _verdict(judgement: Judgement, arm: ArmResult) -> Cell:
    if arm.verdict is None:
        return Cell(Text("the others are compared with it", "비교 기준"))
    below = []
    if arm.verdict.outcome == "undecided":
        below += of_undecided(judgement, arm)
    if math.isfinite(arm.detectable_effect):
        power = Text("80 % power from ±{effect} on", "검정력 80 %: ±{effect}부터")
        below.append(power.format(effect=number(arm.detectable_effect, 4)))
    # Nobody is to take an exploratory word for a verdict by its colour.
    return Cell(outcome_told(arm), below, mark="" if arm.exploratory else arm.verdict.outcome)


def _changes(arm: Arm) -> Sequence[Shown]:
    """What an arm changes, a line a key; nothing where it has no recipe."""
    if arm.changes:
        return [shorten(f"{key}: {_json(value)}", LONGEST_CHANGE) for key, value in arm.changes.items()]
    return [Text("the recipe as it is", "레시피 그대로")] if arm.runs else []


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _test(test: SignificanceTest) -> Cell:
    return Cell(signed(test.statistic, 2), [f"p {p_value(test.p_value)}"])


def _difference(difference: Difference | None) -> list[Cell]:
    if difference is None:
        return [EMPTY, EMPTY]
    return [signed_cell(difference.interval), Cell(p_value(difference.p_value))]


def _mean(scores: Sequence[float]) -> Cell:
    return Cell(number(float(np.mean(scores)), 4))


def _speed(speed: Speed) -> list[Cell]:
    own, level = speed.own, speed.level
    factor, less = EMPTY, EMPTY
    if own.change is not None and speed.outcome is not None:
        below: list[Shown] = [f"p (Holm) {p_value(own.p_value)}"]
        if has_interval(own.change):
            ends = (signed_percent(end - 1) for end in (own.change.low, own.change.high))
            below.insert(0, RANGE.format(**dict(zip(("low", "high"), ends, strict=True))))
        told = Text("{change}, {outcome}", "{change}, {outcome}")
        factor = Cell(
            told.format(change=signed_percent(own.change.value - 1), outcome=PACES[speed.outcome]), below
        )
    if level.change is not None:
        less = signed_cell(level.change, 0)
        less = Cell(less.value, [*less.below, f"p (Holm) {p_value(level.p_value)}"])
    to_level = estimate_cell(level.steps, 0, 0)
    return [
        estimate_cell(speed.plateau, 4, 4),
        estimate_cell(own.steps, 0, 0),
        factor,
        Cell(to_level.value, [*to_level.below, *filter(None, [reached_told(speed)])]),
        less,
    ]
