"""The figures of a study's page, as the data and layout that Plotly's JavaScript takes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison import Curve, Findings
from dalmeum.comparison.convergence import SHARES, Convergence
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import Judgement
from dalmeum.experiments.report.figures import Figure
from dalmeum.experiments.report.text import plotly_label

COLOURS = (
    "#808895",
    "#2f7de1",
    "#e08a1e",
    "#2a9d63",
    "#c94f7c",
    "#8662d6",
    "#17a2b8",
    "#b5651d",
    "#9aa81e",
    "#d64545",
)
"""An arm each, the baseline first; they stand out from white and from black paper."""

BAND = "rgba(128, 136, 149, 0.18)"
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}

Array = NDArray[np.float64]


def figures(findings: Findings) -> dict[str, Figure]:
    """Every figure that the findings allow, by the id of its place in the page."""
    colours = arm_colours(findings.arms.names)
    found = {}
    for judgement in findings.judgements:
        found[f"forest-{judgement.split}"] = forest(judgement, colours)
        gaps = findings.gaps[judgement.split]
        if any(gaps.values()) and findings.arms.paired:
            seeds = findings.arms.baseline.seeds
            found[f"gap-{judgement.split}"] = gap_scatter(gaps, judgement.split, seeds, colours)
    if findings.convergence is not None:
        found["curves"] = learning_curves(findings.convergence, colours)
    return found


def arm_colours(names: Iterable[str]) -> dict[str, str]:
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}


def forest(judgement: Judgement, colours: Mapping[str, str]) -> Figure:
    """Each arm's difference to the baseline with its interval; the band is what does not matter."""
    names = [arm.name for arm in judgement.arms if arm.difference is not None]
    drawn = [
        (names.index(arm.name), arm.name, arm.difference)
        for arm in judgement.arms
        if arm.difference is not None and math.isfinite(arm.difference.difference)
    ]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [_number(difference.difference) for _, _, difference in drawn],
        "y": [place for place, _, _ in drawn],
        "error_x": {
            "type": "data",
            "array": [_number(difference.high - difference.difference) for _, _, difference in drawn],
            "thickness": 2,
            "width": 6,
            "color": COLOURS[0],
        },
        "marker": {"size": 11, "color": [colours[name] for _, name, _ in drawn]},
        "hovertext": [
            f"{plotly_label(name)}: {difference.difference:+.4f}<br>"
            f"{difference.low:+.4f} to {difference.high:+.4f}"
            for _, name, difference in drawn
        ],
        "hoverinfo": "text",
    }
    effect = judgement.smallest_effect
    band = {"type": "rect", "x0": -effect, "x1": effect, "yref": "paper", "y0": 0, "y1": 1}
    layout = {
        "shapes": [{**band, "fillcolor": BAND, "line": {"width": 0}, "layer": "below"}],
        "xaxis": {"title": {"text": f"difference of {judgement.metric} · 차이"}, "zeroline": True},
        "yaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": list(map(plotly_label, names)),
            "range": [len(names) - 0.4, -0.6],
            "zeroline": False,
            "showgrid": False,
        },
        "height": 130 + 36 * len(names),
        "hovermode": "closest",
    }
    return {"data": [points], "layout": layout}


def learning_curves(convergence: Convergence, colours: Mapping[str, str]) -> Figure:
    """Dev Pearson by step: mean over seeds, from the lowest to the highest seed, and the targets as lines."""
    data: list[Figure] = []
    for name, curves in convergence.curves.items():
        if curves:
            data += _band(plotly_label(name), *over_seeds(curves), colours[name])
    lines = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": target,
            "y1": target,
            "line": {"dash": "dot", "width": 1, "color": COLOURS[0]},
            "label": {"text": f"{share:.0%}", "textposition": "end", "font": {"color": COLOURS[0]}},
        }
        for share, target in zip(SHARES, convergence.targets, strict=True)
    ]
    layout = {
        "shapes": lines,
        "xaxis": {"title": {"text": "step · 스텝"}},
        "yaxis": {"title": {"text": "Pearson r"}},
        "legend": LEGEND,
        "showlegend": True,
        "hovermode": "closest",
    }
    return {"data": data, "layout": layout}


def over_seeds(curves: Sequence[Curve]) -> tuple[Array, Array]:
    """Steps (s,) that every run was evaluated at, and their Pearson (k, s).

    Where one stopped early the rest are left out: a mean of those that went on would jump.
    """
    steps = curves[0].steps
    for curve in curves[1:]:
        steps = np.intersect1d(steps, curve.steps)
    return steps, np.stack([curve.pearson[np.isin(curve.steps, steps)] for curve in curves])


def gap_scatter(
    gaps: Mapping[str, ArmGap | None], split: str, seeds: Sequence[int], colours: Mapping[str, str]
) -> Figure:
    """Judged score against train score, a point a run; the dotted line is no gap."""
    points = {
        name: [
            scores
            for scores in zip(seeds, gap.train, gap.judged, strict=True)
            if all(map(math.isfinite, scores))
        ]
        for name, gap in gaps.items()
        if gap is not None
    }
    everything = [score for runs in points.values() for _, *scores in runs for score in scores]
    ends = [end(everything, default=0.0) for end in (min, max)]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": ends,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    data: list[Figure] = [{**line, "line": {"dash": "dot", "width": 1.5, "color": COLOURS[0]}}]
    for name, runs in points.items():
        label = plotly_label(name)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label,
                "x": [_number(train) for _, train, _ in runs],
                "y": [_number(judged) for _, _, judged in runs],
                "hovertext": [
                    f"{label}, seed {seed}<br>train {train:.4f}<br>{split} {judged:.4f}"
                    for seed, train, judged in runs
                ],
                "hoverinfo": "text",
                "marker": {"size": 9, "color": colours[name], "opacity": 0.85},
            }
        )
    layout = {
        "xaxis": {"title": {"text": "train · 훈련"}},
        "yaxis": {"title": {"text": split}},
        "legend": LEGEND,
        "showlegend": True,
        "hovermode": "closest",
    }
    return {"data": data, "layout": layout}


def _band(name: str, steps: Array, scores: Array, colour: str) -> list[Figure]:
    common: dict[str, Any] = {"type": "scatter", "x": steps.tolist(), "legendgroup": name}
    edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    fill = {"fill": "tonexty", "fillcolor": f"rgba({red}, {green}, {blue}, 0.16)"}
    mean = {
        "mode": "lines+markers",
        "name": name,
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 5},
        "hovertemplate": "%{y:.4f}<br>step %{x}",
    }
    return [
        {**common, **edge, "y": list(map(_number, scores.min(axis=0)))},
        {**common, **edge, **fill, "y": list(map(_number, scores.max(axis=0)))},
        {**common, **mean, "y": list(map(_number, scores.mean(axis=0)))},
    ]


def _number(value: float) -> float | None:
    """Enough digits for the eye; None, which Plotly leaves out, where there is none."""
    return round(float(value), 6) if math.isfinite(value) else None
