"""Pairs scored by runs: one of them, or the mean of several."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalmeum.data import PairTable, Predictions, read_pairs
from dalmeum.data.predictions import mean_predictions
from dalmeum.data.readers import InMemory
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.splits import data_warnings
from dalmeum.errors import DataError, InputError
from dalmeum.evaluation import Evaluation
from dalmeum.languages import Text
from dalmeum.numbers import range_told
from dalmeum.runs.names import runs_named
from dalmeum.stats.metrics import BINARY, METRICS, metrics_free_of_scale

if TYPE_CHECKING:
    from dalmeum.models.scorer import PairScorer
    from dalmeum.runs.folder import Run

Pairs = str | Path | InMemory | PairTable
"""Whatever `read_pairs` reads."""

TWO_SCALES = Text(
    "{name}: its labels are on {labels}, and the run answers on {run}: {lost} would compare the two, and are "
    "left out",
    "{name}: 레이블은 {labels}, 실행은 {run} 척도라서 둘을 직접 견주는 {lost}은(는) 구하지 않았습니다",
)


def evaluated(
    run: "str | Path | Run | PairScorer",
    data: Pairs,
    threshold: float | None = None,
    *,
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    **reading: Any,
) -> tuple[PairTable, Evaluation, tuple[Text, ...]]:
    """A labelled table, as it was read, the scores of a run on it, and what to warn of in them; arguments of
    `dalmeum.evaluate`.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, Real | None):
        raise InputError(f"threshold {threshold!r:.80}: give a number on the label scale, or leave it out")
    source = readable([run], data, output)
    scorer = _scorer(run, precision, output, trust_code)
    table = labelled_table(source, label_range=scale_of(data, label_range, scorer.label_range), **reading)

    from dalmeum.evaluation.predict import evaluate_table
    from dalmeum.models.scorer import PairScorer
    from dalmeum.runs.leaks import known_to

    evaluation = evaluate_table(scorer, table, threshold)
    told = [
        *_notes([run], [scorer]),
        *data_warnings([table]),
        *_of_two_scales(table, scorer.label_range, evaluation),
    ]
    if not isinstance(run, PairScorer):
        told += known_to(folder_of(run), output, table)
    return table, evaluation, tuple(told)


def scale_of(
    data: Pairs, label_range: tuple[float, float] | None, own: tuple[float, float]
) -> tuple[float, float]:
    """The scale of the labels of pairs: what the caller says, else a table's, else the run's `own`."""
    if label_range is not None:
        return label_range
    return data.label_range if isinstance(data, PairTable) else own


def _of_two_scales(table: PairTable, own: tuple[float, float], evaluation: Evaluation) -> tuple[Text, ...]:
    """That labels are on another scale than the run's `own`, and what does not exist for that."""
    if table.label_range == own:
        return ()
    lost = [name for name in METRICS if name not in metrics_free_of_scale()]
    if evaluation.threshold is not None and evaluation.metrics.f1 is None:
        lost.append(BINARY)
    where = {"name": table.name, "labels": range_told(table.label_range), "run": range_told(own)}
    return (TWO_SCALES.format(lost=", ".join(lost), **where),)


def labelled_table(source: Pairs, **reading: Any) -> PairTable:
    """A table with labels; where they are all that a file lacks, what can be done with it is told, too."""
    try:
        return read_pairs(source, **reading, labels="required")
    except DataError as error:
        if not _is_unlabelled(source, reading):
            raise
        named = source if isinstance(source, str | Path) else "FILE"
        mend = f"where there are none, dalmeum predict RUN {named} -o out.csv predicts them"
        raise DataError([f"{problem}; {mend}" for problem in error.problems]) from None


def _is_unlabelled(source: Pairs, reading: Mapping[str, Any]) -> bool:
    """Whether pairs can be read but for their labels."""
    try:
        return read_pairs(source, **reading).label is None
    except DataError:
        return False


