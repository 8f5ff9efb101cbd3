"""The figures of a search's page: trials in their order, what mattered, and a slice for each key."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from dalmeum.languages import Text
from dalmeum.numbers import NONE
from dalmeum.pages.plots import DEV_COLOUR, LEGEND, QUIET, TRAIN_COLOUR, Figure, all_drawn, axis, names_axis
from dalmeum.pages.text import plotly_label, plotly_lines

TRIAL, SCORE = Text("trial", "시도"), Text("Pearson r on dev", "dev 피어슨 상관")
COMPLETE, STOPPED = Text("complete", "완료"), Text("stopped early", "조기 중단")
SO_FAR, IMPORTANCE = Text("best so far", "그때까지의 최고"), Text("importance", "중요도")
HOVER = Text(
    "trial {number}, {state}: {score:.4f}<br>{settings}", "시도 {number}, {state}: {score:.4f}<br>{settings}"
)


@dataclass(frozen=True)
class Point:
    """A trial that has a score."""

    number: int
    state: Text
    is_complete: bool
    score: float
    settings: Mapping[str, Any]


def figures(
    points: Sequence[Point], scales: Mapping[str, bool], importance: Mapping[str, float]
) -> dict[str, Figure]:
    """By the id of its place; slices are numbered as the keys of `scales`, which says whose axes are
    logarithmic.
    """
    found = {"history": history(points)}
    if importance:
        found["importance"] = bars(importance)
    for place, (key, log) in enumerate(scales.items()):
        found[f"slice-{place}"] = slice_of(points, key, log=log)
    return found


def history(points: Sequence[Point]) -> Figure:
    """Score by trial, and the best of the complete ones until then."""
    complete = [point for point in points if point.is_complete]
    so_far = {
        "type": "scatter",
        "mode": "lines",
        "name": SO_FAR,
        "x": [point.number for point in complete],
        "y": all_drawn(accumulate((point.score for point in complete), max), 6),
        "line": {"color": TRAIN_COLOUR, "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
    }
    layout = {
        "xaxis": axis(TRIAL),
        "yaxis": axis(SCORE),
        "legend": LEGEND,
        "showlegend": True,
        "hovermode": "closest",
    }
    data = [_markers(points, [point.number for point in points], complete=each) for each in (True, False)]
    return {"data": [so_far, *data], "layout": layout}


def bars(importance: Mapping[str, float]) -> Figure:
    shares = sorted(importance.items(), key=lambda each: -each[1])
    data = {
        "type": "bar",
        "orientation": "h",
        "x": all_drawn(share for _, share in shares),
        "y": list(range(len(shares))),
        "marker": {"color": DEV_COLOUR},
        "hovertemplate": "%{x:.0%}<extra></extra>",
    }
    names = names_axis(plotly_label(key, 40) for key, _ in shares)
    layout = {
        "xaxis": axis(IMPORTANCE, tickformat=".0%", rangemode="tozero"),
        "yaxis": {**names, "autorange": "reversed"},
        "height": 90 + 28 * len(shares),
    }
    return {"data": [data], "layout": layout}


def slice_of(points: Sequence[Point], key: str, *, log: bool) -> Figure:
    """Score against one key; choices stand beside each other."""
    values = [point.settings.get(key) for point in points]
    across = axis(key, **({"type": "log"} if log else {}))
    if not all(_is_number(value) for value in values):
        names = list(dict.fromkeys(map(str, values)))
        values = [names.index(str(value)) for value in values]
        across = {**names_axis(plotly_label(name) for name in names), "title": axis(key)["title"]}
    layout = {"xaxis": across, "yaxis": axis(SCORE), "hovermode": "closest"}
    return {"data": [_markers(points, values, complete=each) for each in (True, False)], "layout": layout}


def _markers(points: Sequence[Point], across: Sequence[Any], *, complete: bool) -> Figure:
    chosen = [(point, x) for point, x in zip(points, across, strict=True) if point.is_complete is complete]
    hover = [
        HOVER.format(
            number=point.number,
            state=point.state,
            score=point.score,
            settings=plotly_lines(told_settings(point.settings)),
        )
        for point, _ in chosen
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": COMPLETE if complete else STOPPED,
        "x": [x for _, x in chosen],
        "y": all_drawn((point.score for point, _ in chosen), 6),
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            "size": 8,
            "color": DEV_COLOUR if complete else QUIET,
            "opacity": 0.8 if complete else 0.5,
        },
    }


def told_settings(settings: Mapping[str, Any]) -> str:
    """`learning_rate 0.001, name mae`."""
    return ", ".join(f"{key.rpartition('.')[2]} {told_setting(value)}" for key, value in settings.items())


def told_setting(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}".replace("e-0", "e-")
    return NONE if value is None else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
