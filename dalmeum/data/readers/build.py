"""From raw columns to a `PairTable`, with every cell checked."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.problems import Problems, quoted
from dalmeum.data.table import PairTable
from dalmeum.languages import Text

MAX_CHARACTERS = 10_000
"""The longest sentence that is read; what is longer is a broken file (a quote never closed)."""

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class TableBuilder:
    """Checks the columns of one frame; problems are told under the file's own column names."""

    def __init__(self, frame: Frame, fields: Mapping[str, str], problems: Problems) -> None:
        self.frame = frame
        self.fields = fields
        self.problems = problems

    def build(
        self,
        label_range: tuple[float, float],
        labels_required: bool,
        id_from: Sequence[str] = (),
        warnings: tuple[Text, ...] = (),
    ) -> PairTable:
        """The table; `DataError` where anything, here or earlier, was noted in `problems`."""
        ids = self._joined_ids(id_from) if id_from else self._ids()
        source = self._texts("source")
        sentence1, sentence2 = self._texts("sentence1"), self._texts("sentence2")
        label = self._labels(label_range)
        if labels_required and label is None and "label" in self.fields and len(self.frame):
            self.problems.add(f"no labels: column {quoted(self.fields['label'])} is empty")
        binary = self._binary()
        annotations = self._annotations()
        self.problems.raise_any()
        return PairTable(
            ids,
            source,
            sentence1,
            sentence2,
            label,
            binary,
            annotations,
            name=self.problems.name,
            # A record number finds nothing in an editor; the id does.
            lines=tuple(self.frame.numbers) if self.frame.unit == "line" else (),
            warnings=warnings,
            label_range=label_range,
        )

    def _column(self, field: str) -> Sequence[object] | None:
        return self.frame.columns.get(self.fields[field]) if field in self.fields else None

    def _add(self, row: int, what: str) -> None:
        self.problems.add(what, self.frame.numbers[row], self.frame.unit)

    def _texts(self, field: str) -> tuple[str, ...]:
        values = self._column(field)
        if values is None:
            return ("",) * len(self.frame)
        name = self.fields[field]
        missing = "" if field == "source" else None
        return tuple(self._text(row, name, value, missing) for row, value in enumerate(values))

    def _text(self, row: int, name: str, value: object, missing: str | None = None) -> str:
        if value is None and missing is not None:
            return missing
        if not isinstance(value, str):
            self._add(row, f"{name} is missing" if value is None else f"{name} {quoted(value)} is not text")
            return ""
        if len(value) > MAX_CHARACTERS:
            self._add(row, f"{name} has {len(value):,} characters, more than {MAX_CHARACTERS:,}")
        elif found := _UNUSABLE.search(value):
            kind = "a NUL character" if found[0] == "\x00" else "half a surrogate pair"
            self._add(row, f"{name} holds {kind}; the file is damaged here")
        return value

    def _ids(self) -> tuple[str, ...]:
        values = self._column("id")
        if values is None:
            return tuple(str(row) for row in range(1, len(self.frame) + 1))
        name = self.fields["id"]
        ids: list[str] = []
        first: dict[str, int] = {}
        for row, value in enumerate(values):
            number = isinstance(value, int) and not isinstance(value, bool)
            identifier = self._text(row, name, str(value) if number else value)
            ids.append(identifier)
            if not identifier.strip():
                if value is not None:
                    self._add(row, f"{name} is empty")
            elif (earlier := first.setdefault(identifier, row)) != row:
                at = f"{self.frame.unit} {self.frame.numbers[earlier]}"
                self._add(row, f"{name} {quoted(identifier)} is also on {at}; ids must be unique")
        return tuple(ids)

    def _joined_ids(self, columns: Sequence[str]) -> tuple[str, ...]:
        """`filename/year/id`; where that repeats, `#` and the line make it unique."""
        ids: list[str] = []
        seen: set[str] = set()
        parts = [self.frame.columns.get(column, [""] * len(self.frame)) for column in columns]
        for number, values in zip(self.frame.numbers, zip(*parts, strict=True), strict=True):
            identifier = "/".join(str(value) for value in values)
            ids.append(f"{identifier}#{number}" if identifier in seen else identifier)
            seen.add(identifier)
        return tuple(ids)

    def _labels(self, label_range: tuple[float, float]) -> NDArray[np.float64] | None:
        values = self._column("label")
        if values is None or all(_empty(value) for value in values):
            return None
        low, high = label_range
        numbers = [_number(value) for value in values]
        if low > -1.0 and all(number == -1.0 for number in numbers):
            return None  # how GLUE marks labels that are kept back
        name = self.fields["label"]
        for row, (value, number) in enumerate(zip(values, numbers, strict=True)):
            if number is not None and low <= number <= high:
                continue
            if _empty(value):
                self._add(row, f"{name} is empty")
            elif number is None:
                self._add(row, f"{name} {quoted(value)} is not a number")
            elif not math.isfinite(number):
                self._add(row, f"{name} {quoted(value)} is not finite")
            else:
                mend = "set data.label_range if your scale differs"
                self._add(row, f"{name} {quoted(value)[1:-1]} is outside {low:g}..{high:g} ({mend})")
        return np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)

    def _binary(self) -> NDArray[np.int64] | None:
        values = self._column("binary")
        if values is None or all(_empty(value) for value in values):
            return None
        name = self.fields["binary"]
        numbers = [float(value) if isinstance(value, bool) else _number(value) for value in values]
        if all(number == -1.0 for number in numbers):
            return None
        for row, (value, number) in enumerate(zip(values, numbers, strict=True)):
            if number not in (0.0, 1.0):
                what = "is empty" if _empty(value) else f"{quoted(value)} is not 0 or 1"
                self._add(row, f"{name} {what}")
        return np.array([number == 1.0 for number in numbers], dtype=np.int64)

    def _annotations(self) -> tuple[tuple[float, ...], ...] | None:
        values = self._column("annotations")
        if values is None or all(value is None for value in values):
            return None
        name = self.fields["annotations"]
        rows: list[tuple[float, ...]] = []
        for row, value in enumerate(values):
            scores = value if isinstance(value, list) else [] if value is None else [value]
            numbers = [_number(score) for score in scores]
            kept = tuple(number for number in numbers if number is not None and math.isfinite(number))
            if len(kept) != len(scores):
                self._add(row, f"{name} {quoted(value)} is not a list of numbers")
            rows.append(kept)
        return tuple(rows)


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _number(value: object) -> float | None:
    """The number, NaN and infinities included; None for what isn't one."""
    # float() takes "1_0" for ten and True for one: in a label both are mistakes.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and "_" in value:
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        return math.inf
