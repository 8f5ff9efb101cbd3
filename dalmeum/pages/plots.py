"""What all figures share: a figure is the data and layout that Plotly's JavaScript takes.

A text in them may be a `Text`: the page draws it in the language shown. The page colours axes and letters.
"""

import html
import math
from collections.abc import Iterable
from typing import Any

from dalmeum.languages import Shown, Text

Figure = dict[str, Any]

TRAIN_COLOUR = "#e08a1e"
DEV_COLOUR = "#2f7de1"
QUIET = "#808895"

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}

STEP = Text("step", "스텝")
LABEL = Text("label", "레이블")
PREDICTION = Text("prediction", "예측")
TRAIN = Text("training", "학습")


def axis(title: Shown, **values: Any) -> Figure:
    """What looks like markup in a title, which may be a metric's of one's own, is shown and not obeyed."""
    if isinstance(title, Text):
        text: Shown = Text(*(html.escape(each, quote=False) for each in (title.en, title.ko)))
    else:
        text = html.escape(title, quote=False)
    return {"title": {"text": text}, **values}


def names_axis(names: Iterable[Shown]) -> Figure:
    """An axis with a name at each of 0, 1, 2, ..."""
    ticks = list(names)
    return {
        "tickmode": "array",
        "tickvals": list(range(len(ticks))),
        "ticktext": ticks,
        "zeroline": False,
        "showgrid": False,
    }


def drawn(value: float, digits: int = 4) -> float | None:
    """Enough digits for the eye, in a small file; None, which Plotly leaves out, where there is no number."""
    return round(float(value), digits) if math.isfinite(value) else None


def all_drawn(values: Iterable[float], digits: int = 4) -> list[float | None]:
    return [drawn(value, digits) for value in values]
