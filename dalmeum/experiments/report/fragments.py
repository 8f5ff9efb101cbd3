"""Pieces of the report's page. Each returns HTML in which all foreign text is escaped."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dalmeum.evaluation import Evaluation, Metrics, Slice, WorstPair
from dalmeum.experiments.report.text import NO_SOURCE, escape, shorten
from dalmeum.stats import Estimate

METRICS = {
    "pearson": "Pearson r · 피어슨 상관",
    "spearman": "Spearman ρ · 스피어먼 상관",
    "rmse": "RMSE · 평균 제곱근 오차",
    "mae": "MAE · 평균 절대 오차",
    "f1": "F1 · 이진 분류",
}
HEADINGS = {"pearson": "Pearson", "spearman": "Spearman", "rmse": "RMSE", "mae": "MAE", "f1": "F1"}
CAPTIONS = {
    "curve-loss": "Loss · 손실",
    "curve-pearson": "Pearson r · 피어슨 상관",
    "curve-mae": "MAE · 평균 절대 오차",
    "scatter": "One point a pair · 점 하나가 문장쌍 하나",
    "residuals-label": "By label bin · 레이블 구간별",
    "residuals-source": "By source · 출처별",
}
MOST_SLICES = 50


def number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def interval(estimate: Estimate, digits: int = 3) -> str:
    if math.isnan(estimate.low):
        return "no interval · 구간 없음"
    return f"{estimate.low:.{digits}f} to {estimate.high:.{digits}f}"


def score_cards(evaluation: Evaluation) -> str:
    cards = []
    for name, title in METRICS.items():
        estimate: Estimate | None = getattr(evaluation.metrics, name)
        value = "-" if estimate is None else number(estimate.value, 4)
        below = "no binary rule · 이진 기준 없음" if estimate is None else interval(estimate, 4)
        cards.append(
            f'<div class="card"><h3>{title}</h3><p class="value">{value}</p>'
            f'<p class="interval">{below}</p></div>'
        )
    return "\n".join(cards)


def score_note(evaluation: Evaluation) -> str:
    """How the intervals and F1 are to be read."""
    fisher = evaluation.pearson_fisher
    notes = ["95 % intervals: BCa bootstrap over pairs · 95 % 구간: 문장쌍 BCa 부트스트랩"]
    if not math.isnan(fisher.low):
        notes.append(f"Pearson by Fisher's z · 피셔 z: {interval(fisher, 4)}")
    if evaluation.threshold is not None:
        notes.append(
            f"similar means label ≥ {evaluation.threshold:g} · 유사 기준: 레이블 ≥ {evaluation.threshold:g}"
        )
    return "<br>".join(escape(note) for note in notes)


def slices_table(slices: Sequence[Slice], heading: str) -> str:
    heads = "".join(f"<th>{title}</th>" for title in HEADINGS.values())
    rows = "\n".join(
        f'<tr><th scope="row" dir="auto">{escape(shorten(part.name or NO_SOURCE, 60))}</th>'
        f"<td>{part.pairs:,}</td>{_score_cells(part.metrics)}</tr>"
        for part in slices[:MOST_SLICES]
    )
    more = len(slices) - MOST_SLICES
    left_out = f"<p class='note'>and {more:,} more · 그 밖에 {more:,}개</p>" if more > 0 else ""
    return (
        f'<div class="scroll"><table class="slices">'
        f"<thead><tr><th>{heading}</th><th>n</th>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{left_out}"
    )


def _score_cells(metrics: Metrics) -> str:
    cells = []
    for name in HEADINGS:
        estimate: Estimate | None = getattr(metrics, name)
        if estimate is None or not math.isfinite(estimate.value):
            cells.append("<td>-</td>")
            continue
        bounds = "" if math.isnan(estimate.low) else f"<small>{interval(estimate, 2)}</small>"
        cells.append(f"<td>{number(estimate.value)}{bounds}</td>")
    return "".join(cells)


def worst_table(pairs: Sequence[WorstPair]) -> str:
    heads = ("label<br>레이블", "prediction<br>예측", "residual<br>잔차", "pair · 문장쌍")
    return (
        f'<table class="worst"><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead>'
        f"<tbody>{''.join(map(_worst_row, pairs))}</tbody></table>"
    )


def _worst_row(pair: WorstPair) -> str:
    origin = f"{shorten(pair.source or NO_SOURCE, 60)} · {shorten(pair.id, 60)}"
    return (
        f"<tr><td>{round(pair.label, 2):g}</td><td>{pair.prediction:.2f}</td>"
        f'<td class="{"over" if pair.residual > 0 else "under"}">{pair.residual:+.2f}</td>'
        f'<td class="pair"><p dir="auto">{escape(shorten(pair.sentence1))}</p>'
        f'<p dir="auto">{escape(shorten(pair.sentence2))}</p>'
        f'<small dir="auto">{escape(origin)}</small></td></tr>\n'
    )


def definitions(values: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    return f"<dl>{rows}</dl>" if rows else '<p class="note">not recorded · 기록 없음</p>'


def warning_list(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(shorten(warning))}</li>" for warning in warnings)
    return f'<aside class="warnings"><h2>Warnings · 주의</h2><ul>{items}</ul></aside>'


def plots(names: Iterable[str], captions: Mapping[str, str] = CAPTIONS) -> str:
    """Places that the page's script draws the figures of these ids into."""
    return "\n".join(
        f'<figure><figcaption>{captions[name]}</figcaption><div class="plot" id="{name}"></div></figure>'
        for name in names
    )


def learning_curves(names: Sequence[str]) -> str:
    if not names:
        return '<p class="note">No history · 학습 기록 없음</p>'
    return (
        f'<div class="plots three">{plots(names)}</div>'
        '<p class="note">Train: the pairs since the last log line, while training (dropout on). Dev: the '
        "whole set. Both before the final fit to the label scale · 훈련: 마지막 기록 이후의 쌍 (드롭아웃 "
        "켜짐), 검증: 전체. 레이블 척도에 맞추는 마지막 보정 전의 값입니다.</p>"
    )
