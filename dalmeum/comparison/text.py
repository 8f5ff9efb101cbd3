"""Findings as tables for a terminal, in its language."""

import math
from collections.abc import Callable, Mapping, Sequence

from dalmeum.comparison.choice_text import choice_told, flattered_told
from dalmeum.comparison.convergence import Convergence
from dalmeum.comparison.findings import Findings
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.grouped import hangs_told, pairs_told
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.comparison.looks import EXPLORATORY, look_told
from dalmeum.comparison.speed_text import speed_cells, speed_heads
from dalmeum.comparison.training_sets import sets_told
from dalmeum.comparison.undecided_text import of_undecided
from dalmeum.languages import Shown, Text
from dalmeum.numbers import (
    NONE,
    has_interval,
    interval,
    number,
    p_value,
    signed,
    signed_interval,
)
from dalmeum.stats import Estimate, Outcome
from dalmeum.templates import environment
from dalmeum.terminal import table, terminal_width, wrapped

OUTCOMES: dict[Outcome, Text] = {
    "better": Text("better", "더 좋음"),
    "worse": Text("worse", "더 나쁨"),
    "no_difference": Text("no difference", "차이 없음"),
    "undecided": Text("undecided", "판정 보류"),
}
MODELS_NOTE = Text(
    "note: not every recipe has runs of two seeds, so the verdict is on these trained models alone: another "
    "seed may turn it; train each recipe with more seeds to judge the recipes",
    "참고: 시드가 하나뿐인 레시피가 있어 이 판정은 여기 있는 모델에만 해당합니다. "
    "시드가 바뀌면 뒤집힐 수 있으니, 레시피를 판정하려면 레시피마다 시드를 늘려 학습하세요",
)
ARRAYS_NOTE = Text(
    "note: one row of predictions an arm, so the verdict is on these trained models alone: another seed may "
    "turn it",
    "참고: 비교 조건마다 예측이 하나뿐이라 이 판정은 여기 있는 모델에만 해당합니다. "
    "시드가 바뀌면 뒤집힐 수 있습니다",
)
TWO_SEEDS_NOTE = Text(
    "note: two seeds tell little of how much seeds differ: of studies whose arms are all equal more than the "
    "promised 5 % find one better or worse; train each recipe with a third seed before you act on it",
    "참고: 시드 두 개로는 시드에 따른 차이를 알기 어렵습니다. 모든 비교 조건이 같아도 "
    "더 좋거나 나쁘다는 판정이 약속한 5 %보다 자주 나오므로, "
    "판정에 따라 움직이기 전에 레시피마다 시드를 하나 더 학습하세요",
)
HOLDS = Text("verdicts are {sets}", "{sets}입니다")
ARM = Text("arm", "비교 조건")
SCORE, DIFFERENCE = Text("score", "점수"), Text("difference", "차이")
INTERVAL = Text("95 % interval", "95 % 구간")
VERDICT = Text("verdict", "판정")
TEST_HEADS: tuple[Shown, ...] = (
    ARM,
    Text("jackknife t, p", "잭나이프 t의 p"),
    "Williams t (p)",
    "Steiger z (p)",
    Text("Zou's 95 % interval", "Zou의 95 % 구간"),
)


def findings_lines(findings: Findings) -> list[str]:
    """The question, a table for each split with what stands beside it, and each arm's runs."""
    lines = [] if findings.question is None else [*_wrapped(findings.question), ""]
    for judgement in findings.judgements:
        lines += [*judgement_lines(judgement), ""]
        lines += [*_wrapped(flattered_told(findings, judgement.split) or ""), ""]
        lines += [*beside_lines(judgement, findings.gaps[judgement.split], findings.convergence), ""]
        lines += [*_test_lines(judgement), ""]
    if findings.choice is not None:
        lines += [*_wrapped(choice_told(findings.choice)), ""]
    if findings.name is None:
        lines += [*_run_lines(findings), ""]
    lines += _wrapped(note_of(findings) or "")
    return _without_empty_ends(lines)


def findings_html(findings: Findings) -> str:
    """The verdicts as HTML for a notebook, in the terminal's language; the page holds all."""
    template = environment(__package__).get_template("findings.html")
    tables = [(judgement, verdict_rows(judgement)) for judgement in findings.judgements]
    return template.render(
        findings=findings, tables=tables, head=_both_heads, looks=look_told, note=note_of(findings)
    )


def judgement_lines(judgement: Judgement) -> list[str]:
    """A table of the verdicts; above it the training sets that they hold for, below it what is said of the
    undecided and what all are corrected for.
    """
    return [
        *_wrapped(_head(judgement)),
        *_wrapped(HOLDS.format(sets=sets_told(judgement.training_sets))),
        *table(verdict_rows(judgement)),
        *(line for told in look_told(judgement) for line in _wrapped(told)),
        *_undecided(judgement),
        *(_wrapped(corrected_for(judgement)) if judgement.compared > 1 else []),
        *_without_largest(judgement),
    ]


def _without_largest(judgement: Judgement) -> list[str]:
    told = hangs_told(judgement)
    rows: list[Sequence[object]] = [[ARM, DIFFERENCE, INTERVAL, "p"]]
    for arm in judgement.arms:
        if arm.without_largest is not None:
            change, p = arm.without_largest
            bounds = _or_none(signed_interval, change.interval)
            rows.append([arm.name, signed(change.difference), bounds, p_value(p)])
    return [] if told is None else ["", *_wrapped(f"{told}:"), *table(rows)]


