"""The figures of a run's page: learning curves, predictions against labels, and residuals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable
from dalmeum.evaluation import ResidualSpread, sources, worst_pairs
from dalmeum.languages import Text
from dalmeum.pages.plots import (
    DEV_COLOUR,
    LABEL,
    LEGEND,
    PREDICTION,
    STEP,
    TRAIN,
    TRAIN_COLOUR,
    Figure,
    all_drawn,
    axis,
    drawn,
    names_axis,
)
from dalmeum.pages.text import NO_SOURCE, plotly_label, plotly_labels, plotly_lines

Array = NDArray[np.float64]

MOST_POINTS = 5000
MOST_SOURCES = 20
WORST_PAIRS = 30

CURVES = {
    "curve-pearson": ("train_pearson", "eval_pearson"),
    "curve-loss": ("loss", "eval_loss"),
    "curve-mae": ("train_mae", "eval_mae"),
}
FEWEST_TO_SMOOTH = 12
"""Of fewer points a smoothed line would only hide where they lie."""

NEAR, FEWEST_NEAR = 0.03, 2
"""Deviation of the normal weights that smooth a curve: a share of its steps, and so many points at least."""


def members_of(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The members of an ensemble, whose logs stand under `NAME.KEY`; of a single model `""` alone."""
    return list(
        dict.fromkeys(key.rpartition(".")[0] for entry in history for key in entry if "." in key)
    ) or [""]


def learning_curves(history: Sequence[Mapping[str, Any]], member: str = "") -> dict[str, Figure]:
    """A figure each for Pearson, loss and MAE, where the history has a finite value of it; dev in front."""
    found = {}
    prefix = f"{member}." if member else ""
    for name, keys in CURVES.items():
        train_key, dev_key = (prefix + key for key in keys)
        curves = [*training_curves(history, train_key), *dev_curve(history, dev_key)]
        if curves:
            layout = {
                "xaxis": axis(STEP, rangemode="tozero"),
                "legend": LEGEND,
                "showlegend": True,
                "hovermode": "closest",
            }
            found[f"{name}-{member}" if member else name] = {"data": curves, "layout": layout}
    return found


def training_curves(history: Sequence[Mapping[str, Any]], key: str) -> list[Figure]:
    """What was logged in training as it is, thin and pale where a smoothed line lies over it."""
    logged = _curve(history, key)
    steps, values = np.array(logged["x"], float), np.array(logged["y"], float)
    if not len(steps):
        return []
    logged |= {"name": TRAIN, "line": {"color": TRAIN_COLOUR, "width": 2}}
    if len(steps) < FEWEST_TO_SMOOTH or not np.ptp(steps):
        return [{**logged, "mode": "lines+markers", "marker": {"color": TRAIN_COLOUR, "size": 4}}]
    pale = {"line": {"color": TRAIN_COLOUR, "width": 1}, "opacity": 0.3, "showlegend": False}
    smooth = {"y": all_drawn(smoothed(steps, values), 6), "hoverinfo": "skip", "hovertemplate": None}
    return [{**logged, **pale}, {**logged, **smooth}]


def dev_curve(history: Sequence[Mapping[str, Any]], key: str) -> list[Figure]:
    curve = _curve(history, key)
    if not curve["x"]:
        return []
    look = {
        "mode": "lines+markers",
        "line": {"color": DEV_COLOUR, "width": 2.5},
        "marker": {"color": DEV_COLOUR, "size": 6},
    }
    return [{**curve, "name": "dev", **look}]


def smoothed(steps: Array, values: Array) -> Array:
    """At each step the mean of the values near it, by normal weights; both of shape (n,)."""
    near = max(NEAR, FEWEST_NEAR / len(steps)) * np.ptp(steps)
    distance = (steps[:, None] - steps) / near
    weight = np.exp(-0.5 * distance**2)
    smooth: Array = weight @ values / weight.sum(axis=1)
    return smooth