def predicted(
    run: "str | Path | Run | PairScorer | Sequence[str | Path | Run | PairScorer]",
    data: Pairs,
    *,
    arm: str | None = None,
    label_range: tuple[float, float] | None = None,
    precision: str = "auto",
    output: str | Path = "runs",
    trust_code: bool = False,
    quick: bool = False,
    **reading: Any,
) -> tuple[PairTable, Predictions, tuple[Text, ...]]:
    """A table on the runs' label scale, what they predict for it, with the binary task where all of them
    have it, and what to warn of in the table and the runs.

    Arguments are those of `dalmeum.predict`; `quick` where there are but a few pairs, and no time to lose.

    Raises `InputError` where several runs have several label scales: a mean over them is none.
    """
    runs = runs_named(list(run) if isinstance(run, list | tuple) else [run], arm)
    if not runs:
        raise InputError("predict: no run is given")
    source = readable(runs, data, output)
    scorers = [_scorer(each, precision, output, trust_code, quick) for each in runs]
    _check_one_scale(runs, scorers)
    scale = scorers[0].label_range
    table = read_pairs(source, label_range=scale_of(data, label_range, scale), **reading)

    from dalmeum.evaluation.predict import score_table

    predictions = mean_predictions([score_table(scorer, table) for scorer in scorers])
    told = (*_notes(runs, scorers), *data_warnings([table]))
    return dataclasses.replace(table, label_range=scale), predictions, told


def _check_one_scale(runs: Sequence[Any], scorers: "Sequence[PairScorer]") -> None:
    """`InputError` with a run of each label scale where there are several."""
    first = {scorer.label_range: run for run, scorer in reversed(list(zip(runs, scorers, strict=True)))}
    if len(first) > 1:
        told = ", ".join(
            f"{getattr(run, 'folder', run)} answers on {range_told(scale)}"
            for scale, run in sorted(first.items(), key=lambda each: each[0])
        )
        raise InputError(f"predict: {told}: a mean is of runs on one label scale")


def folder_of(run: "str | Path | Run") -> str | Path:
    """A run's folder, or the name that stands for it; `InputError` for what is neither."""
    from dalmeum.runs.folder import Run

    if not isinstance(run, str | Path | Run):
        raise InputError(f"{run!r:.80} is no run: give its folder, its id, or the run itself")
    return run.folder if isinstance(run, Run) else run


def _scorer(
    run: "str | Path | Run | PairScorer",
    precision: str,
    output: str | Path,
    trust_code: bool,
    quick: bool = False,
) -> "PairScorer":
    from dalmeum.models.scorer import PairScorer
    from dalmeum.runs.folder import Run, load

    if not isinstance(run, str | Path | Run | PairScorer):
        raise InputError(f"{run!r:.80} is no run: give its folder, its id, the run itself, or a scorer")
    if isinstance(run, PairScorer):
        return run
    return load(folder_of(run), precision, output, trust_code=trust_code, tell_notes=False, quick=quick)


def _notes(runs: Sequence[Any], scorers: "Sequence[PairScorer]") -> tuple[Text, ...]:
    """What is to be told of scorers that were loaded here; whoever hands one in knows it."""
    loaded = (scorer for run, scorer in zip(runs, scorers, strict=True) if run is not scorer)
    return tuple(dict.fromkeys(note for scorer in loaded for note in scorer.notes))


def readable(runs: Sequence[Any], data: Pairs, output: str | Path) -> Pairs:
    """The data; `InputError` for runs and files that are not there, before anything heavy is imported."""
    from dalmeum.runs.folder import Run, model_folder

    for run in runs:
        if isinstance(run, str | Path | Run):
            model_folder(folder_of(run), output)
    if not isinstance(data, str | Path) or str(data).startswith(HUB_PREFIX):
        return data
    no_file = not os.path.exists(data) or os.path.isdir(data)
    return read_pairs(data) if no_file else data  # which says what is wrong with the place
