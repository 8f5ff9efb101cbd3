"""Pairs of a sentence and itself with a space left out: planted, to see what a model makes of them."""

import dataclasses
import random
import re
from collections.abc import Iterator

import numpy as np

from dalmeum.data.binary import implied_threshold
from dalmeum.data.table import PairTable

_SPACE_IN_TEXT = re.compile(r"(?<=\w)\s+(?=\w)")


def differ_in_spacing_only(sentence1: str, sentence2: str) -> bool:
    """Whether two different sentences are the same once all white space is left out."""
    return sentence1 != sentence2 and "".join(sentence1.split()) == "".join(sentence2.split())


def with_spacing_pairs(table: PairTable, share: float, label: float) -> PairTable:
    """The labelled table, and behind it `share` times as many pairs that differ in spacing only.

    Each is a first sentence of the table, drawn without repetition, beside itself without one of its spaces;
    it has its pair's source, `label`, and a binary label by the threshold that the table's own imply. The
    same pairs at every call; fewer than asked for where too few sentences have two words.

    Raises `ValueError` where that is none, and where the binary labels imply no threshold.
    """
    assert table.label is not None
    rng = random.Random(0)
    rows = list(range(len(table)))
    rng.shuffle(rows)
    planted: dict[str, tuple[int, str]] = {}
    for row in rows:
        if len(planted) == round(share * len(table)):
            break
        sentence = table.sentence1[row]
        joined = _leave_out_a_space(sentence, rng)
        if joined is not None and sentence not in planted:
            planted[sentence] = (row, joined)
    if not planted:
        raise ValueError(f"a share of {share:g} of its sentences of two words or more is none")
    origin = [row for row, _ in planted.values()]
    binary = table.binary
    if binary is not None:
        threshold = implied_threshold(table.label, binary)
        if threshold is None:
            raise ValueError("its binary labels imply no threshold, which planted pairs could follow")
        similar = label >= threshold
        binary = np.concatenate([binary, np.full(len(origin), similar, np.int64)])
    return dataclasses.replace(
        table,
        id=(*table.id, *_new_ids(table, origin)),
        source=(*table.source, *(table.source[row] for row in origin)),
        sentence1=(*table.sentence1, *planted),
        sentence2=(*table.sentence2, *(joined for _, joined in planted.values())),
        label=np.concatenate([table.label, np.full(len(origin), label)]),
        binary=binary,
        annotations=table.annotations and (*table.annotations, *((label,) for _ in origin)),
        lines=table.lines and (*table.lines, *(table.lines[row] for row in origin)),
    )


def _leave_out_a_space(sentence: str, rng: random.Random) -> str | None:
    spaces = list(_SPACE_IN_TEXT.finditer(sentence))
    if not spaces:
        return None
    space = rng.choice(spaces)
    return sentence[: space.start()] + sentence[space.end() :]


def _new_ids(table: PairTable, origin: list[int]) -> Iterator[str]:
    taken = set(table.id)
    for row in origin:
        name = f"{table.id[row]}-spacing"
        while name in taken:
            name += "+"
        taken.add(name)
        yield name
