"""Pairs without labels, which a teacher scores: those that may be learned from, beside the labelled ones."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from dalmeum.data.keys import table_keys
from dalmeum.data.table import PairTable, joined
from dalmeum.errors import InputError
from dalmeum.languages import Text

SOURCE = "unlabelled"
"""The source of pairs that a teacher has scored."""

LEFT_OUT = Text(
    "{name}: of {pairs:,} pairs {judged:,} share a sentence with dev or test, {labelled:,} are in train with "
    "a label, {of_no_use:,} are repeated or empty: {left:,} are left to learn from",
    "{name}: 문장쌍 {pairs:,}개 가운데 {judged:,}개는 dev나 test와 같은 문장이 있고, {labelled:,}개는 "
    "train에 레이블이 있으며, {of_no_use:,}개는 중복되거나 비어 있어 {left:,}개로 학습합니다",
)


def usable(table: PairTable, train: PairTable, judged: Iterable[PairTable]) -> PairTable:
    """The pairs of a table, its `pool`, that may be learned from by a teacher's scores; what is left out is a
    warning.

    Left out are pairs with a sentence of those that are `judged`, so that nothing of these reaches the model;
    pairs of `train`, in either order, whose label comes from a person; the same pair again, and one with an
    empty sentence. Sentences are compared as in `dalmeum.data.keys`.

    Raises `InputError` where none is left.
    """
    keys = table_keys(table)
    sides = [side for other in map(table_keys, judged) for side in (other.first, other.second)]
    known = np.concatenate([*sides, np.empty(0, np.uint64)])
    shared = np.isin(keys.first, known) | np.isin(keys.second, known)
    labelled = ~shared & np.isin(keys.pair, table_keys(train).pair)
    first = np.zeros(len(table), np.bool_)
    first[np.unique(keys.pair, return_index=True)[1]] = True
    left = ~shared & ~labelled & first & ~keys.empty
    counts = {"judged": int(shared.sum()), "labelled": int(labelled.sum()), "left": int(left.sum())}
    told = LEFT_OUT.format(
        name=table.name, pairs=len(table), of_no_use=len(table) - sum(counts.values()), **counts
    )
    if not left.any():
        raise InputError(f"data.unlabelled: {told.en}")
    if left.all():
        return table
    warnings = (*table.warnings, told)
    return dataclasses.replace(table.take(np.flatnonzero(left)), warnings=warnings, pool=table)


def with_scored(train: PairTable, scored: PairTable, threshold: float | None) -> PairTable:
    """The training pairs, and behind them those of their `unlabelled` pairs, with a teacher's scores.

    Args:
        scored: all pairs of the file that the `unlabelled` ones are of, with scores on the label scale.
        threshold: the lowest similar label, by which scored pairs get binary labels where `train` has some.
    """
    assert train.unlabelled is not None
    row_of = {name: row for row, name in enumerate(scored.id)}
    taken = scored.take([row_of[name] for name in train.unlabelled.id])
    assert taken.label is not None
    similar = None if threshold is None else (taken.label >= threshold).astype(np.int64)
    ids = set(train.id)
    taken = dataclasses.replace(
        taken,
        id=tuple(_new_id(name, ids) for name in taken.id),
        source=(SOURCE,) * len(taken),
        binary=similar,
    )
    return dataclasses.replace(joined([train, taken]), unlabelled=None)


def _new_id(name: str, taken: set[str]) -> str:
    name = f"{SOURCE}-{name}"
    while name in taken:
        name += "+"
    taken.add(name)
    return name