def verdict_rows(judgement: Judgement) -> list[Sequence[object]]:
    """A head and a row an arm: score, difference with its 95 % interval, p by Holm, and the verdict."""
    rows: list[Sequence[object]] = [[ARM, SCORE, DIFFERENCE, INTERVAL, "p", VERDICT]]
    for arm in judgement.arms:
        change = arm.difference.interval if arm.difference is not None else Estimate(math.nan)
        rows.append(
            [
                arm.name,
                number(arm.score.value, 4),
                "" if arm.difference is None else signed(change.value),
                "" if arm.difference is None else _or_none(signed_interval, change),
                "" if arm.verdict is None else p_value(arm.verdict.p_value),
                outcome_told(arm),
            ]
        )
    return rows


def outcome_told(arm: ArmResult) -> Shown:
    """The word of the verdict; where it is none, that stands before it. Nothing for the baseline."""
    if arm.verdict is None:
        return ""
    word = OUTCOMES[arm.verdict.outcome]
    return word if arm.exploratory is None else EXPLORATORY.format(told=word)


def beside_lines(
    judgement: Judgement, gaps: Mapping[str, ArmGap | None], convergence: Convergence | None
) -> list[str]:
    """One line an arm: the score's interval and, where known, train less judged score and the steps to the
    plateaus on dev.
    """
    has_gaps = any(gaps.values())
    head: list[object] = [ARM, Text("score, 95 % interval", "점수의 95 % 구간")]
    if has_gaps:
        head.append(Text("train - {split}", "학습 - {split}").format(split=judgement.split))
    if convergence is not None:
        head += speed_heads(judgement.arms[0].name)
    rows: list[Sequence[object]] = [head]
    for arm in judgement.arms:
        cells: list[object] = [arm.name, _or_none(interval, arm.score.interval)]
        if has_gaps:
            gap = gaps[arm.name]
            cells.append(NONE if gap is None else signed(gap.gap.difference))
        rows.append([*cells, *(speed_cells(convergence.arms[arm.name]) if convergence is not None else [])])
    return table(rows)


def _head(judgement: Judgement) -> Text:
    return Text(
        "{metric} on {split}: {pairs}, {seeds}; smallest effect that matters {effect:g}",
        "{split}의 {metric}: {pairs}, {seeds}, 의미 있는 최소 차이 {effect:g}",
    ).format(
        metric=judgement.metric,
        split=judgement.split,
        pairs=pairs_told(judgement),
        seeds=seeds_told(judgement),
        effect=judgement.smallest_effect,
    )


def _both_heads(judgement: Judgement) -> str:
    return f"{_head(judgement)}; {HOLDS.format(sets=sets_told(judgement.training_sets))}"


def seeds_told(judgement: Judgement) -> Text:
    """How many seeds an arm has: `4 seeds`, `2 to 3 seeds`."""
    counts = sorted({arm.seeds for arm in judgement.arms})
    if counts == [1]:
        return Text("one model each", "모델 하나씩")
    if len(counts) == 1:
        return Text("{count} seeds", "시드 {count}개").format(count=counts[0])
    return Text("{fewest} to {most} seeds", "시드 {fewest}~{most}개").format(
        fewest=counts[0], most=counts[-1]
    )


def corrected_for(judgement: Judgement) -> Text:
    """What the interval of an arm shows, and its verdict says, where there are several."""
    return Text(
        "each interval is its arm's own; p and verdict are corrected for {count} arms (Holm)",
        "구간은 비교 조건마다 따로 구한 것이고, p와 판정은 비교 조건 {count}개에 맞춰 보정했습니다(Holm)",
    ).format(count=judgement.compared)


def _undecided(judgement: Judgement) -> list[str]:
    lines = []
    for arm in judgement.arms:
        if arm.verdict is not None and arm.verdict.outcome == "undecided":
            for told in of_undecided(judgement, arm):
                lines += _wrapped(f"{arm.name}: {told}", "  ", "    ")
    return lines


def _test_lines(judgement: Judgement) -> list[str]:
    """The tests beside the verdict's, where there are some; p-values are not adjusted for the arms."""
    tested = [(arm.name, arm.tests) for arm in judgement.arms if arm.tests is not None]
    if not tested:
        return []
    title = Text(
        "tests of the same differences, each p-value for itself",
        "같은 차이를 다른 방법으로 검정한 결과 (p값은 보정하지 않은 값)",
    )
    rows: list[Sequence[object]] = [TEST_HEADS]
    for name, test in tested:
        statistics = [
            f"{signed(each.statistic, 2)} ({p_value(each.p_value)})" for each in (test.williams, test.steiger)
        ]
        rows.append([name, p_value(test.p_value), *statistics, _or_none(signed_interval, test.zou)])
    return [*_wrapped(title), *table(rows)]


def _run_lines(findings: Findings) -> list[str]:
    runs = [[arm.name, ", ".join(arm.runs)] for arm in findings.arms.arms if arm.runs]
    return table([[ARM, Text("runs", "실행")], *runs]) if runs else []


def note_of(findings: Findings) -> Text | None:
    """What keeps a verdict from holding for new seeds, or from being as sure as it says."""
    if findings.arms.compared == "models":
        return MODELS_NOTE if findings.arms.baseline.runs else ARRAYS_NOTE
    return TWO_SEEDS_NOTE if min(arm.count for arm in findings.arms.arms) == 2 else None


def _without_empty_ends(lines: Sequence[str]) -> list[str]:
    """No two empty lines after one another, and none at the end."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept if not kept or kept[-1] else kept[:-1]


def _or_none(bounds: Callable[[Estimate, int], Text], estimate: Estimate) -> Shown:
    return bounds(estimate, 4) if has_interval(estimate) else NONE


def _wrapped(text: Shown, first: str = "", rest: str = "") -> list[str]:
    return wrapped(str(text), terminal_width(), first=first, rest=rest)
