"""Planted pairs: a sentence and itself under a perturbation, to see what a model makes of them."""

import dataclasses
import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.binary import implied_threshold
from dalmeum.data.perturbations import PERTURBATIONS
from dalmeum.data.table import PairTable


def planted(table: PairTable, perturbation: str, share: float, label: float) -> PairTable:
    """The labelled table, and behind it `share` times as many pairs of a sentence and itself, changed.

    Each is a first sentence of the table, drawn without repetition, beside what the perturbation of that name
    makes of it; it has its pair's source, `label`, and a binary label by the threshold that the table's own
    imply. The same pairs at every call; fewer than asked for where the perturbation applies to too few.

    Raises `ValueError` where that is none, and where the binary labels imply no threshold.
    """
    assert table.label is not None
    change = PERTURBATIONS[perturbation].apply
    rng = random.Random(0)
    rows = list(range(len(table)))
    rng.shuffle(rows)
    changed: dict[str, tuple[int, str]] = {}
    for row in rows:
        if len(changed) == round(share * len(table)):
            break
        sentence = table.sentence1[row]
        result = change(sentence, rng)
        if result is not None and sentence not in changed:
            changed[sentence] = (row, result)
    if not changed:
        raise ValueError(f"a share of {share:g} of the sentences that {perturbation} can change is none")
    origin = [row for row, _ in changed.values()]
    return dataclasses.replace(
        table,
        id=(*table.id, *_new_ids(table, origin, perturbation)),
        source=(*table.source, *(table.source[row] for row in origin)),
        sentence1=(*table.sentence1, *changed),
        sentence2=(*table.sentence2, *(result for _, result in changed.values())),
        label=np.concatenate([table.label, np.full(len(origin), label)]),
        binary=_binary(table, label, len(origin)),
        annotations=table.annotations and (*table.annotations, *((label,) for _ in origin)),
        lines=table.lines and (*table.lines, *(table.lines[row] for row in origin)),
    )


def _binary(table: PairTable, label: float, count: int) -> NDArray[np.int64] | None:
    """The binary column with `count` planted pairs behind it, all on one side of the implied threshold."""
    if table.label is None or table.binary is None:
        return None
    threshold = implied_threshold(table.label, table.binary)
    if threshold is None:
        raise ValueError("its binary labels imply no threshold, which planted pairs could follow")
    return np.concatenate([table.binary, np.full(count, label >= threshold, np.int64)])


def _new_ids(table: PairTable, origin: list[int], perturbation: str) -> Iterator[str]:
    taken = set(table.id)
    for row in origin:
        name = f"{table.id[row]}-{perturbation}"
        while name in taken:
            name += "+"
        taken.add(name)
        yield name
