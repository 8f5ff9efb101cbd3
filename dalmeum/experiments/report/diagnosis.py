"""A diagnosis in plain sentences and as a table. Each function returns HTML with all foreign text escaped."""

import math
from collections.abc import Iterator, Sequence

from dalmeum.evaluation.diagnosis import Ceiling, Diagnosis, ErrorSlice, Kind, Overfitting, Scale
from dalmeum.evaluation.slices import IDENTICAL, OTHER, SPACING_ONLY
from dalmeum.experiments.report.fragments import interval, number, plots
from dalmeum.experiments.report.text import NO_SOURCE, escape, shorten
from dalmeum.stats import Estimate

KINDS: dict[Kind, str] = {
    "spacing": "spacing · 띄어쓰기",
    "source": "source · 출처",
    "length": "characters · 글자 수",
    "prediction": "prediction · 예측",
    "label": "label · 레이블",
}
SPACING = {
    SPACING_ONLY: "differ in spacing only · 띄어쓰기만 다름",
    IDENTICAL: "identical · 똑같은 두 문장",
    OTHER: "all others · 나머지",
}
HEADS = (
    ("pairs", "문장쌍"),
    ("share of pairs", "쌍의 비중"),
    ("share of lost score", "잃은 점수의 비중"),
    ("times its share", "비중 대비 배수"),
    ("mean residual", "평균 잔차"),
    ("RMSE", "평균 제곱근 오차"),
)
NOTE = (
    "Residual: prediction less label, after the straight line that fits best; the squared residuals add up "
    "to the lost score, 1 - r². Times its share: above 1 a slice holds more of the lost score than of the "
    "pairs. By label the mean residual falls from plus to minus for any model that is not perfect "
    "(regression to the mean); by prediction it should be near 0. Characters: mean of both sentences, in "
    "quarters. Each interval is for its slice alone: of many slices a few stand out by chance, so these are "
    "hints, no verdicts · 잔차는 가장 잘 맞는 직선으로 예측을 보정한 뒤의 예측 빼기 레이블이고, 잔차 제곱을 "
    "모두 더하면 잃은 점수 1 - r²가 됩니다. 배수가 1보다 크면 쌍의 수에 비해 점수를 많이 잃은 곳입니다. "
    "레이블로 나누면 완벽하지 않은 모델은 모두 평균 잔차가 양수에서 음수로 내려가고(평균으로의 회귀), "
    "예측으로 나누면 0에 가까워야 합니다. 글자 수는 두 문장의 평균을 네 등분한 것입니다. 구간은 조각 "
    "하나하나에 대한 것이라, 조각이 많으면 우연히 눈에 띄는 것도 있습니다. 판정이 아니라 살펴볼 곳입니다."
)
NOTHING = (
    "Nothing to diagnose: that takes at least 20 pairs, and labels and predictions that vary · 진단할 것이 "
    "없습니다. 문장쌍이 20쌍 이상이고 레이블과 예측이 저마다 달라야 합니다."
)
MOST_NAMED = 5

SCALE, SHARES = "diagnosis-scale", "diagnosis-shares"
CAPTIONS = {
    SCALE: "Is the scale straight · 척도는 직선인가",
    SHARES: "Where score is lost · 점수를 잃는 곳",
}


def section(diagnosis: Diagnosis | None, split: str) -> str:
    """All that the report says of it, with places for `SCALE` and `SHARES`."""
    if diagnosis is None:
        return f'<p class="note">{NOTHING}</p>'
    figures = f'<div class="plots two">{plots(CAPTIONS, CAPTIONS)}</div>'
    return f'{findings(diagnosis, split)}\n{figures}\n{slices_table(diagnosis)}\n<p class="note">{NOTE}</p>'


def findings(diagnosis: Diagnosis, split: str) -> str:
    """One paragraph a question, English and Korean."""
    paragraphs = {
        "Overfitting · 과적합": _overfitting(diagnosis.overfitting, diagnosis.score, escape(split)),
        "Label scale · 점수 척도": scale_sentences(diagnosis.scale),
        "Where score is lost · 점수를 잃는 곳": _lost_score(diagnosis),
        "Ceiling · 상한": ceiling_sentences(diagnosis.ceiling),
    }
    items = "".join(
        f"<dt>{title}</dt><dd><p>{english}</p><p>{korean}</p></dd>"
        for title, (english, korean) in paragraphs.items()
    )
    return f'<dl class="findings">{items}</dl>'


