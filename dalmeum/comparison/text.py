"""Findings as tables for a terminal, in its language."""

import math
from collections.abc import Callable, Mapping, Sequence

from dalmeum.comparison.choice import Choice
from dalmeum.comparison.convergence import SHARES, Convergence, Steps
from dalmeum.comparison.findings import Findings
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.languages import Shown, Text
from dalmeum.numbers import NONE, has_interval, interval, number, p_value, signed, signed_interval
from dalmeum.stats import Estimate, Outcome, Verdict
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
NO_SEEDS_NOTE = Text(
    "note: nobody said which seeds the rows have, so they are not paired; where the i-th rows of all arms "
    "share their seed, say so with seeds=... or paired=True",
    "참고: 예측마다 시드가 무엇인지 알려 주지 않아 짝지어 비교하지 못했습니다. "
    "모든 비교 조건의 i번째 예측이 같은 시드라면 seeds=...나 paired=True로 알려 주세요",
)
SEEDS_NOTE = Text(
    "note: the arms do not have the same seeds, so their runs are not paired; with the same seeds the "
    "intervals are usually narrower",
    "참고: 비교 조건마다 시드가 달라 실행을 짝지어 비교하지 못했습니다. "
    "같은 시드를 쓰면 보통 구간이 더 좁아집니다",
)
ARM = Text("arm", "비교 조건")
SCORE, DIFFERENCE = Text("score", "점수"), Text("difference", "차이")
INTERVAL = Text("95 % interval", "95 % 구간")
VERDICT = Text("verdict", "판정")
TEST_HEADS: tuple[Shown, ...] = (
    ARM,
    Text("bootstrap p", "부트스트랩 p"),
    "Williams t (p)",
    "Steiger z (p)",
    Text("Zou's 95 % interval", "Zou의 95 % 구간"),
)
REACHED = Text("{reached} of {seeds} seeds", "시드 {seeds}개 중 {reached}개")
NOT_REACHED = Text("not reached", "도달 못 함")


def findings_lines(findings: Findings) -> list[str]:
    """The question, a table for each split with what stands beside it, and each arm's runs."""
    lines = [] if findings.question is None else [*_wrapped(findings.question), ""]
    for judgement in findings.judgements:
        lines += [*judgement_lines(judgement), ""]
        lines += [*beside_lines(judgement, findings.gaps[judgement.split], findings.convergence), ""]
        lines += [*_test_lines(judgement), ""]
    if findings.choice is not None:
        lines += [*_wrapped(choice_told(findings.choice)), ""]
    if findings.name is None:
        lines += [*_run_lines(findings), ""]
    lines += _wrapped(note_of(findings) or "")
    return _without_empty_ends(lines)


def reached_told(steps: Steps) -> Text | None:
    """How many seeds of several got to a target; of one model nothing, where it did."""
    if steps.seeds > 1:
        return REACHED.format(reached=steps.reached, seeds=steps.seeds)
    return None if steps.reached else NOT_REACHED


def choice_told(choice: Choice) -> Text:
    """What the best arm's dev score is worth on new pairs."""
    optimism = choice.optimism
    return Text(
        "best on dev by the mean prediction of its seeds: {best} with {score:.4f}; having been picked "
        "there flatters it by {optimism:.4f}: expect {corrected:.4f} on new pairs",
        "시드 평균 예측으로 dev에서 가장 좋은 비교 조건: {best} ({score:.4f}). dev에서 고른 탓에 "
        "{optimism:.4f}만큼 좋게 보이며, 새 문장쌍에서는 {corrected:.4f} 정도를 기대할 수 있습니다",
    ).format(
        best=choice.best,
        score=optimism.score,
        optimism=optimism.optimism,
        corrected=optimism.corrected,
    )


def findings_html(findings: Findings) -> str:
    """The verdicts as HTML for a notebook, in the terminal's language; the page holds all."""
    template = environment(__package__).get_template("findings.html")
    tables = [(judgement, verdict_rows(judgement)) for judgement in findings.judgements]
    return template.render(findings=findings, tables=tables, head=_head, note=note_of(findings))


