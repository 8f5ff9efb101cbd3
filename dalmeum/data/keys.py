"""Sentences as they are compared: without regard to case, white space and Unicode composition."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category, normalize

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable

Hashes = NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and without pattern (Knuth's multiplicative hashing): the hash of a pair is one of both sentences."""

NOTHING = np.uint64(hash(""))
"""The hash of a sentence that is empty."""

_PLAIN = re.compile("[!-~가-힣]")
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
"""Letters and signs that show nothing, which their category doesn't tell: Hangul's fillers, blank Braille, a
notehead."""


@dataclass(frozen=True)
class Keys:
    """What is compared of n pairs: 64-bit hashes, which are equal where texts are, and else but once in 10^7
    tables of a million pairs.

    Attributes:
        first, second: of either sentence, (n,).
        pair: the same whichever of the two comes first, (n,).
        empty: whether either sentence shows nothing, (n,).
        words: of the first sentences and then the second ones, (2n,).
    """

    first: Hashes
    second: Hashes
    pair: Hashes
    empty: NDArray[np.bool_]
    words: NDArray[np.int64]


def table_keys(table: PairTable) -> Keys:
    size = len(table)
    words = np.empty(2 * size, np.int64)
    first = _hashes(table.sentence1, words[:size])
    second = _hashes(table.sentence2, words[size:])
    with np.errstate(over="ignore"):
        pair = np.minimum(first, second) * _MIX + np.maximum(first, second)
    return Keys(first, second, pair, (first == NOTHING) | (second == NOTHING), words)


def _hashes(texts: Iterable[str], words: NDArray[np.int64]) -> Hashes:
    """Of each text, `NOTHING` for one that shows nothing; the number of its words is put into `words`."""
    hashes = np.zeros(len(words), np.int64)
    for row, text in enumerate(texts):
        # Which hands back the text itself where it is composed.
        parts = normalize("NFC", text).split()
        words[row] = len(parts)
        if shows_something(text):
            hashes[row] = hash(" ".join(parts).casefold())
    return hashes.view(np.uint64)


def shows_something(text: str) -> bool:
    """Whether a reader would see anything: a letter, a digit, a sign; no space, control, format or filler
    character, and no accent or variation selector without a letter under it.
    """
    if _PLAIN.search(text):
        return True
    return any(category(each)[0] in "LNPS" and each not in _BLANK for each in text)
