"""The section of a study's page on what ails each arm. All foreign text in it is escaped."""

from collections.abc import Iterator

from dalmeum.comparison.diagnosis import ArmDiagnoses
from dalmeum.evaluation import Diagnosis
from dalmeum.evaluation.diagnosis import Ceiling, ErrorSlice, Kind
from dalmeum.evaluation.slices import IDENTICAL, SPACING_ONLY
from dalmeum.experiments.report.diagnosis import (
    NOTE,
    NOTHING,
    difference_cell,
    is_clear,
    slice_title,
    slices_table,
)
from dalmeum.experiments.report.text import escape
from dalmeum.experiments.study.fragments import NONE, row, signed, table
from dalmeum.stats import Estimate

UNREADABLE = (
    "No diagnosis: the sentences of these pairs can't be read any more, or their file holds other pairs or "
    "labels by now · 진단 없음: 이 문장쌍의 파일을 읽을 수 없거나, 파일의 쌍이나 레이블이 달라졌습니다."
)
SCALE_NOTE = (
    "Scale: out-of-fold error of the best straight line from predictions to labels, and by how much the best "
    "rising curve beats it (below zero: the curve is better, the scale is bent). RMSE in a slice is taken "
    "after each run's own line, so that the scale plays no part. All numbers are means over seeds, with "
    "intervals for new seeds and new pairs · 척도: 예측을 레이블에 맞춘 직선의 오차와, 올라가는 곡선이 "
    "그보다 얼마나 나은지(0보다 작으면 곡선이 낫고 척도가 휘어 있음). 조각의 RMSE는 실행마다 제 직선으로 "
    "보정한 뒤의 값이라 척도와는 상관없습니다. 모든 값은 시드 평균이고, 구간은 새 시드와 새 문장쌍까지 "
    "감안한 값입니다."
)
BENT, STRAIGHT = '<b class="over">bent · 휨</b>', "straight · 직선"
NOWHERE = "nowhere beyond doubt · 뚜렷한 곳 없음"
MOST_NAMED = 4


def diagnosis_section(diagnoses: ArmDiagnoses | None, split: str, against: str) -> str:
    """A table with a row an arm, and each arm's slices to unfold."""
    heading = f"<h2>Diagnosis on {split} · {split}에서의 진단</h2>"
    if diagnoses is None:
        return f'<section>\n{heading}\n<p class="note">{UNREADABLE}</p>\n</section>\n'
    known = {name: diagnosis for name, diagnosis in diagnoses.items() if diagnosis is not None}
    if not known:
        return f'<section>\n{heading}\n<p class="note">{NOTHING}</p>\n</section>\n'
    unfolded = "\n".join(
        f"<details><summary>{escape(name)}: where score is lost · 점수를 잃는 곳</summary>"
        f"{slices_table(diagnosis, None if name == against else against)}</details>"
        for name, diagnosis in known.items()
    )
    return (
        f'<section>\n{heading}\n{_arms(diagnoses, against)}\n<p class="note">{SCALE_NOTE}</p>\n'
        f'{unfolded}\n<p class="note">{NOTE}</p>\n</section>\n'
    )


def _arms(diagnoses: ArmDiagnoses, against: str) -> str:
    ceilings = [each.ceiling for each in diagnoses.values() if each is not None and each.ceiling is not None]
    heads = [
        "arm · 팔",
        "RMSE of the line · 직선의 RMSE",
        "curve less line · 곡선 - 직선",
        "Pearson by following the curve · 곡선을 따르면 피어슨",
        f"RMSE differs from {against}'s · {against} 대비 RMSE가 다른 곳",
    ]
    if ceilings:
        heads.insert(4, _ceiling_head(ceilings[0]))
    has_spacing = any(each is not None and _spacing_only(each) for each in diagnoses.values())
    if has_spacing:
        heads.insert(
            -1,
            f"RMSE where only spacing differs, less {against}'s · 띄어쓰기만 다른 쌍의 RMSE, {against} 대비",
        )
    rows = []
    for name, diagnosis in diagnoses.items():
        cells = [NONE] * (len(heads) - 1)
        if diagnosis is not None:
            scale = diagnosis.scale
            cells = [
                f"{scale.rmse_linear:.4f}",
                f"{signed(scale.difference)}<small>{BENT if scale.bent else STRAIGHT}</small>",
                signed(scale.pearson_gain),
                *([] if diagnosis.ceiling is None else [signed(Estimate(-diagnosis.ceiling.distance))]),
                *([_spacing_difference(diagnosis)] if has_spacing else []),
                NONE if name == against else _different(diagnosis),
            ]
        rows.append(row(escape(name), heads, cells))
    return table(heads, rows)


def _ceiling_head(ceiling: Ceiling) -> str:
    value = ceiling.ceiling
    return f"Pearson less the ceiling, {value.value:.3f} ({value.low:.3f} to {value.high:.3f}) · 상한까지"


def _spacing_only(diagnosis: Diagnosis) -> ErrorSlice | None:
    parts = diagnosis.slices.get("spacing", ())
    return next((part for part in parts if part.name == SPACING_ONLY), None)


def _spacing_difference(diagnosis: Diagnosis) -> str:
    part = _spacing_only(diagnosis)
    return NONE if part is None else difference_cell(part.difference)


def _different(diagnosis: Diagnosis) -> str:
    found = sorted(_differences(diagnosis), key=lambda each: -abs(each[2].value))
    if not found:
        return NOWHERE
    return "".join(
        f"<div>{escape(slice_title(kind, part.name))} {difference_cell(difference)}</div>"
        for kind, part, difference in found[:MOST_NAMED]
    )


def _differences(diagnosis: Diagnosis) -> Iterator[tuple[Kind, ErrorSlice, Estimate]]:
    """Slices whose interval of the difference does not hold 0, but for those that have a column."""
    for kind, parts in diagnosis.slices.items():
        for part in parts:
            difference = part.difference
            if difference is None or (kind == "spacing" and part.name != IDENTICAL):
                continue
            if is_clear(difference):
                yield kind, part, difference
