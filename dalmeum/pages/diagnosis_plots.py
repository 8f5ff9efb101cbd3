"""The figures of a diagnosis."""

import numpy as np
from numpy.typing import NDArray

from dalmeum.evaluation.diagnosis import Diagnosis, ErrorSlice
from dalmeum.evaluation.slices import OTHER
from dalmeum.languages import Text
from dalmeum.pages.diagnosis import slice_title
from dalmeum.pages.plots import (
    DEV_COLOUR,
    LABEL,
    LEGEND,
    PREDICTION,
    QUIET,
    TRAIN_COLOUR,
    Figure,
    all_drawn,
    axis,
    drawn,
    names_axis,
)
from dalmeum.pages.text import plotly_label
from dalmeum.stats import isotonic_curve, least_squares

Array = NDArray[np.float64]

CURVE_POINTS = 200


def scale_figure(label: Array, prediction: Array, shown: NDArray[np.intp]) -> Figure:
    """Label against prediction for the rows `shown`, with the best line and the best rising curve of all."""
    at = np.linspace(prediction.min(), prediction.max(), CURVE_POINTS)
    ends = [int(prediction.argmin()), int(prediction.argmax())]
    line = least_squares(label, prediction[None])[0]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": all_drawn(prediction[shown]),
        "y": all_drawn(label[shown]),
        "hoverinfo": "skip",
        "showlegend": False,
        "marker": {"size": 4, "color": QUIET, "opacity": 0.3},
    }
    straight = {
        "type": "scatter",
        "mode": "lines",
        "name": Text("line", "직선"),
        "x": all_drawn(prediction[ends]),
        "y": all_drawn(line[ends]),
        "hoverinfo": "skip",
        "line": {"color": TRAIN_COLOUR, "dash": "dot", "width": 2},
    }
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": Text("rising curve", "올라가는 곡선"),
        "x": all_drawn(at),
        "y": all_drawn(isotonic_curve(prediction, label, at)),
        "hoverinfo": "skip",
        "line": {"color": DEV_COLOUR, "width": 2.5},
    }
    layout = {
        "xaxis": axis(PREDICTION),
        "yaxis": axis(LABEL),
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
    bars = {"type": "bar", "orientation": "h", "y": list(range(len(parts)))}
    pairs = {
        **bars,
        "name": Text("share of pairs", "쌍의 비중"),
        "x": [drawn(100 * part.share_of_pairs, 3) for _, part in parts],
        "marker": {"color": QUIET},
        "hovertemplate": "%{x:.1f} %<extra></extra>",
    }
    lost = {
        **bars,
        "name": Text("share of lost score", "잃은 점수의 비중"),
        "x": [drawn(100 * part.share_of_lost_score, 3) for _, part in parts],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_reach(part, part.relative_error.high) for _, part in parts],
            "arrayminus": [_reach(part, part.relative_error.low) for _, part in parts],
            "thickness": 1.5,
            "width": 3,
            "color": QUIET,
        },
        "marker": {"color": DEV_COLOUR},
        "hovertemplate": "%{x:.1f} %<extra></extra>",
    }
    layout = {
        "barmode": "group",
        "xaxis": axis("%", rangemode="tozero"),
        "yaxis": {
            **names_axis(plotly_label(slice_title(kind, part.name)) for kind, part in parts),
            "range": [len(parts) - 0.4, -0.6],
        },
        "legend": LEGEND,
        "showlegend": True,
        "height": 130 + 27 * len(parts),
    }
    return {"data": [pairs, lost], "layout": layout}


def _reach(part: ErrorSlice, bound: float) -> float | None:
    """How far a bound of the relative error lies from the share of lost score, in percent."""
    return drawn(100 * abs(bound - part.relative_error.value) * part.share_of_pairs, 3)
