"""From raw columns to a `PairTable`, with every cell checked."""

import dataclasses
import datetime
import math
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import TypeVar
from unicodedata import is_normalized, normalize

import numpy as np
from numpy.typing import NDArray

from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.problems import Problems, quoted
from dalmeum.data.table import PairTable
from dalmeum.languages import Text

MAX_CHARACTERS = 10_000
"""The longest sentence that is read; what is longer is a broken file (a quote never closed)."""

COMPOSED = Text(
    "{name}: {count:,} {sentences} in decomposed Unicode, as macOS writes Hangul, {were} composed (NFC)",
    "{name}: macOS처럼 자모를 풀어 쓴(NFD) 문장 {count:,}개를 NFC로 합쳤습니다",
)

TOGETHER = 4096
"""Cells that are looked at as one text; what is wrong with none of them is told by one search."""

T = TypeVar("T")

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class TableBuilder:
    """Checks the columns of one frame; problems are told under the file's own column names."""

    def __init__(self, frame: Frame, fields: Mapping[str, str], problems: Problems) -> None:
        self.frame = frame
        self.fields = fields
        self.problems = problems
        self.composed = 0

    def build(
        self,
        label_range: tuple[float, float],
        labels_required: bool,
        id_from: Sequence[str] = (),
        warnings: tuple[Text, ...] = (),
    ) -> PairTable:
        """The table; `DataError` where anything, here or earlier, was noted in `problems`."""
        self._load([name for name in id_from if name in self.frame.names])
        ids = self._joined_ids(id_from) if id_from else self._ids()
        source = self._texts("source")
        self.composed = 0  # of sentences alone
        sentence1, sentence2 = self._texts("sentence1"), self._texts("sentence2")
        if self.composed:
            warnings += (_composed_told(self.problems.name, self.composed),)
        label = self._labels(label_range)
        if labels_required and label is None and "label" in self.fields and self._rows:
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
            lines=tuple(self.columns.numbers) if self.frame.unit == "line" else (),
            warnings=(*warnings, *self.problems.notes),
            label_range=label_range,
        )

    def sentences(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Both sentences of each row, alone; what is wrong with them is noted in `problems`."""
        self._load(())
        return self._texts("sentence1"), self._texts("sentence2")

    def _load(self, others: Iterable[str]) -> None:
        self.uses = Counter([*self.fields.values(), *others])
        self.columns = self.frame.load(tuple(self.uses))

    @property
    def _rows(self) -> int:
        return len(self.columns.numbers)

    def _column(self, field: str) -> Sequence[object] | None:
        """Let go of, so that no column of a large file is there twice; but for those of several fields."""
        if field not in self.fields:
            return None
        name = self.fields[field]
        self.uses[name] -= 1
        return self.columns.values[name] if self.uses[name] else self.columns.values.pop(name)

    def _add(self, row: int, what: str) -> None:
        self.problems.add(what, self.columns.numbers[row], self.frame.unit)

    def _texts(self, field: str) -> tuple[str, ...]:
        """Composed to NFC. What is no text but has one way to be written is taken for a source, not for a
        sentence.
        """
        values = self._column(field)
        if values is None:
            return ("",) * self._rows
        name = self.fields[field]
        texts: list[str] = []
        for row, cells in _in_parts(values):
            sound = _sound(cells)
            if sound is None and field == "source":
                cells = ["" if (text := written(cell)) is None else text for cell in cells]
                sound = _sound(cells)
            if sound is None:
                texts += [self._text(number, name, cell) for number, cell in enumerate(cells, start=row)]
            elif _is_composed(sound):
                texts += sound
            else:
                texts += map(self._composed, sound)
        return tuple(texts)

    def _composed(self, text: str) -> str:
        composed = normalize("NFC", text)
        self.composed += composed != text
        return composed

    def _text(self, row: int, name: str, value: object) -> str:
        return self._composed(self._checked(row, name, _decoded(value)))

    def _checked(self, row: int, name: str, value: object) -> str:
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
        """As the file has them: to compose them might make two of them one."""
        values = self._column("id")
        if values is None:
            return tuple(str(row) for row in range(1, self._rows + 1))
        name = self.fields["id"]
        if all(_sound(cells) is not None for _, cells in _in_parts(values)):
            ids = tuple(map(str, values))
        else:
            ids = tuple(self._checked(row, name, written(value)) for row, value in enumerate(values))
        hashes = np.fromiter(map(hash, ids), np.int64, len(ids))
        hashes.sort()
        if bool((np.diff(hashes) != 0).all()) and all(map(str.strip, ids)):
            return ids
        first: dict[str, int] = {}
        for row, (value, identifier) in enumerate(zip(values, ids, strict=True)):
            if not identifier.strip():
                if value is not None:
                    self._add(row, f"{name} is empty")
            elif (earlier := first.setdefault(identifier, row)) != row:
                at = f"{self.frame.unit} {self.columns.numbers[earlier]}"
                self._add(row, f"{name} {quoted(identifier)} is also on {at}; ids must be unique")
        return ids

    def _joined_ids(self, columns: Sequence[str]) -> tuple[str, ...]:
        """`filename/year/id`; where that repeats, `#` and the line make it unique."""
        ids: list[str] = []
        seen: set[str] = set()
        parts = [self.columns.values.get(column, [""] * self._rows) for column in columns]
        for number, values in zip(self.columns.numbers, zip(*parts, strict=True), strict=True):
            identifier = "/".join(str(value) for value in values)
            ids.append(f"{identifier}#{number}" if identifier in seen else identifier)
            seen.add(identifier)
        return tuple(ids)

    def _labels(self, label_range: tuple[float, float]) -> NDArray[np.float64] | None:
        values = self._column("label")
        if values is None or all(_empty(value) for value in values):
            return None
        low, high = label_range
        labels = _numbers(values)
        if low > -1.0 and bool((labels == -1.0).all()):
            return None  # how GLUE marks labels that are kept back
        name = self.fields["label"]
        for row in np.flatnonzero(~((labels >= low) & (labels <= high))).tolist():
            value, number = values[row], _number(values[row])
            if _empty(value):
                self._add(row, f"{name} is empty")
            elif number is None:
                self._add(row, f"{name} {quoted(value)} is not a number")
            elif not math.isfinite(number):
                self._add(row, f"{name} {quoted(value)} is not finite")
            else:
                mend = "set data.label_range, or --label-range, if your scale differs"
                self._add(row, f"{name} {quoted(value)[1:-1]} is outside {low:g}..{high:g} ({mend})")
        return labels

    def _binary(self) -> NDArray[np.int64] | None:
        values = self._column("binary")
        if values is None or all(_empty(value) for value in values):
            return None
        name = self.fields["binary"]
        numbers = _numbers([float(value) if isinstance(value, bool) else value for value in values])
        if bool((numbers == -1.0).all()):
            return None
        for row in np.flatnonzero((numbers != 0.0) & (numbers != 1.0)).tolist():
            what = "is empty" if _empty(values[row]) else f"{quoted(values[row])} is not 0 or 1"
            self._add(row, f"{name} {what}")
        return np.asarray(numbers == 1.0, np.int64)

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


def written(value: object) -> object:
    """A number, a date and the like as text, as an id or a source may be; anything else as it is."""
    if isinstance(value, float | Decimal):
        if math.isnan(value):
            return None
        if math.isfinite(value) and value == int(value):
            value = int(value)  # what pandas makes of whole numbers beside a missing one
    if isinstance(value, bool | int | float | Decimal | datetime.date | datetime.time | uuid.UUID):
        return str(value)
    return _decoded(value)


def composed_table(table: PairTable) -> PairTable:
    """A table whose sentences are in NFC, with a warning where some were not."""
    texts = (table.source, table.sentence1, table.sentence2)
    if all(_is_composed(cells) for column in texts for _, cells in _in_parts(column)):
        return table
    source, sentence1, sentence2 = (tuple(normalize("NFC", text) for text in column) for column in texts)
    pairs = zip((*table.sentence1, *table.sentence2), (*sentence1, *sentence2), strict=True)
    count = sum(old != new for old, new in pairs)
    told = (_composed_told(table.name or "the table", count),) if count else ()
    return dataclasses.replace(
        table, source=source, sentence1=sentence1, sentence2=sentence2, warnings=(*table.warnings, *told)
    )


def _composed_told(name: str, count: int) -> Text:
    sentences, were = ("sentence", "was") if count == 1 else ("sentences", "were")
    return COMPOSED.format(name=name, count=count, sentences=sentences, were=were)


def _in_parts(values: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    for start in range(0, len(values), TOGETHER):
        yield start, values[start : start + TOGETHER]


def _sound(cells: Sequence[object]) -> list[str] | None:
    """The cells where all of them are text that can be used."""
    texts = [cell for cell in cells if type(cell) is str]
    if len(texts) < len(cells) or max(map(len, texts)) > MAX_CHARACTERS or _UNUSABLE.search("".join(texts)):
        return None
    return texts


def _is_composed(texts: Sequence[str]) -> bool:
    # A line feed composes with nothing: the whole is in NFC where its parts are.
    return is_normalized("NFC", "\n".join(texts))


def _decoded(value: object) -> object:
    """Text that a column of bytes holds; anything else as it is."""
    try:
        return value.decode("utf-8") if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _numbers(values: Sequence[object]) -> NDArray[np.float64]:
    """NaN for what is no number."""
    if set(map(type, values)) == {str}:
        known = {value: _number(value) for value in set(values)}
        numbers = [known[value] for value in values]
    else:
        numbers = [_number(value) for value in values]
    return np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)


def _number(value: object) -> float | None:
    """The number, NaN and infinities included; None for what isn't one."""
    # float() takes "1_0" for ten and True for one: in a label both are mistakes.
    if isinstance(value, bool) or not isinstance(value, str | Real | Decimal):
        return None
    if isinstance(value, str) and "_" in value:
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        return math.inf
