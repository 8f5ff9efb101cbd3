"""The report's figures as the data and layout that Plotly's JavaScript takes; the page colours their axes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.evaluation import ResidualSpread, label_bins, residual_spread, sources, worst_pairs
from dalmeum.experiments.report.content import ReportContent
from dalmeum.experiments.report.text import plotly_label, plotly_lines

Figure = dict[str, Any]

MOST_POINTS = 5000
MOST_SOURCES = 20
WORST_PAIRS = 30

TRAIN_COLOUR = "#e08a1e"
DEV_COLOUR = "#2f7de1"

CURVES = {
    "curve-loss": ("loss", "eval_loss"),
    "curve-pearson": ("train_pearson", "eval_pearson"),
    "curve-mae": ("train_mae", "eval_mae"),
}


def figures(content: ReportContent) -> dict[str, Figure]:
    """Every figure of the report that its content allows, by the id of its place in the page."""
    assert content.table.label is not None
    residuals = content.predictions - content.table.label
    by_label = residual_spread(residuals, label_bins(content.table.label, content.evaluation.label_range))
    by_source = residual_spread(residuals, largest_sources(content.table.source))
    return {
        **learning_curves(content.history),
        "scatter": scatter(content, shown_rows(content)),
        "residuals-label": residual_boxes(by_label, upright=True),
        "residuals-source": residual_boxes(by_source, upright=False),
    }


def learning_curves(history: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    """A figure each for loss, Pearson and MAE, of those that the history has a finite value of."""
    found = {}
    for name, (train_key, dev_key) in CURVES.items():
        curves = [
            curve(history, train_key, "train · 훈련", TRAIN_COLOUR),
            curve(history, dev_key, "dev · 검증", DEV_COLOUR),
        ]
        drawn = [each for each in curves if each["x"]]
        if drawn:
            layout = {
                "xaxis": {"title": {"text": "step · 스텝"}, "rangemode": "tozero"},
                "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
                "showlegend": True,
            }
            found[name] = {"data": drawn, "layout": layout}
    return found


def curve(history: Sequence[Mapping[str, Any]], key: str, name: str, colour: str) -> Figure:
    entries = [entry for entry in history if _finite(entry.get(key)) and _finite(entry.get("step"))]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [entry["step"] for entry in entries],
        "y": [_rounded(entry[key], 6) for entry in entries],
        "customdata": [_rounded(entry.get("epoch") or 0.0, 3) for entry in entries],
        "hovertemplate": "%{y:.4f}<br>step %{x}, epoch %{customdata}",
        "line": {"color": colour},
        "marker": {"color": colour, "size": 5},
    }


def shown_rows(content: ReportContent) -> NDArray[np.intp]:
    """Rows of the scatter plot: all, or a sample of `MOST_POINTS` that holds the worst pairs."""
    rows = len(content.table)
    if rows <= MOST_POINTS:
        return np.arange(rows)
    worst = np.array([pair.row for pair in worst_pairs(content.table, content.predictions, WORST_PAIRS)])
    others = np.setdiff1d(np.arange(rows), worst)
    sample = np.random.default_rng(0).choice(others, MOST_POINTS - len(worst), replace=False)
    return np.sort(np.concatenate([worst, sample]))


def scatter(content: ReportContent, rows: NDArray[np.intp]) -> Figure:
    """Prediction against label, the two sentences on hover, and the line where they agree."""
    table = content.table
    assert table.label is not None
    label, prediction = table.label[rows], content.predictions[rows]
    low, high = content.evaluation.label_range
    hover = [
        f"label {round(table.label[row], 2):g} → prediction {content.predictions[row]:.2f}<br>"
        f"{plotly_label(table.source[row])} · {plotly_label(table.id[row])}<br>"
        f"① {plotly_lines(table.sentence1[row])}<br>② {plotly_lines(table.sentence2[row])}"
        for row in rows
    ]
    pairs = {
        "type": "scatter",
        "mode": "markers",
        "x": [_rounded(value, 4) for value in label],
        "y": [_rounded(value, 4) for value in prediction],
        "hovertext": hover,
        "hoverinfo": "text",
        "marker": {"size": 6, "color": DEV_COLOUR, "opacity": 0.45 if len(rows) < 2000 else 0.25},
    }
    agreement = {
        "type": "scatter",
        "mode": "lines",
        "x": [low, high],
        "y": [low, high],
        "hoverinfo": "skip",
        "line": {"color": TRAIN_COLOUR, "dash": "dot", "width": 1.5},
    }
    layout = {
        "xaxis": {"title": {"text": "label · 레이블"}},
        "yaxis": {"title": {"text": "prediction · 예측"}},
        "hovermode": "closest",
    }
    return {"data": [pairs, agreement], "layout": layout}


def residual_boxes(spreads: Sequence[ResidualSpread], *, upright: bool) -> Figure:
    """A box for each group, drawn from its quartiles: the size of the file does not grow with the pairs.

    Upright boxes suit the label scale; lying ones leave room for the names of sources.
    """
    place = list(range(len(spreads)))
    boxes = {
        "type": "box",
        "orientation": "v" if upright else "h",
        "x" if upright else "y": place,
        "lowerfence": [_rounded(spread.lower_whisker, 4) for spread in spreads],
        "q1": [_rounded(spread.lower_quartile, 4) for spread in spreads],
        "median": [_rounded(spread.median, 4) for spread in spreads],
        "q3": [_rounded(spread.upper_quartile, 4) for spread in spreads],
        "upperfence": [_rounded(spread.upper_whisker, 4) for spread in spreads],
        "mean": [_rounded(spread.mean, 4) for spread in spreads],
        "marker": {"color": DEV_COLOUR},
        "hoverinfo": "y" if upright else "x",
    }
    join = "<br>n=" if upright else ", n="
    groups = {
        "tickmode": "array",
        "tickvals": place,
        "ticktext": [f"{plotly_label(spread.name, 16)}{join}{spread.pairs:,}" for spread in spreads],
        "zeroline": False,
        "showgrid": False,
    }
    residual = {"title": {"text": "residual · 잔차"}, "zeroline": True}
    if upright:
        return {"data": [boxes], "layout": {"xaxis": groups, "yaxis": residual}}
    layout = {
        "xaxis": residual,
        "yaxis": {**groups, "autorange": "reversed"},
        "height": max(300, 80 + 26 * len(spreads)),
    }
    return {"data": [boxes], "layout": layout}


def largest_sources(source: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """The rows of the `MOST_SOURCES` largest sources, in the order of the table."""
    groups = sources(source)
    kept = set(sorted(groups, key=lambda name: -len(groups[name]))[:MOST_SOURCES])
    return {name: rows for name, rows in groups.items() if name in kept}


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _rounded(value: float, digits: int) -> float:
    """Fewer digits make a smaller file; no eye sees the others."""
    return round(float(value), digits)
