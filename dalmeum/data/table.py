"""The one shape in which pairs travel through dalmeum."""

import dataclasses
import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalmeum.languages import Text

_NO_COLUMNS = {"name", "warnings", "label_range", "pool", "unlabelled"}


@dataclass(frozen=True, eq=False)
class PairTable:
    """Sentence pairs as columns of one length, in the order of their file.

    Attributes:
        id: unique within the table.
        source: where a pair comes from ("" where the data does not say).
        sentence1, sentence2: the two sentences, as in the file.
        label: float64 (n,), similarity on the data's label scale; None where the file has none.
        binary: int64 (n,), 0 or 1 for not similar or similar; None where the file has none.
        annotations: each annotator's own score of each pair; None where the file has none.
        name: what the table was read from, for messages.
        lines: the line, from 1, at which each pair starts in delimited text or JSONL; empty for others.
        warnings: what a reader found odd and could live with, one line each.
        label_range: the lowest and the highest label that there may be.
        pool: of a part (`dalmeum.data.parts`), the table that it was drawn from.
        unlabelled: of training pairs, those without labels that are learned from beside them, by a teacher's
            scores (`dalmeum.data.unlabelled`).
    """

    id: tuple[str, ...]
    source: tuple[str, ...]
    sentence1: tuple[str, ...]
    sentence2: tuple[str, ...]
    label: NDArray[np.float64] | None = None
    binary: NDArray[np.int64] | None = None
    annotations: tuple[tuple[float, ...], ...] | None = None
    name: str = ""
    lines: tuple[int, ...] = ()
    warnings: tuple[Text, ...] = ()
    label_range: tuple[float, float] = (0.0, 5.0)
    pool: "PairTable | None" = None
    unlabelled: "PairTable | None" = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            column = getattr(self, field.name)
            if field.name in _NO_COLUMNS or column is None or (field.name == "lines" and not column):
                continue
            if len(column) != len(self.id):
                raise ValueError(f"{field.name} has {len(column)} rows, id has {len(self.id)}")

    def __len__(self) -> int:
        return len(self.id)

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        return zip(self.sentence1, self.sentence2, strict=True)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of what a model can learn from, whatever held it: no name, lines, warnings, label range."""
        digest = hashlib.sha256()
        for column in (self.id, self.source, self.sentence1, self.sentence2):
            digest.update("\x1f".join(column).encode("utf-8", "surrogatepass") + b"\x1e")
        for values in (self.label, self.binary):
            digest.update((b"" if values is None else values.tobytes()) + b"\x1e")
        return digest.hexdigest()

    def where(self, row: int) -> str:
        """`file, line n` of a row, for messages; its id where the table has no lines."""
        place = f"line {self.lines[row]}" if self.lines else f"id {self.id[row]}"
        return f"{self.name}, {place}" if self.name else place

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "PairTable":
        """The given rows, in the given order."""
        picked = [int(row) for row in rows]

        def texts(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[row] for row in picked)

        return dataclasses.replace(
            self,
            id=texts(self.id),
            source=texts(self.source),
            sentence1=texts(self.sentence1),
            sentence2=texts(self.sentence2),
            label=None if self.label is None else self.label[picked],
            binary=None if self.binary is None else self.binary[picked],
            annotations=None if self.annotations is None else tuple(self.annotations[row] for row in picked),
            lines=tuple(self.lines[row] for row in picked) if self.lines else (),
        )


def joined(tables: Sequence[PairTable]) -> PairTable:
    """Tables, at least one, below each other; a column that one of them lacks is None."""
    first = tables[0]

    def column(name: str) -> Any:
        parts = [getattr(table, name) for table in tables]
        if any(part is None for part in parts):
            return None
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts)
        return tuple(chain.from_iterable(parts))

    names = ("id", "source", "sentence1", "sentence2", "label", "binary", "annotations")
    return dataclasses.replace(first, **{name: column(name) for name in names}, lines=())
