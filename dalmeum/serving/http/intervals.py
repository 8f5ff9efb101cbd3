"""Intervals of a served model, by what its run keeps of its dev set."""

from pathlib import Path
from typing import Literal

from dalmeum.errors import InputError
from dalmeum.runs.predictions import held_out
from dalmeum.stats.label_intervals import FEWEST, LabelIntervals

WhyNone = Literal["no_run", "no_labels", "few_labels"]
"""A model folder knows no pairs; a run may have no dev set, or one without labels, or a small one."""


def intervals_of(run: Path | None, label_range: tuple[float, float]) -> LabelIntervals | WhyNone:
    if run is None:
        return "no_run"
    try:
        scored = held_out(run)
    except InputError:
        return "no_labels"
    if scored.labels is None:
        return "no_labels"
    if len(scored.labels) < FEWEST:
        return "few_labels"
    return LabelIntervals.of(scored.predictions.similarity, scored.labels, label_range)
