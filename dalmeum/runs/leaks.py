"""Pairs that are judged by a run that has learned from them."""

from pathlib import Path

from dalmeum.data import PairTable
from dalmeum.data.checks import leaks
from dalmeum.data.splits import read_splits
from dalmeum.errors import DalmeumError
from dalmeum.languages import Text
from dalmeum.runs.folder import open_run


def leaks_from_training(run: str | Path, output: str | Path, table: PairTable) -> tuple[Text, ...]:
    """Where pairs of a table are among those that a run was trained on.

    Nothing for a model folder, whose training pairs nobody knows, and where the run's file is not there any
    more, or holds other pairs by now.
    """
    try:
        opened = open_run(run, output)
        train = read_splits(opened.recipe())["train"]
    except DalmeumError:
        return ()
    known = opened.record.data.get("train")
    return leaks(train, table) if known is not None and known.sha256 == train.sha256 else ()