def scale_sentences(scale: Scale) -> tuple[str, str]:
    errors = f"RMSE {scale.rmse_isotonic:.3f}", f"{scale.rmse_linear:.3f}"
    if scale.bent:
        return (
            "The scale is <b>bent</b>: a rising curve fits the labels better than a straight line, on pairs "
            f"left out of the fit ({errors[0]} against {errors[1]}). Following the curve would change "
            f"Pearson by {_signed(scale.pearson_gain)}.",
            "척도가 <b>휘어 있습니다</b>. 맞출 때 쓰지 않은 쌍에서 올라가는 곡선이 직선보다 레이블에 더 잘 "
            f"맞습니다({errors[0]} 대 {errors[1]}). 곡선을 따라 보정하면 피어슨이 "
            f"{_signed(scale.pearson_gain, ' ~ ')}만큼 달라집니다.",
        )
    return (
        "Nothing speaks against a <b>straight</b> scale: a rising curve does not clearly fit the labels "
        f"better than a straight line, on pairs left out of the fit ({errors[0]} against {errors[1]}). "
        f"Following the curve would change Pearson by {_signed(scale.pearson_gain)}.",
        "척도는 <b>직선</b>으로 보아도 좋습니다. 맞출 때 쓰지 않은 쌍에서 올라가는 곡선이 직선보다 레이블에 "
        f"뚜렷이 더 잘 맞지는 않습니다({errors[0]} 대 {errors[1]}). 곡선을 따라 보정하면 피어슨이 "
        f"{_signed(scale.pearson_gain, ' ~ ')}만큼 달라집니다.",
    )


def ceiling_sentences(ceiling: Ceiling | None) -> tuple[str, str]:
    if ceiling is None:
        return (
            "Not known: that takes the scores that each annotator gave.",
            "알 수 없습니다. 평가자마다 매긴 점수가 데이터에 있어야 합니다.",
        )
    if not math.isfinite(ceiling.ceiling.value):
        return (
            "There is none: the annotators agree no more than by chance.",
            "상한이 없습니다. 평가자들의 점수가 우연한 정도로만 일치합니다.",
        )
    value, away = number(ceiling.ceiling.value), number(abs(ceiling.distance))
    below = ceiling.distance >= 0
    return (
        f"The annotators agree so far that no model can be expected to score above {value} with these labels "
        f"({interval(ceiling.ceiling)}). This one is {away} {'below' if below else 'above'}.",
        f"평가자들이 일치하는 정도로 보아 이 레이블에서 기대할 수 있는 가장 높은 피어슨은 {value}입니다"
        f"({_range(ceiling.ceiling, ' ~ ')}). 이 모델은 그보다 {away} {'낮' if below else '높'}습니다.",
    )


def slice_name(kind: Kind, name: str) -> str:
    """Plain text, not escaped."""
    if kind == "spacing":
        return SPACING[name]
    return shorten(name or NO_SOURCE, 60)


def slice_title(kind: Kind, name: str, language: int = 0) -> str:
    """Name with its kind, as plain text; `language` is 0 for English, 1 for Korean."""
    if kind == "spacing":
        return SPACING[name].split(" · ")[language]
    return f"{KINDS[kind].split(' · ')[language]} {slice_name(kind, name)}"


def slices_table(diagnosis: Diagnosis, against: str | None = None) -> str:
    """All slices, those of a kind under its name, and what each differs from the arm `against` by."""
    titles = [*HEADS, *([] if against is None else [(f"RMSE, less {against}'s", f"{against} 대비 RMSE")])]
    heads = "<th></th>" + "".join(f"<th>{escape(one)}<br>{escape(other)}</th>" for one, other in titles)
    bodies = "".join(
        f'<tbody><tr><th scope="rowgroup" colspan="{len(titles) + 1}">{KINDS[kind]}</th></tr>'
        + "".join(_slice_row(slice_name(kind, part.name), part, against is not None) for part in parts)
        + "</tbody>"
        for kind, parts in diagnosis.slices.items()
    )
    table = f'<table class="slices grouped"><thead><tr>{heads}</tr></thead>{bodies}</table>'
    return f'<div class="scroll">{table}</div>'


def _slice_row(name: str, part: ErrorSlice, compared: bool) -> str:
    error, times = part.relative_error, number(part.relative_error.value, 2)
    cells = [
        f"{part.pairs:,}",
        f"{part.share_of_pairs:.1%}",
        f"{part.share_of_lost_score:.1%}" if math.isfinite(error.value) else "-",
        (f'<b class="over">{times}</b>' if part.harder else times) + _below(error, ".2f"),
        f"{round(part.bias, 2) + 0.0:+.2f}",  # no minus before a zero
        f"{part.rmse:.2f}",
    ]
    if compared:
        cells.append(difference_cell(part.difference))
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row" dir="auto">{escape(name)}</th>{row}</tr>\n'


