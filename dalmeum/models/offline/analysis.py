"""What is worked out of a sentence by itself, once in a process: nothing in it is fitted."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.korean.morphemes import Morpheme, analyse_all, cleaned
from dalmeum.models.offline.surface import MAX_CHARACTERS, Surface
from dalmeum.models.offline.universal import universal_encoder

REMEMBERED = 16_384
"""Sentences that are remembered, the last ones, about 8 kB each: those of a data set like KorSTS."""


@dataclass(frozen=True)
class Analysis:
    """A sentence.

    Attributes:
        morphemes: as Kiwi cuts it.
        surface: its letters, numbers, negations and endings.
        vectors: the universal sentence encoder's, by name; empty where they are not asked for.
    """

    morphemes: tuple[Morpheme, ...]
    surface: Surface
    vectors: dict[str, NDArray[np.float32]]


_lock = threading.Lock()
_remembered: dict[tuple[str, bool], Analysis] = {}


def analysed(texts: Sequence[str], *, universal: bool) -> list[Analysis]:
    """Each text's analysis, with the universal sentence encoder's vectors or without."""
    wanted = list(dict.fromkeys(texts))
    found = {text: seen for text in wanted if (seen := _remembered.get((text, universal)))}
    new = [text for text in wanted if text not in found]
    made = dict(zip(new, _analyse(new, universal), strict=True))
    with _lock:
        _remembered.update({(text, universal): analysis for text, analysis in made.items()})
        while len(_remembered) > REMEMBERED:
            del _remembered[next(iter(_remembered))]
    found |= made
    return [found[text] for text in texts]


def forget_analyses() -> None:
    with _lock:
        _remembered.clear()


@contextlib.contextmanager
def analysed_apart() -> Iterator[None]:
    """Remember nothing of before, and afterwards nothing of meanwhile."""
    with _lock:
        before = dict(_remembered)
        _remembered.clear()
    try:
        yield
    finally:
        with _lock:
            _remembered.clear()
            _remembered.update(before)


def _analyse(texts: Sequence[str], universal: bool) -> list[Analysis]:
    beginnings = [text[:MAX_CHARACTERS] for text in texts]
    vectors = universal_encoder().encode(list(map(cleaned, beginnings))) if universal else {}
    return [
        Analysis(morphemes, Surface.of(text, morphemes), {name: rows[row] for name, rows in vectors.items()})
        for row, (text, morphemes) in enumerate(zip(texts, analyse_all(beginnings), strict=True))
    ]
