"""Sentences as they are compared: without regard to case, white space and Unicode composition."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category, normalize

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.table import PairTable

Hashes = NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and without pattern (Knuth's multiplicative hashing): the hash of a pair is one of both sentences."""

TOGETHER = 256
"""Sentences that are split together; few enough for a processor's cache."""

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
    words: NDArray[np.int32]


def table_keys(table: PairTable) -> Keys:
    size = len(table)
    words = np.empty(2 * size, np.int32)
    first = _hashes(table.sentence1, words[:size])
    second = _hashes(table.sentence2, words[size:])
    pair = np.minimum(first, second)
    pair *= _MIX
    pair += np.maximum(first, second)
    return Keys(first, second, pair, (first == NOTHING) | (second == NOTHING), words)


def _hashes(texts: Sequence[str], words: NDArray[np.int32]) -> Hashes:
    """Of each text, `NOTHING` for one that shows nothing; the number of its words is put into `words`."""
    hashes = np.empty(len(words), np.int64)
    for start in range(0, len(texts), TOGETHER):
        some = texts[start : start + TOGETHER]
        part = slice(start, start + len(some))
        # Which hands back the text itself where it is composed.
        split = [normalize("NFC", text).split() for text in some]
        words[part] = list(map(len, split))
        hashes[part] = [hash(" ".join(each).casefold()) for each in split]
        doubtful = [row for row, text in enumerate(some, start) if not _PLAIN.match(text)]
        hashes[[row for row in doubtful if not shows_something(texts[row])]] = hash("")
    return hashes.view(np.uint64)


def letters(text: str) -> str:
    """What of a sentence is neither spacing, punctuation nor case: its letters with their accents, and its
    digits, composed for compatibility (NFKC), so that `Ａ１` is `a1`. Where there are none, its signs.
    """
    composed = normalize("NFKC", text).casefold()
    kept = "".join(each for each in composed if category(each)[0] in "LMN")
    return kept or "".join(composed.split())


def shows_something(text: str) -> bool:
    """Whether a reader would see anything: a letter, a digit, a sign; no space, control, format or filler
    character, and no accent or variation selector without a letter under it.
    """
    return any(category(each)[0] in "LNPS" and each not in _BLANK for each in text)
