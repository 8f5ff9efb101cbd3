"""What a morpheme means: the vectors inside Kiwi's language model, recovered from its similarities."""

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.korean.morphemes import Morpheme, kiwi
from dalmeum.languages import Text
from dalmeum.models.offline.common import CommonComponents
from dalmeum.progress import Progress

VOCABULARY = 40_000
"""Morphemes kept: 98 % of the content morphemes of running text, in 20 MB."""

DIMENSIONS = 256
"""Of Kiwi's `cong` model."""

LANDMARKS = 320
"""Morphemes whose similarities to all others are asked for; more than `DIMENSIONS`, to average rounding."""

RECOVERING = Text("vectors of Kiwi's morphemes, landmark", "Kiwi 형태소의 벡터, 기준 형태소")

STAND_INS = 60
"""The first ids are Kiwi's stand-ins for unknown words, numbers and signs, one a tag: no meaning."""

COMMON_COMPONENTS = 8
"""Directions that most morphemes share, removed."""


@dataclass(frozen=True)
class MorphemeVectors:
    """Unit vectors of the most frequent morphemes; the cosine of two says how alike in use they are.

    Attributes:
        names: `form/TAG`, the most frequent first.
        vectors: float16 (len(names), DIMENSIONS); rows of zeros have no meaning known.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float16]

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Row of each name; of homonyms that only a sense number tells apart, the most frequent."""
        return {name: rank for rank, name in reversed(list(enumerate(self.names)))}

    def of(self, names: Iterable[str]) -> NDArray[np.float32]:
        """Vectors (n, DIMENSIONS) of the named morphemes; zeros for those without one."""
        rows = np.array([self.ranks.get(name, 0) for name in names], dtype=np.int64)
        return np.asarray(self.vectors[rows], dtype=np.float32)

    @classmethod
    @functools.cache  # a study builds many scorers in one process
    def from_kiwi(cls, size: int = VOCABULARY) -> "MorphemeVectors":
        """The vectors of Kiwi's first `size` ids, which are ordered by frequency, spread out."""
        morphemes = [Morpheme(token.form, str(token.tag)) for token in map(kiwi().morpheme, range(size))]
        vectors = recover(kiwi(), size)
        content = [
            row for row, each in enumerate(morphemes) if row >= STAND_INS and each.content_class is not None
        ]
        vectors = without_common_components(vectors, content)
        vectors[:STAND_INS] = 0.0
        return cls(tuple(each.name for each in morphemes), vectors.astype(np.float16))


def recover(model: Any, size: int) -> NDArray[np.float64]:
    """Unit vectors (size, DIMENSIONS) whose inner products are `kiwi.morpheme_similarity`; free to turn.

    With S the similarities of all morphemes to the landmarks, and U diag(w) U' the eigendecomposition of the
    landmarks' own, the vectors are S U diag(w)^-1/2: classical scaling from landmarks (de Silva and
    Tenenbaum 2004). Zeros where Kiwi answers NaN.
    """
    draw = np.random.default_rng(0)
    landmarks = np.sort(draw.choice(np.arange(STAND_INS, min(size, 30_000)), LANDMARKS, replace=False))
    similarity = model.morpheme_similarity
    columns = []
    with Progress(LANDMARKS, RECOVERING) as progress:
        for landmark in landmarks.tolist():
            similarities = map(similarity, itertools.repeat(landmark), range(size))
            columns.append(np.fromiter(similarities, np.float32, size))
            progress.advance()
    to_landmarks = np.nan_to_num(np.stack(columns, axis=1)).astype(np.float64)
    among = to_landmarks[landmarks]
    values, vectors = np.linalg.eigh((among + among.T) / 2)
    values, vectors = values[-DIMENSIONS:], vectors[:, -DIMENSIONS:]
    return unit(to_landmarks @ (vectors / np.sqrt(np.maximum(values, 1e-6))))


def without_common_components(vectors: NDArray[np.float64], rows: Sequence[int]) -> NDArray[np.float64]:
    """Unit vectors after taking away the mean and the first principal components of `rows`."""
    known = np.linalg.norm(vectors, axis=1, keepdims=True) > 0
    common = CommonComponents.fit(vectors[rows], COMMON_COMPONENTS)
    return np.where(known, unit(common.out_of(vectors).astype(np.float64, copy=False)), 0.0)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; zeros stay zeros."""
    scaled: NDArray[np.float64] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled
