"""Rows of predictions: those of a seed from its folds, those of an arm from its seeds."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from dalmeum.comparison.arm import Array, Pairs
from dalmeum.data import PairTable
from dalmeum.data.groups import sentence_groups
from dalmeum.errors import InputError
from dalmeum.stats.columns import group_numbers

Scored = tuple[Pairs, Array]
"""Pairs, and predictions for them: (n,) of one model, (k, n) of seeds."""


def rows_of(parts: Sequence[Scored], folds: int, *, out_of_fold: bool) -> Scored:
    """A row a seed, of which `folds` parts after one another are the models; all rows on the same pairs.

    `out_of_fold`: each model predicted the pairs that it was not trained on, so that a seed has all of them.
    Else all predicted the same, and a seed has their mean. Raises `InputError` where pairs are not the same.
    """
    seeds = (parts[start : start + folds] for start in range(0, len(parts), folds))
    (first, row), *others = (_of_seed(those, out_of_fold) for those in seeds)
    for other, _ in others:
        check_same(first, other)
    return first, np.stack([row, *(row for _, row in others)])


def check_same(first: Pairs, other: Pairs) -> None:
    """Raise `InputError` unless both are the same pairs, with the same labels."""
    if not first.are(other):
        raise InputError(
            f"{other.name}: was not scored on the same pairs and labels as {first.name}: "
            "compare runs on one file, or train them again"
        )


def with_sentences(pairs: Pairs, table: PairTable | None) -> Pairs:
    """The pairs beside their sentences, and grouped by them; as they are where the table is of other pairs or
    labels by now.
    """
    if table is None or table.label is None or not pairs.are(Pairs(table.id, table.label)):
        return pairs
    groups = sentence_groups(table)
    return dataclasses.replace(pairs, table=table, groups=group_numbers(groups, len(table)))


def _of_seed(parts: Sequence[Scored], out_of_fold: bool) -> Scored:
    (first, _), *others = parts
    if out_of_fold:
        ids = tuple(name for pairs, _ in parts for name in pairs.ids)
        labels = np.concatenate([pairs.labels for pairs, _ in parts])
        return Pairs(ids, labels, first.name), np.concatenate([predictions for _, predictions in parts])
    for other, _ in others:
        check_same(first, other)
    return first, np.mean([predictions for _, predictions in parts], axis=0)
