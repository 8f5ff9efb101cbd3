"""Sentences and vectors that are made up for the tests of searching."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dalmeum.serving.search.embedding import Vectors
from dalmeum.serving.search.sentences import Sentences, read_sentences

DIMENSIONS = 32


@pytest.fixture
def make() -> Callable[..., Sentences]:
    """Sentences of these texts."""
    return lambda *texts: read_sentences(texts)


class Counting:
    """Embeds texts by their hash, the same ones always alike, and remembers which it was asked for."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.asked: list[str] = []
        self.stop_after = stop_after

    def __call__(
        self, texts: Sequence[str], advance: Callable[[int], object] = lambda count: None
    ) -> Vectors:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += texts
        advance(len(texts))
        return np.stack([vector_of(text) for text in texts])


def vector_of(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
    # Near one of a few directions, as embeddings are.
    direction = np.random.default_rng(seed % 40).normal(size=DIMENSIONS)
    vector = direction + 0.5 * np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (vector / np.linalg.norm(vector)).astype(np.float32)
