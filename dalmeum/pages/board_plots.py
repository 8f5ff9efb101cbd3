"""The figures of the board: scores with their intervals, and how alike the runs' errors are."""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalmeum.languages import Text
from dalmeum.numbers import NONE, interval, number
from dalmeum.pages.plots import QUIET, Figure, axis, drawn, names_axis
from dalmeum.pages.scores import metric_title
from dalmeum.pages.text import plotly_label, plotly_lines
from dalmeum.stats import Estimate

MOST = 40
"""Runs that a figure has room for; the table has all."""

RANKS = ("#2f7de1", "#e08a1e")
"""Ranks in turn: where the colour changes, runs are told apart."""

HOVER = Text(
    "{run}<br>{value} ({bounds})<br>rank {rank}, by {author}<br>{idea}",
    "{run}<br>{value} ({bounds})<br>{rank}위, {author}<br>{idea}",
)
ERRORS_HOVER = Text("{one}<br>{other}<br>errors correlate {value}", "{one}<br>{other}<br>오차의 상관 {value}")


class Ranked(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def rank(self) -> int: ...

    @property
    def score(self) -> Estimate: ...

    @property
    def author(self) -> str | None: ...

    @property
    def idea(self) -> str: ...


def score_figure(runs: Sequence[Ranked]) -> Figure:
    """Pearson of each run with its interval, the best on top."""
    shown = [run for run in runs[:MOST] if drawn(run.score.value) is not None]
    ranks = list(dict.fromkeys(run.rank for run in shown))
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [drawn(run.score.value, 6) for run in shown],
        "y": list(range(len(shown))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [drawn(run.score.high - run.score.value, 6) for run in shown],
            "arrayminus": [drawn(run.score.value - run.score.low, 6) for run in shown],
            "thickness": 2,
            "width": 6,
            "color": QUIET,
        },
        "marker": {"size": 11, "color": [RANKS[ranks.index(run.rank) % 2] for run in shown]},
        "hovertext": [
            HOVER.format(
                run=plotly_lines(run.id),
                value=number(run.score.value, 4),
                bounds=interval(run.score),
                rank=run.rank,
                author=plotly_lines(run.author or NONE),
                idea=plotly_lines(run.idea),
            )
            for run in shown
        ],
        "hoverinfo": "text",
    }
    names = names_axis(_label(run.id) for run in shown)
    layout = {
        "xaxis": axis(metric_title("pearson")),
        "yaxis": {**names, "range": [len(shown) - 0.4, -0.6]},
        "height": 130 + 30 * len(shown),
        "hovermode": "closest",
    }
    return {"data": [points], "layout": layout}


def error_map(names: Sequence[str], correlations: NDArray[np.float64]) -> Figure:
    """How far two runs err alike, (k, k): the less, the more a blend of both may gain."""
    shown = list(names[:MOST])
    values = correlations[:MOST, :MOST]
    cells = {
        "type": "heatmap",
        "z": [[drawn(value, 3) for value in row] for row in values.tolist()],
        "hovertext": [
            [
                ERRORS_HOVER.format(one=plotly_lines(one), other=plotly_lines(other), value=number(value, 3))
                for other, value in zip(shown, row, strict=True)
            ]
            for one, row in zip(shown, values.tolist(), strict=True)
        ],
        "hoverinfo": "text",
        "colorscale": [[0, "#ffffff"], [1, "#2f7de1"]],
        "zmin": 0,
        "zmax": 1,
        "colorbar": {"thickness": 10, "outlinewidth": 0},
    }
    labels = names_axis(_label(name) for name in shown)
    layout = {
        "xaxis": {**labels, "showticklabels": False},
        "yaxis": {**labels, "autorange": "reversed"},
        "height": 150 + 26 * len(shown),
    }
    return {"data": [cells], "layout": layout}


def _label(run: str) -> str:
    """A run's name without the time that its id begins with, for which an axis has no room."""
    return plotly_label(re.sub(r"^\d{8}-\d{6}-(?=.)", "", run))
