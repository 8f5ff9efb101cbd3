"""The figures of a diagnosis, as the data and layout that Plotly's JavaScript takes."""

import math

import numpy as np
from numpy.typing import NDArray

from dalmeum.evaluation.diagnosis import Diagnosis
from dalmeum.evaluation.slices import OTHER
from dalmeum.experiments.report.content import ReportContent
from dalmeum.experiments.report.diagnosis import SCALE, SHARES, slice_title
from dalmeum.experiments.report.figures import DEV_COLOUR, TRAIN_COLOUR, Figure, shown_rows
from dalmeum.experiments.report.text import plotly_label
from dalmeum.stats import isotonic_curve, least_squares

Array = NDArray[np.float64]

QUIET = "#808895"
CURVE_POINTS = 200
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}


def figures(content: ReportContent) -> dict[str, Figure]:
    """Both figures, by the ids of their places in the page; none where there is no diagnosis."""
    label, diagnosis = content.table.label, content.diagnosis
    if label is None or diagnosis is None:
        return {}
    return {
        SCALE: scale_figure(label, content.predictions, shown_rows(content)),
        SHARES: shares_figure(diagnosis),
    }


def scale_figure(label: Array, prediction: Array, shown: NDArray[np.intp]) -> Figure:
    """Label against prediction for the rows `shown`, with the best line and the best rising curve of all."""
    at = np.linspace(prediction.min(), prediction.max(), CURVE_POINTS)
    ends = [int(prediction.argmin()), int(prediction.argmax())]
    line = least_squares(label, prediction[None])[0]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": _rounded(prediction[shown]),
        "y": _rounded(label[shown]),
        "hoverinfo": "skip",
        "showlegend": False,
        "marker": {"size": 4, "color": QUIET, "opacity": 0.3},
    }
    straight = {
        "type": "scatter",
        "mode": "lines",
        "name": "line · 직선",
        "x": _rounded(prediction[ends]),
        "y": _rounded(line[ends]),
        "hoverinfo": "skip",
        "line": {"color": TRAIN_COLOUR, "dash": "dot", "width": 2},
    }
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": "rising curve · 올라가는 곡선",
        "x": _rounded(at),
        "y": _rounded(isotonic_curve(prediction, label, at)),
        "hoverinfo": "skip",
        "line": {"color": DEV_COLOUR, "width": 2.5},
    }
    layout = {
        "xaxis": {"title": {"text": "prediction · 예측"}},
        "yaxis": {"title": {"text": "label · 레이블"}},
        "legend": LEGEND,
        "showlegend": True,
        "height": 440,
    }
    return {"data": [points, straight, curve], "layout": layout}


def shares_figure(diagnosis: Diagnosis) -> Figure:
    """Each slice's share of the pairs beside its share of the lost score, with the interval.

    Without the pairs that spacing has nothing to do with: so long a bar would leave no room for the others.
    """
    parts = [
        (kind, part)
        for kind, parts in diagnosis.slices.items()
        for part in parts
        if (kind, part.name) != ("spacing", OTHER)
    ]
    drawn = [part for _, part in parts]
    place = list(range(len(parts)))
    above, below = (
        [
            _percent(abs(getattr(part.relative_error, end) - part.relative_error.value) * part.share_of_pairs)
            for part in drawn
        ]
        for end in ("high", "low")
    )
    pairs = {
        "type": "bar",
        "orientation": "h",
        "name": "share of pairs · 쌍의 비중",
        "y": place,
        "x": [_percent(part.share_of_pairs) for part in drawn],
        "marker": {"color": QUIET},
        "hovertemplate": "%{x:.1f} %<extra></extra>",
    }
    lost = {
        "type": "bar",
        "orientation": "h",
        "name": "share of lost score · 잃은 점수의 비중",
        "y": place,
        "x": [_percent(part.share_of_lost_score) for part in drawn],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": above,
            "arrayminus": below,
            "thickness": 1.5,
            "width": 3,
            "color": QUIET,
        },
        "marker": {"color": DEV_COLOUR},
        "hovertemplate": "%{x:.1f} %<extra></extra>",
    }
    names = [plotly_label(slice_title(kind, part.name)) for kind, part in parts]
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": "%"}, "rangemode": "tozero"},
        "yaxis": {
            "tickmode": "array",
            "tickvals": place,
            "ticktext": names,
            "range": [len(parts) - 0.4, -0.6],
            "zeroline": False,
            "showgrid": False,
        },
        "legend": LEGEND,
        "showlegend": True,
        "height": 140 + 32 * len(parts),
    }
    return {"data": [pairs, lost], "layout": layout}


def _percent(share: float) -> float | None:
    return round(100 * share, 3) if math.isfinite(share) else None


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 4) for value in values]
