"""Pieces of a study's page. Each returns HTML in which all foreign text is escaped."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dalmeum.comparison import Arms
from dalmeum.comparison.choice import Choice
from dalmeum.comparison.convergence import SHARES, Convergence
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import ArmResult, Judgement
from dalmeum.experiments.report.fragments import interval, number
from dalmeum.experiments.report.text import escape, shorten
from dalmeum.stats import METRICS, Difference, Estimate, Outcome, Verdict

OUTCOMES: dict[Outcome, str] = {
    "better": "better · 더 좋음",
    "worse": "worse · 더 나쁨",
    "no_difference": "no difference that matters · 의미 있는 차이 없음",
    "undecided": "undecided · 판정 보류",
}
NONE = "-"


def verdict_table(judgement: Judgement, changes: Mapping[str, Mapping[str, Any]]) -> str:
    """Scores, differences and verdicts; `changes` are what each arm but the baseline changes of it."""
    higher = METRICS[judgement.metric].higher_is_better
    heads = (
        "arm · 팔",
        judgement.metric if higher else f"{judgement.metric}: lower is better · 낮을수록 좋음",
        "difference · 차이",
        "p (Holm)",
        "verdict · 판정",
    )
    rows = []
    for arm in judgement.arms:
        difference = arm.difference
        cells = [
            _estimate(arm.score.interval),
            NONE if difference is None else signed(difference.interval),
            NONE if arm.verdict is None else _p_value(arm.verdict.p_value),
            _verdict(arm),
        ]
        rows.append(row(_arm(arm.name, changes), heads, cells))
    return table(heads, rows, "arms verdicts")


def gap_table(gaps: Mapping[str, ArmGap | None], split: str, against: str) -> str:
    """Train and judged score, their gap, and the gap less that of `against`; a note where there is none."""
    if not any(gaps.values()):
        return (
            '<p class="note">No gap: the runs are from before training predictions were kept, or the study '
            "is over folds, where each pair is trained on and judged in turn · 격차 없음: 훈련 예측을 남기지 "
            "않던 때의 실행이거나, 모든 쌍을 번갈아 학습하고 채점하는 폴드 스터디입니다.</p>"
        )
    heads = (
        "arm · 팔",
        "train · 훈련",
        split,
        f"gap: train - {split} · 격차",
        f"gap, less {against}'s · {against} 대비",
        "p",
    )
    rows = []
    for name, gap in gaps.items():
        cells = [NONE] * 5
        if gap is not None:
            cells[:3] = [_mean(gap.train), _mean(gap.judged), signed(gap.gap.interval)]
            cells[3:] = _difference(gap.difference)
        rows.append(row(escape(name), heads, cells))
    return table(heads, rows)


def convergence_table(convergence: Convergence | None, checkpoints: Mapping[str, Estimate | None]) -> str:
    """Steps to each target, how many seeds got there, the steps less the baseline's, and what having kept the
    best checkpoint adds to the score on dev; or a note.
    """
    if convergence is None:
        return (
            '<p class="note">These runs kept no evaluations on dev: give them a dev set, or train older ones '
            "again · dev 평가 기록이 없는 실행입니다. dev를 지정하거나, 오래된 실행이면 다시 학습하세요.</p>"
        )
    heads = [
        "arm · 팔",
        *(
            head
            for share, target in zip(SHARES, convergence.targets, strict=True)
            for head in (f"steps to {share:.0%} ({target:.4f}) · 도달 스텝", "fewer or more · 스텝 차이")
        ),
        "best checkpoint flatters dev by · 체크포인트 선택의 몫",
    ]
    rows = []
    for name, steps in convergence.arms.items():
        cells = [NONE] * (len(heads) - 2)
        if steps is not None:
            cells = [
                cell
                for each in steps
                for cell in (
                    _estimate(each.steps, 0, f"{each.reached}/{each.seeds} seeds · 시드"),
                    NONE if each.difference is None else signed(each.difference, 0),
                )
            ]
        optimism = checkpoints.get(name)
        cells.append(NONE if optimism is None else signed(optimism))
        rows.append(row(escape(name), heads, cells))
    return table(heads, rows)


def choice_note(choice: Choice | None) -> str:
    """What the best arm's dev score is worth on new pairs."""
    if choice is None:
        return ""
    optimism = choice.optimism
    often = optimism.chosen[optimism.best]
    best = f"<b>{escape(choice.best)}</b>"
    score, corrected = f"{optimism.score:.4f}", f"{optimism.corrected:.4f}"
    return (
        f'<p class="note">Best on dev by the mean prediction of its seeds: {best} with {score}. Having been '
        f"picked on dev flatters it by {optimism.optimism:.4f}: expect {corrected} on new pairs. On half of "
        f"the pairs it is the best {often:.0%} of the time · 시드 평균 예측으로 dev에서 가장 좋은 팔은 "
        f"{best}({score})입니다. dev에서 고른 탓에 {optimism.optimism:.4f}만큼 좋게 보이며, 새 문장쌍에서는 "
        f"{corrected} 정도를 기대할 수 있습니다. 문장쌍을 반씩 나눠 보면 {often:.0%}에서 "
        "이 팔이 가장 좋습니다.</p>"
    )


