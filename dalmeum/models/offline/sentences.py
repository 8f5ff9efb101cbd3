"""Sentences as padded arrays of content morphemes, for aligning many pairs at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalmeum.korean.jamo import decomposed
from dalmeum.korean.morphemes import CLASSES, Morpheme
from dalmeum.models.offline.embeddings import MorphemeVectors
from dalmeum.models.offline.ngrams import signed_ngram_vectors

MAX_MORPHEMES = 256
"""Content morphemes of a sentence that are aligned; alignment takes their square."""

SPELLING_DIMENSIONS = 256


@dataclass(frozen=True)
class Lexicon:
    """What training knew of morphemes, beside their vectors.

    Attributes:
        vectors: the meaning of the most frequent morphemes of Korean.
        document_frequency: in how many training sentences a content morpheme stood.
        documents: number of training sentences.
    """

    vectors: MorphemeVectors
    document_frequency: dict[str, int]
    documents: int

    def idf(self, name: str) -> float:
        return float(np.log((self.documents + 1) / (self.document_frequency.get(name, 0) + 1)))

    def rarity(self, name: str) -> float:
        """Geometric mean of idf and of rarity in Korean at large: training text has its own pet words."""
        rank = self.vectors.ranks.get(name, -1)
        return float(np.sqrt(self.idf(name) * rank_weight(rank if rank > 0 else len(self.vectors.names))))


def rank_weight(rank: int) -> float:
    """Information that a morpheme carries, from its place in a list ordered by frequency (Zipf's law)."""
    return math.log(max(rank, 100) / 50)


@dataclass(frozen=True)
class Words:
    """Every distinct content morpheme of some sentences, a row each.

    Attributes:
        rows: a morpheme's row, by its name.
        meaning: (n, 256) unit vectors or zeros.
        spelling: (n, 256) unit vectors of jamo n-grams: for words that Kiwi does not know, names foremost,
            whose transliterations differ.
        idf, rarity: (n,) weights.
        kind: (n,) index into `CLASSES`.
        form: (n,) equal where the forms are equal.
    """

    rows: dict[str, int]
    meaning: NDArray[np.float32]
    spelling: NDArray[np.float32]
    idf: NDArray[np.float32]
    rarity: NDArray[np.float32]
    kind: NDArray[np.int64]
    form: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[Morpheme]], lexicon: Lexicon) -> "Words":
        named = {each.name: each for sentence in sentences for each in sentence if each.content_class}
        names, words = list(named), list(named.values())
        forms: dict[str, int] = {}
        return cls(
            rows={name: row for row, name in enumerate(names)},
            meaning=lexicon.vectors.of(names),
            spelling=signed_ngram_vectors(
                [f"<{decomposed(word.form)}>" for word in words], (2, 3, 4), SPELLING_DIMENSIONS
            ),
            idf=np.array([lexicon.idf(name) for name in names], np.float32),
            rarity=np.array([lexicon.rarity(name) for name in names], np.float32),
            kind=np.array([CLASSES.index(word.content_class or "") for word in words], np.int64),
            form=np.array([forms.setdefault(word.form, len(forms)) for word in words], np.int64),
        )


@dataclass(frozen=True)
class Sentences:
    """n sentences of at most m content morphemes each, padded at the end.

    Attributes:
        there: (n, m) whether a place holds a morpheme.
        meaning, spelling: (n, m, 256); idf, rarity: (n, m), zero in the padding.
        kind, form: (n, m), -1 in the padding.
    """

    there: NDArray[np.bool_]
    meaning: NDArray[np.float32]
    spelling: NDArray[np.float32]
    idf: NDArray[np.float32]
    rarity: NDArray[np.float32]
    kind: NDArray[np.int64]
    form: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[Morpheme]], words: Words) -> "Sentences":
        content = [
            [words.rows[each.name] for each in sentence if each.content_class][:MAX_MORPHEMES]
            for sentence in sentences
        ]
        row = np.full((len(content), max([1, *map(len, content)])), -1)
        for index, rows in enumerate(content):
            row[index, : len(rows)] = rows
        there = row >= 0
        if not words.rows:
            row = np.zeros_like(row)
            words = NO_WORDS
        return cls(
            there=there,
            meaning=words.meaning[row] * there[..., None],
            spelling=words.spelling[row] * there[..., None],
            idf=words.idf[row] * there,
            rarity=words.rarity[row] * there,
            kind=np.where(there, words.kind[row], -1),
            form=np.where(there, words.form[row], -1),
        )


NO_WORDS = Words(
    rows={},
    meaning=np.zeros((1, 256), np.float32),
    spelling=np.zeros((1, SPELLING_DIMENSIONS), np.float32),
    idf=np.zeros(1, np.float32),
    rarity=np.zeros(1, np.float32),
    kind=np.zeros(1, np.int64),
    form=np.zeros(1, np.int64),
)
