"""What a pair scorer needs beside its network: the way from sentences to tensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from dalmeum.languages import Text
from dalmeum.progress import Progress

PART = 4096
"""Pairs that are encoded between two moves of a bar."""

ENCODING = Text("encoding, pair", "인코딩, 문장쌍")


class PairEncoding(Protocol):
    """Turns pairs into items, once, and items into batches, again and again."""

    def encode(self, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[Any]:
        """One item a pair: all the work on text that does not depend on its batch."""
        ...

    def lengths(self, items: Sequence[Any]) -> list[int]:
        """What each item costs, in tokens: items of like length waste little padding together."""
        ...

    def collate(self, items: Sequence[Any]) -> dict[str, Tensor]:
        """The keyword arguments of the network's forward for a batch."""
        ...

    def save_pretrained(self, folder: str | Path) -> Any:
        """Write all that encoding needs into the model's folder."""
        ...


def encode_told(encoding: PairEncoding, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[Any]:
    """The items of n pairs, of which there may be many: with a progress bar."""
    items: list[Any] = []
    with Progress(len(sentence1), ENCODING) as progress:
        for start in range(0, len(sentence1), PART):
            part = slice(start, start + PART)
            items += encoding.encode(sentence1[part], sentence2[part])
            progress.jump(len(items))
    return items
