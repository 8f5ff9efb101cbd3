"""What a pair scorer needs beside its network: the way from sentences to tensors."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from dalmeum.languages import Text
from dalmeum.progress import Progress

LIBRARIES = ("transformers", "tokenizers")
"""Packages that encode, whose version can move a score; an encoding of others names its `packages`."""

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


@runtime_checkable
class Remembers(Protocol):
    """An encoding that keeps what it has worked out, so that what comes later is computed beside other texts:
    the same but for its last digits.
    """

    def forget(self) -> None:
        """Let go of it."""
        ...

    def apart(self) -> AbstractContextManager[object]:
        """As if nothing had been worked out before; afterwards as before."""
        ...


def forget(encoding: object) -> None:
    """Make what an encoding answers next independent of what it was asked before, to the last digit."""
    if isinstance(encoding, Remembers):
        encoding.forget()


def apart(encoding: object) -> AbstractContextManager[object]:
    """What is encoded meanwhile neither sees nor changes what the encoding remembers."""
    return encoding.apart() if isinstance(encoding, Remembers) else nullcontext()


def encode_told(encoding: PairEncoding, sentence1: Sequence[str], sentence2: Sequence[str]) -> list[Any]:
    """The items of n pairs, of which there may be many: with a progress bar."""
    items: list[Any] = []
    with Progress(len(sentence1), ENCODING) as progress:
        for start in range(0, len(sentence1), PART):
            part = slice(start, start + PART)
            items += encoding.encode(sentence1[part], sentence2[part])
            progress.jump(len(items))
    return items