def shown_rows(table: PairTable, predictions: Array) -> NDArray[np.intp]:
    """Rows of the scatter plot: all, or a sample of `MOST_POINTS` that holds the worst pairs."""
    rows = len(table)
    if rows <= MOST_POINTS:
        return np.arange(rows)
    worst = np.array([pair.row for pair in worst_pairs(table, predictions, WORST_PAIRS)])
    others = np.setdiff1d(np.arange(rows), worst)
    sample = np.random.default_rng(0).choice(others, MOST_POINTS - len(worst), replace=False)
    return np.sort(np.concatenate([worst, sample]))


def scatter(
    table: PairTable, predictions: Array, rows: NDArray[np.intp], label_range: tuple[float, float]
) -> Figure:
    """Prediction against label, the two sentences on hover, and the line where they agree."""
    assert table.label is not None
    hover = [
        f"{plotly_label(table.source[row] or '-')} · {plotly_label(table.id[row])}<br>"
        f"① {plotly_lines(table.sentence1[row])}<br>② {plotly_lines(table.sentence2[row])}"
        for row in rows
    ]
    pairs = {
        "type": "scatter",
        "mode": "markers",
        "x": all_drawn(table.label[rows]),
        "y": all_drawn(predictions[rows]),
        "hovertext": hover,
        "hovertemplate": Text(
            "label %{x:.2~f} → prediction %{y:.2f}<br>%{hovertext}<extra></extra>",
            "레이블 %{x:.2~f} → 예측 %{y:.2f}<br>%{hovertext}<extra></extra>",
        ),
        "marker": {"size": 6, "color": DEV_COLOUR, "opacity": 0.45 if len(rows) < 2000 else 0.25},
    }
    agreement = {
        "type": "scatter",
        "mode": "lines",
        "x": list(label_range),
        "y": list(label_range),
        "hoverinfo": "skip",
        "line": {"color": TRAIN_COLOUR, "dash": "dot", "width": 1.5},
    }
    layout = {"xaxis": axis(LABEL), "yaxis": axis(PREDICTION), "hovermode": "closest"}
    return {"data": [pairs, agreement], "layout": layout}


def residual_boxes(spreads: Sequence[ResidualSpread], *, upright: bool) -> Figure:
    """A box for each group, drawn from its quartiles: the size of the file does not grow with the pairs.

    Upright boxes suit the label scale; lying ones leave room for the names of sources.
    """
    boxes = {
        "type": "box",
        "orientation": "v" if upright else "h",
        "x" if upright else "y": list(range(len(spreads))),
        "lowerfence": all_drawn(spread.lower_whisker for spread in spreads),
        "q1": all_drawn(spread.lower_quartile for spread in spreads),
        "median": all_drawn(spread.median for spread in spreads),
        "q3": all_drawn(spread.upper_quartile for spread in spreads),
        "upperfence": all_drawn(spread.upper_whisker for spread in spreads),
        "mean": all_drawn(spread.mean for spread in spreads),
        "marker": {"color": DEV_COLOUR},
        "hoverinfo": "y" if upright else "x",
    }
    groups = names_axis(_group_name(spread, "<br>" if upright else ", ") for spread in spreads)
    residual = axis(Text("residual", "잔차"), zeroline=True)
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


def _curve(history: Sequence[Mapping[str, Any]], key: str) -> Figure:
    """The finite values of `key` by step; the epoch of each is told on hover."""
    entries = [entry for entry in history if _finite(entry.get(key)) and _finite(entry.get("step"))]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [entry["step"] for entry in entries],
        "y": all_drawn((entry[key] for entry in entries), 6),
        "customdata": [drawn(entry.get("epoch") or 0.0, 3) for entry in entries],
        "hovertemplate": Text(
            "%{y:.4f}<br>step %{x}, epoch %{customdata}", "%{y:.4f}<br>스텝 %{x}, 에폭 %{customdata}"
        ),
    }


def _group_name(spread: ResidualSpread, join: str) -> Text:
    name, pairs = plotly_labels(spread.name or NO_SOURCE, 16), f"{join}n={spread.pairs:,}"
    return Text(name.en + pairs, name.ko + pairs)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