def judgement_lines(judgement: Judgement) -> list[str]:
    """A table of the verdicts, and below it what would decide those that are not decided."""
    return [*_wrapped(_head(judgement)), *table(verdict_rows(judgement)), *_ways_to_decide(judgement)]


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
                "" if arm.verdict is None else OUTCOMES[arm.verdict.outcome],
            ]
        )
    return rows


def beside_lines(
    judgement: Judgement, gaps: Mapping[str, ArmGap | None], convergence: Convergence | None
) -> list[str]:
    """One line an arm: the score's interval and, where known, train less judged score and the steps to shares
    of the baseline's best on dev.
    """
    has_gaps = any(gaps.values())
    head: list[object] = [ARM, Text("score, 95 % interval", "점수의 95 % 구간")]
    if has_gaps:
        head.append(Text("train - {split}", "학습 - {split}").format(split=judgement.split))
    if convergence is not None:
        head += [Text("steps to {share:.0%}", "{share:.0%}까지 스텝").format(share=share) for share in SHARES]
    rows: list[Sequence[object]] = [head]
    for arm in judgement.arms:
        cells: list[object] = [arm.name, _or_none(interval, arm.score.interval)]
        if has_gaps:
            gap = gaps[arm.name]
            cells.append(NONE if gap is None else signed(gap.gap.difference))
        rows.append([*cells, *(_steps(convergence, arm) if convergence is not None else [])])
    return table(rows)


def _head(judgement: Judgement) -> Text:
    return Text(
        "{metric} on {split}: {pairs:,} pairs, {seeds}; smallest effect that matters {effect:g}",
        "{split}의 {metric}: 문장쌍 {pairs:,}개, {seeds}, 의미 있는 최소 차이 {effect:g}",
    ).format(
        metric=judgement.metric,
        split=judgement.split,
        pairs=judgement.pairs,
        seeds=seeds_told(judgement),
        effect=judgement.smallest_effect,
    )


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


def ways_to_decide(verdict: Verdict, *, models: bool) -> Text:
    """What would decide an undecided arm."""
    ways = []
    if verdict.seeds_to_decide is not None:
        ways.append(Text("{count:,} seeds", "시드 {count:,}개").format(count=verdict.seeds_to_decide))
    if verdict.pairs_to_decide is not None:
        ways.append(Text("{count:,} pairs", "문장쌍 {count:,}개").format(count=verdict.pairs_to_decide))
    if ways:
        joined = Text(" or ".join(way.en for way in ways), " 또는 ".join(way.ko for way in ways))
        return Text("{ways} would decide", "{ways}면 판정 가능").format(ways=joined)
    if models:
        return Text("pairs alone would not decide", "문장쌍만 늘려서는 판정할 수 없음")
    return Text("neither seeds nor pairs alone would decide", "시드나 문장쌍만 늘려서는 판정할 수 없음")


def _ways_to_decide(judgement: Judgement) -> list[str]:
    lines = []
    for arm in judgement.arms:
        if arm.verdict is not None and arm.verdict.outcome == "undecided":
            told = f"{arm.name}: {ways_to_decide(arm.verdict, models=arm.seeds == 1)}"
            lines += _wrapped(told, "  ", "    ")
    return lines


def _steps(convergence: Convergence, arm: ArmResult) -> list[str]:
    cells = []
    for each in convergence.arms[arm.name] or ():
        mean, difference = each.steps.value, each.difference
        if not math.isfinite(mean):
            cells.append(str(reached_told(each) or NOT_REACHED))
        elif difference is None or not math.isfinite(difference.value):
            cells.append(f"{mean:,.0f}")
        else:
            cells.append(f"{mean:,.0f} ({difference.value:+,.0f})")
    return cells or [NONE] * len(SHARES)


def _test_lines(judgement: Judgement) -> list[str]:
    """The tests beside the bootstrap, where there are some; p-values are not adjusted for the arms."""
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
    """What keeps a verdict from holding for new seeds, or from being as sharp as it could be."""
    if findings.arms.compared == "models":
        return MODELS_NOTE if findings.arms.baseline.runs else ARRAYS_NOTE
    if findings.arms.paired:
        return None
    return SEEDS_NOTE if findings.arms.baseline.seeds else NO_SEEDS_NOTE


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
