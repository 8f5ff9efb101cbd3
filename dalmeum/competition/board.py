"""The runs here as a board: ranked where they were judged on the same pairs."""

import contextlib
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from dalmeum.comparison import Pairs
from dalmeum.comparison.arm import Array
from dalmeum.comparison.rows import with_sentences
from dalmeum.competition.best_blend import best_blend
from dalmeum.competition.tried import STUDIES, Judged, verdicts
from dalmeum.data.groups import GroupSizes, judged_by
from dalmeum.data.splits import PairReader, Split, read_splits
from dalmeum.errors import DalmeumError, InputError
from dalmeum.languages import shorten
from dalmeum.pages.board import Board, BoardRun, Cost, Part
from dalmeum.runs.folder import Run
from dalmeum.runs.predictions import labelled, read_predictions
from dalmeum.runs.reuse import age, runs_in
from dalmeum.stats import Estimate, pearson, rank_models

SPLIT: Split = "dev"
LONGEST_IDEA = 120

Judgeable = tuple[Run, Pairs, Array]


def boards(output: Path) -> list[Board]:
    """One for each set of pairs that finished runs under `output` were judged on, that with most runs first.

    A run without labelled dev predictions, or whose folder is damaged, is on none. Raises `InputError` where
    `output` is no folder.
    """
    if not output.is_dir():
        raise InputError(f"{output}: no such folder of runs: train one, or name another with --output")
    by_pairs: dict[str, list[Judgeable]] = {}
    for run in sorted(runs_in(output, {"finished"}), key=age):
        with contextlib.suppress(InputError):
            pairs, predictions = labelled(read_predictions(run.predictions(SPLIT)))
            run.recipe()
            by_pairs.setdefault(pairs_key(pairs), []).append((run, pairs, predictions))
    judged = verdicts(output.parent / STUDIES)
    found = [_board(each, judged, PairReader()) for each in by_pairs.values()]
    return sorted(found, key=lambda board: -len(board.runs))


def pairs_key(pairs: Pairs) -> str:
    """The same for runs that were judged on the same rows, with the same labels."""
    digest = hashlib.sha256("\0".join(pairs.ids).encode("utf-8", "surrogatepass"))
    digest.update(pairs.labels.tobytes())
    return digest.hexdigest()


def _board(those: Sequence[Judgeable], judged: Mapping[str, Judged], reader: PairReader) -> Board:
    pairs = _grouped(those, reader)
    rows = np.stack([predictions for _, _, predictions in those])
    groups = judged_by(pairs.groups)
    ranking = rank_models(pairs.labels, rows, groups=groups)
    order = list(ranking.order)
    errors = correlations((rows - pairs.labels)[order])
    blend, parts = best_blend([run for run, _, _ in those], pairs, rows)
    first = those[0][0]
    file = first.record.data.get(SPLIT)
    return Board(
        name=Path(file.path).name if file is not None else pairs.name,
        pairs=len(pairs.labels),
        groups=None if groups is None else GroupSizes.of(groups).count,
        runs=tuple(
            _listed(
                those[index],
                ranking.ranks[index],
                ranking.to_best[index].interval,
                judged.get(those[index][0].id),
                parts.get(index),
            )
            for index in order
        ),
        error_correlations=errors,
        blend=blend,
    )


def _grouped(those: Sequence[Judgeable], reader: PairReader) -> Pairs:
    """The pairs, in groups that share sentences where a run's data file is still there."""
    _, pairs, _ = those[0]
    for data in {run.recipe().data.model_dump_json(): run for run, _, _ in those}.values():
        with contextlib.suppress(DalmeumError):
            found = with_sentences(pairs, read_splits(data.recipe(), reader).get(SPLIT))
            if found.table is not None:
                return found
    return pairs


def correlations(errors: Array) -> Array:
    """(k, k) of errors (k, n); NaN where those of a run do not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = np.atleast_2d(np.corrcoef(errors))
    return found


def _listed(
    judgeable: Judgeable, rank: int, to_best: Estimate, verdict: Judged | None, part: Part | None
) -> BoardRun:
    run, pairs, predictions = judgeable
    question = run.recipe().question
    idea = f"{verdict.study}: {verdict.arm}" if verdict else question or run.record.recipe
    return BoardRun(
        rank=rank,
        id=run.id,
        author=run.record.author,
        idea=shorten(idea, LONGEST_IDEA),
        outcome=verdict.outcome if verdict else None,
        score=_score(run) or Estimate(pearson(pairs.labels, predictions)),
        to_best=to_best,
        cost=_cost(run),
        page=quote(f"{run.folder.name}/{run.report.name}") if run.report.is_file() else "",
        folder=str(run.folder),
        part=part,
    )


def _score(run: Run) -> Estimate | None:
    """Pearson with its interval, as the run's metrics have it; None where they have none."""
    with contextlib.suppress(InputError, LookupError):
        kept = run.metrics()[SPLIT]["pearson"] or {}
        bounds = [math.nan if kept.get(name) is None else kept[name] for name in ("value", "low", "high")]
        return None if math.isnan(bounds[0]) else Estimate(*bounds)
    return None


def _cost(run: Run) -> Cost | None:
    """GPU hours of a run that was trained on one, else processor hours, where those were kept."""
    training, machine = run.record.training or {}, run.record.machine
    on_gpu = not str(machine.get("device", "cpu")).startswith("cpu")
    seconds = training.get("seconds" if on_gpu else "processor_seconds")
    if not isinstance(seconds, int | float):
        return None
    processes = machine.get("processes", 1)
    return Cost(
        seconds * (processes if isinstance(processes, int) else 1) / 3600, "gpu" if on_gpu else "processor"
    )
