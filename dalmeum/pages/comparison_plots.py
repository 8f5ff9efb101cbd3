"""The figures of a comparison's page."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.comparison import Curve, Findings
from dalmeum.comparison.convergence import Convergence
from dalmeum.comparison.gaps import ArmGap
from dalmeum.comparison.judge import Judgement
from dalmeum.languages import Text
from dalmeum.numbers import signed, signed_interval
from dalmeum.pages.plots import LEGEND, QUIET, STEP, TRAIN, Figure, all_drawn, axis, drawn, names_axis
from dalmeum.pages.scores import metric_title
from dalmeum.pages.text import plotly_label
from dalmeum.stats.steps import SHARE

COLOURS = (
    QUIET,
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
DIFFERENCE = Text("difference of {metric}", "{metric}의 차이")
DIFFERENCE_HOVER = Text.same("{arm}: {value}<br>{bounds}")
RUN_HOVER = Text(
    "{arm}, seed {seed}<br>training {train:.4f}<br>{split} {judged:.4f}",
    "{arm}, 시드 {seed}<br>학습 {train:.4f}<br>{split} {judged:.4f}",
)
STEP_HOVER = Text("%{y:.4f}<br>step %{x}", "%{y:.4f}<br>스텝 %{x}")

Array = NDArray[np.float64]


def figures(findings: Findings) -> dict[str, Figure]:
    """Every figure that the findings allow, by the id of its place in the page: splits are numbered."""
    colours = arm_colours(findings.arms.names)
    found = {}
    for number, judgement in enumerate(findings.judgements):
        found[f"forest-{number}"] = forest(judgement, colours)
        gaps = findings.gaps[judgement.split]
        if any(gaps.values()) and findings.arms.same_seeds:
            seeds = findings.arms.baseline.seeds or range(1, findings.arms.baseline.count + 1)
            found[f"gap-{number}"] = gap_scatter(gaps, judgement.split, seeds, colours)
    if findings.convergence is not None:
        found["curves"] = learning_curves(findings.convergence, colours)
    return found


def arm_colours(names: Iterable[str]) -> dict[str, str]:
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}


def forest(judgement: Judgement, colours: Mapping[str, str]) -> Figure:
    """Each arm's difference to the baseline with its interval; the band is what does not matter."""
    compared = [(arm.name, arm.difference.interval) for arm in judgement.arms if arm.difference is not None]
    known = [
        (place, name, change) for place, (name, change) in enumerate(compared) if math.isfinite(change.value)
    ]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [drawn(change.value, 6) for _, _, change in known],
        "y": [place for place, _, _ in known],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [drawn(change.high - change.value, 6) for _, _, change in known],
            "arrayminus": [drawn(change.value - change.low, 6) for _, _, change in known],
            "thickness": 2,
            "width": 6,
            "color": QUIET,
        },
        "marker": {"size": 11, "color": [colours[name] for _, name, _ in known]},
        "hovertext": [
            DIFFERENCE_HOVER.format(
                arm=plotly_label(name), value=signed(change.value), bounds=signed_interval(change)
            )
            for _, name, change in known
        ],
        "hoverinfo": "text",
    }
    effect = judgement.smallest_effect
    band = {"type": "rect", "x0": -effect, "x1": effect, "yref": "paper", "y0": 0, "y1": 1}
    layout = {
        "shapes": [{**band, "fillcolor": BAND, "line": {"width": 0}, "layer": "below"}],
        "xaxis": axis(DIFFERENCE.format(metric=metric_title(judgement.metric)), zeroline=True),
        "yaxis": {
            **names_axis(plotly_label(name) for name, _ in compared),
            "range": [len(compared) - 0.4, -0.6],
        },
        "height": 130 + 36 * len(compared),
        "hovermode": "closest",
    }
    return {"data": [points], "layout": layout}


def learning_curves(convergence: Convergence, colours: Mapping[str, str]) -> Figure:
    """Dev Pearson by step: mean over seeds, lowest to highest seed, and the baseline's level as a line."""
    data: list[Figure] = []
    for name, curves in convergence.curves.items():
        if curves:
            data += _band(plotly_label(name), *over_seeds(curves), colours[name])
    level = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": convergence.target,
        "y1": convergence.target,
        "line": {"dash": "dot", "width": 1, "color": QUIET},
        "label": {"text": f"{SHARE:.0%}", "textposition": "end", "font": {"color": QUIET}},
    }
    layout = {
        "shapes": [level],
        "xaxis": axis(STEP),
        "yaxis": axis(metric_title("pearson")),
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
        "line": {"dash": "dot", "width": 1.5, "color": QUIET},
    }
    dots = [_runs(name, runs, split, colours[name]) for name, runs in points.items()]
    layout = {
        "xaxis": axis(TRAIN),
        "yaxis": axis(plotly_label(split)),
        "legend": LEGEND,
        "showlegend": True,
        "hovermode": "closest",
    }
    return {"data": [line, *dots], "layout": layout}


def _runs(name: str, runs: Sequence[tuple[int, float, float]], split: str, colour: str) -> Figure:
    label = plotly_label(name)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "x": all_drawn((train for _, train, _ in runs), 6),
        "y": all_drawn((judged for _, _, judged in runs), 6),
        "hovertext": [
            RUN_HOVER.format(arm=label, seed=seed, train=train, split=plotly_label(split), judged=judged)
            for seed, train, judged in runs
        ],
        "hoverinfo": "text",
        "marker": {"size": 9, "color": colour, "opacity": 0.85},
    }


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
        "hovertemplate": STEP_HOVER,
    }
    return [
        {**common, **edge, "y": all_drawn(scores.min(axis=0), 6)},
        {**common, **edge, **fill, "y": all_drawn(scores.max(axis=0), 6)},
        {**common, **mean, "y": all_drawn(scores.mean(axis=0), 6)},
    ]
