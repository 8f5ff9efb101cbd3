"""Scores with their intervals, for the terminal and for pages."""

import math
from collections.abc import Mapping, Sequence

from dalmeum import terminal
from dalmeum.comparison.text import INTERVAL, SCORE
from dalmeum.evaluation import Evaluation, Slice
from dalmeum.languages import Shown, Text
from dalmeum.numbers import NONE, count, has_interval, interval, number
from dalmeum.pages.tables import Cell, Group, Row, Table, estimate_cell
from dalmeum.pages.text import source_name
from dalmeum.stats import Estimate, metric_named

Json = Mapping[str, Mapping[str, float | None] | None]

PAIRS = Text("pairs", "문장쌍")
SOURCE, LABEL = Text("source", "출처"), Text("label", "레이블")
OUT_OF_FOLD = Text("dev, out of fold", "dev(폴드 밖)")
MOST_SLICES = 50


def split_title(split: str, out_of_fold: bool) -> Shown:
    """What a split of a run is called beside its scores."""
    return OUT_OF_FOLD if out_of_fold and split == "dev" else split


def metrics_lines(metrics: Json, title: Shown) -> list[str]:
    """A terminal's table of scores, `{name: {value, low, high}}`, with their intervals."""
    rows: list[Sequence[object]] = [(title, SCORE, INTERVAL)]
    rows += ((name, *written_score(score)) for name, score in metrics.items())
    return terminal.table(rows, right=[1])


def written_score(score: Mapping[str, float | None] | None) -> tuple[str, Shown]:
    """A score of `metrics.json` and its interval as people read them, "" for an interval that it hasn't."""
    if score is None or score["value"] is None:
        return NONE, ""
    known = {name: math.nan if value is None else value for name, value in score.items()}
    estimate = Estimate(known["value"], known["low"], known["high"])
    return number(estimate.value, 4), interval(estimate, 4) if has_interval(estimate) else ""


def slice_lines(evaluation: Evaluation) -> list[str]:
    """The slices' scores as tables for a terminal; sources only where there are several."""
    lines = []
    for title, parts in ((SOURCE, evaluation.by_source), (LABEL, evaluation.by_label)):
        if len(parts) < 2:
            continue
        names = list(parts[0].metrics.by_name)
        rows: list[Sequence[object]] = [(title, PAIRS, *names)]
        for part in parts:
            rows.append((part.name, count(part.pairs), *map(_value, part.metrics.by_name.values())))
        lines += ["", *terminal.table(rows, right=range(1, len(names) + 2))]
    return lines


def metric_title(name: str) -> Shown:
    """What people read; F1 is no row of `METRICS`, as it takes a binary rule."""
    if name == "f1":
        return "F1"
    return metric_named(name).title or name


def slices_table(slices: Sequence[Slice], head: Text) -> Table:
    """The scores of the first `MOST_SLICES` slices, and how many more there are."""
    names = list(slices[0].metrics.by_name) if slices else []
    rows = [
        Row(
            source_name(part.name),
            [Cell(count(part.pairs)), *map(estimate_cell, part.metrics.by_name.values())],
        )
        for part in slices[:MOST_SLICES]
    ]
    left_out = len(slices) - MOST_SLICES
    more = Text("and {left_out:,} more", "그 밖에 {left_out:,}개").format(left_out=left_out)
    return Table([head, PAIRS, *map(metric_title, names)], [Group(rows)], more=more if left_out > 0 else "")


def _value(estimate: Estimate | None) -> str:
    return NONE if estimate is None or not math.isfinite(estimate.value) else number(estimate.value, 4)