def difference_cell(difference: Estimate | None) -> str:
    """A difference of two errors, coloured where its interval leaves 0 out."""
    if difference is None:
        return "-"
    value = f"{difference.value:+.3f}"
    if is_clear(difference):
        value = f'<b class="{"better" if difference.value < 0 else "worse"}">{value}</b>'
    return value + _below(difference, "+.3f")


def is_clear(difference: Estimate) -> bool:
    """Whether the interval leaves 0 out; what shows as 0.000 is no difference, however sure."""
    return bool(round(difference.value, 3)) and (difference.low > 0 or difference.high < 0)


def _below(estimate: Estimate, form: str) -> str:
    """The bounds as a line of their own; nothing where there are none."""
    if math.isnan(estimate.low):
        return ""
    return f"<small>{estimate.low:{form}} to {estimate.high:{form}}</small>"


def _overfitting(found: Overfitting | None, score: Estimate, split: str) -> tuple[str, str]:
    if found is None:
        return (
            "Not known: that takes pairs that the model was not trained on.",
            "알 수 없습니다. 학습에 쓰지 않은 문장쌍이 있어야 합니다.",
        )
    train, here = number(found.train), number(score.value)
    english = (
        f"Pearson is {train} on the training pairs and {here} on {split}: a gap of {_signed(found.gap)}. "
    )
    korean = f"피어슨이 훈련 쌍에서는 {train}, {split}에서는 {here}입니다(격차 {_signed(found.gap, ' ~ ')}). "
    if found.found:
        return (
            f"{english}It scores <b>higher on pairs that it has seen</b>: overfitting, unless {split} is "
            "simply harder.",
            f"{korean}<b>이미 본 쌍에서 더 높습니다</b>. 평가한 쌍이 원래 더 어려운 것이 아니라면 "
            "과적합입니다.",
        )
    return f"{english}<b>No overfitting</b> shows.", f"{korean}<b>과적합</b>은 보이지 <b>않습니다</b>."


def _lost_score(diagnosis: Diagnosis) -> tuple[str, str]:
    r = diagnosis.score.value
    lost = f"1 - r² = {1 - r**2:.3f}" if math.isfinite(r) else "1 - r²"
    hard = list(_hard_slices(diagnosis))
    if not hard:
        return (
            f"Of the lost score ({lost}) no slice by spacing, source, length or prediction holds clearly "
            "more than its share.",
            f"잃은 점수({lost})가 띄어쓰기, 출처, 길이, 예측으로 나눈 어느 조각에 유난히 몰려 있지는 "
            "않습니다.",
        )
    return (
        f"Of the lost score ({lost}) these hold <b>more than their share</b>: {_named(hard, 0, 'times')}.",
        f"잃은 점수({lost})가 쌍의 수에 비해 <b>많이 몰린 곳</b>: {_named(hard, 1, '배')}.",
    )


def _hard_slices(diagnosis: Diagnosis) -> Iterator[tuple[Kind, ErrorSlice]]:
    """Those that hold more than their share, the largest excess first.

    None by label: the labels at the ends of the scale are hard for any model that is not perfect.
    """
    hard = [
        (kind, part)
        for kind, parts in diagnosis.slices.items()
        for part in parts
        if part.harder and kind != "label" and (kind, part.name) != ("spacing", OTHER)
    ]
    hard.sort(key=lambda each: each[1].share_of_pairs - each[1].share_of_lost_score)
    yield from hard[:MOST_NAMED]


def _named(hard: Sequence[tuple[Kind, ErrorSlice]], language: int, unit: str) -> str:
    names = []
    for kind, part in hard:
        name = slice_title(kind, part.name, language)
        names.append(
            f"{escape(name)} ({part.share_of_pairs:.1%} → {part.share_of_lost_score:.1%}, "
            f"{part.relative_error.value:.2f} {unit})"
        )
    return ", ".join(names)


def _signed(estimate: Estimate, to: str = " to ") -> str:
    bounds = f" ({_range(estimate, to, '+')})" if math.isfinite(estimate.low) else ""
    return f"{estimate.value:+.4f}{bounds}" if math.isfinite(estimate.value) else "-"


def _range(estimate: Estimate, to: str, sign: str = "") -> str:
    if math.isnan(estimate.low):
        return "-"
    digits = ".4f" if sign else ".3f"
    return f"{estimate.low:{sign}{digits}}{to}{estimate.high:{sign}{digits}}"