def tests_note(judgement: Judgement) -> str:
    """The tests beside the bootstrap, a line an arm."""
    lines = [
        f"{escape(arm.name)}: Williams t {tests.williams.statistic:+.2f} (p {tests.williams.p_value:.3g}), "
        f"Steiger z {tests.steiger.statistic:+.2f} (p {tests.steiger.p_value:.3g}), "
        f"Zou {tests.zou.low:+.4f} to {tests.zou.high:+.4f}"
        for arm in judgement.arms
        if (tests := arm.tests) is not None
    ]
    if not lines:
        return ""
    head = (
        "Other tests of the same differences, each p for itself · 같은 차이를 다른 방법으로 검정(p는 보정 전)"
    )
    return f'<p class="note">{"<br>".join([head, *lines])}</p>'


def runs_list(arms: Arms, links: Mapping[str, str]) -> str:
    """Each arm's runs by seed and fold, linked to their reports."""
    rows = []
    for arm in arms.arms:
        labels = [
            f"seed · 시드 {seed}" + (f", fold · 폴드 {fold}" if arms.folds > 1 else "")
            for seed in arm.seeds
            for fold in range(arms.folds)
        ]
        lines = "<br>".join(
            f"{label}: {_link(run, links)}" for label, run in zip(labels, arm.runs, strict=True)
        )
        rows.append(f"<dt>{escape(arm.name)}</dt><dd>{lines}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _ways_to_decide(verdict: Verdict, is_one_model: bool) -> str:
    english, korean = [], []
    if verdict.seeds_to_decide is not None:
        english.append(f"{verdict.seeds_to_decide:,} seeds")
        korean.append(f"시드 {verdict.seeds_to_decide:,}개")
    if verdict.pairs_to_decide is not None:
        english.append(f"{verdict.pairs_to_decide:,} pairs")
        korean.append(f"문장쌍 {verdict.pairs_to_decide:,}개")
    if not english and is_one_model:
        return "pairs alone would not decide · 문장쌍만 늘려서는 판정할 수 없음"
    if not english:
        return "neither seeds nor pairs alone would decide · 시드나 문장쌍만 늘려서는 판정할 수 없음"
    return f"{' or '.join(english)} would decide · {' 또는 '.join(korean)}면 판정 가능"


def _arm(name: str, arms: Mapping[str, Mapping[str, Any]]) -> str:
    changes = arms.get(name)
    if changes is None:
        return f"{escape(name)}<small>the recipe as it is · 레시피 그대로</small>"
    lines = (f"{key}: {_value(value)}" for key, value in changes.items())
    return escape(name) + "".join(f"<small>{escape(shorten(line, 120))}</small>" for line in lines)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _verdict(arm: ArmResult) -> str:
    if arm.verdict is None:
        return "the others are compared with it · 비교 기준"
    outcome = arm.verdict.outcome
    ways = _ways_to_decide(arm.verdict, arm.seeds == 1)
    mend = f"<small>{ways}</small>" if outcome == "undecided" else ""
    found = arm.detectable_effect
    power = f"<small>80 % power · 검정력 80 %: ±{found:.4f}</small>" if math.isfinite(found) else ""
    return f'<b class="{outcome}">{OUTCOMES[outcome]}</b>{mend}{power}'


def _difference(difference: Difference | None) -> list[str]:
    if difference is None:
        return [NONE, NONE]
    return [signed(difference.interval), _p_value(difference.p_value)]


def _estimate(estimate: Estimate, digits: int = 4, below: str = "") -> str:
    value = number(estimate.value, digits)
    bounds = "" if math.isnan(estimate.low) else f"<small>{interval(estimate, digits)}</small>"
    return value + bounds + (f"<small>{below}</small>" if below else "")


def signed(estimate: Estimate, digits: int = 4) -> str:
    """A difference, and below it its bounds where it has some."""
    if not math.isfinite(estimate.value):
        return NONE
    if math.isnan(estimate.low):
        return f"{estimate.value:+.{digits}f}"
    bounds = f"{estimate.low:+.{digits}f} to {estimate.high:+.{digits}f}"
    return f"{estimate.value:+.{digits}f}<small>{bounds}</small>"


def _mean(scores: Sequence[float]) -> str:
    return number(float(np.mean(scores)), 4)


def _p_value(p_value: float) -> str:
    return "&lt; 0.001" if p_value < 0.001 else number(p_value)


def _link(run: str, links: Mapping[str, str]) -> str:
    if run not in links:
        return escape(run)
    return f'<a href="{escape(links[run])}">{escape(run)}</a>'


def row(name: str, heads: Sequence[str], cells: Sequence[str]) -> str:
    """A table's row; on a telephone each cell shows its head, which `data-head` holds."""
    columns = "".join(
        f'<td data-head="{escape(head)}"><div>{cell}</div></td>'
        for head, cell in zip(heads[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{name}</th>{columns}</tr>'


def table(heads: Sequence[str], rows: Sequence[str], kind: str = "arms") -> str:
    """A table of `row`s; heads are plain text."""
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "\n".join(rows)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
