"""Runs that exist, on labelled pairs that are none of their splits: does it hold there, too?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dalmeum.comparison import Arm, Arms
from dalmeum.comparison import Pairs as LabelledPairs
from dalmeum.comparison.arm import Array
from dalmeum.comparison.rows import with_sentences
from dalmeum.data import PairTable
from dalmeum.data.scale import scale_of as scale_of_labels
from dalmeum.data.splits import SPLITS, data_warnings
from dalmeum.errors import InputError
from dalmeum.experiments.arms import RunGroup, training_sets_of
from dalmeum.languages import Text
from dalmeum.numbers import range_told
from dalmeum.progress import Progress
from dalmeum.runs.folder import Run, load
from dalmeum.runs.leaks import chose_checkpoint, known_to
from dalmeum.runs.scoring import Pairs, labelled_table, readable, scale_of
from dalmeum.stats.metrics import is_free_of_scale, metric_named, metrics_free_of_scale


def score_elsewhere(
    groups: Sequence[RunGroup],
    data: Pairs,
    output: str | Path = "runs",
    *,
    metric: str = "pearson",
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    trust_code: bool = False,
    **reading: Any,
) -> tuple[Arms, tuple[Text, ...]]:
    """Arms on these pairs alone, each run's model having scored them, and what to warn of in them.

    Nothing of the runs' own pairs is in the arms, so that findings tell no gap, speed or choice. The runs'
    folders stay as they are.

    Raises `InputError` where runs have several label scales, a model can't be loaded, or the labels are
    missing, do not vary, or are on another scale than the runs where the `metric` that is to judge takes one.
    """
    runs = [run for group in groups for run in group.runs]
    sets, scale = training_sets_of(groups), _label_range(runs)
    source = readable(runs, data, output)
    table = labelled_table(source, label_range=scale_of(data, label_range, scale), **reading)
    if not is_free_of_scale(metric_named(metric)):
        _check_scale(table, scale, metric, stated=label_range is not None)
    if table.label is None or np.ptp(table.label) == 0:
        raise InputError(f"{table.name}: has no labels that vary: nothing can be judged on these pairs")
    scored = _scored(runs, table, precision, trust_code)
    pairs = with_sentences(LabelledPairs(table.id, table.label, table.name), table)
    name = _split_name(table)
    arms = [
        Arm(
            name=group.name,
            predictions={name: np.stack([scored[run.id] for run in group.runs])},
            seeds=group.seeds,
            changes=group.changes,
            runs=tuple(run.id for run in group.runs),
        )
        for group in groups
    ]
    found = Arms.of(arms, {name: pairs}, baseline=groups[0].name, paired=sets is not None, training_sets=sets)
    return found, (*data_warnings([table]), *_known(runs, table))


def _scored(runs: Sequence[Run], table: PairTable, precision: str, trust_code: bool) -> Mapping[str, Array]:
    """By run, the similarities (n,) that its model answers; one model at a time is in memory."""
    from dalmeum.evaluation.predict import score_table  # torch, after all that can be refused without it

    with Progress(len(runs) * len(table), "scoring") as progress:
        return {
            run.id: score_table(
                load(run.folder, precision, trust_code=trust_code), table, progress.advance
            ).similarity
            for run in runs
        }


def _split_name(table: PairTable) -> str:
    """What findings call the pairs: their file, never as one of the splits, of which more would be told."""
    name = Path(table.name).name or "pairs"
    return f"./{name}" if name in SPLITS else name


def _label_range(runs: Sequence[Run]) -> tuple[float, float]:
    scales = {run.recipe().data.label_range for run in runs}
    if len(scales) > 1:
        told = " and ".join(map(range_told, sorted(scales)))
        raise InputError(f"the runs answer on {told}: compare runs of one label scale on other pairs")
    return scales.pop()


def _check_scale(table: PairTable, scale: tuple[float, float], metric: str, *, stated: bool) -> None:
    """`InputError` where labels are on another scale than the runs, or seem to be and none is `stated`."""
    mend = f"judge by {' or '.join(metrics_free_of_scale())}"
    if table.label_range != scale:
        raise InputError(
            f"{table.name}: its labels are on {range_told(table.label_range)}, the runs answer on "
            f"{range_told(scale)}, and {metric} takes one scale: {mend}"
        )
    seems = scale_of_labels(table)
    if (seems.low, seems.high) != scale and not stated:
        raise InputError(
            f"{table.name}: its labels seem to be on {seems.low:g}..{seems.high:g}, the runs answer on "
            f"{range_told(scale)}, and {metric} takes one scale: {mend}, or say label_range={scale} "
            "(--label-range {:g} {:g}) where that is theirs".format(*scale)
        )


def _known(runs: Sequence[Run], table: PairTable) -> tuple[Text, ...]:
    """Each once; runs that were trained and evaluated alike are asked once."""
    alike = {(run.recipe().data.model_dump_json(), chose_checkpoint(run)): run for run in runs}
    told = (each for run in alike.values() for each in known_to(run.folder, "", table))
    return tuple(dict.fromkeys(told))
