"""Files read a block of rows at a time, all columns kept: for more rows than can be held at once."""

import contextlib
import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

from dalmeum.data.readers import check_call, frame_of, matched, open_format
from dalmeum.data.readers.build import TableBuilder
from dalmeum.data.readers.decode import TextFile, check_encoding
from dalmeum.data.readers.frame import Columns, Frame, composed
from dalmeum.data.readers.problems import Problems, Unit
from dalmeum.data.readers.records import (
    NOT_PARQUET,
    arrow_frame,
    is_json_list,
    json_records,
    jsonl_records,
    open_parquet,
    record_frame,
)
from dalmeum.data.readers.sources import unreadable
from dalmeum.errors import InputError

T = TypeVar("T")

Kind = Literal["fields", "objects", "arrow"]

PIECE = 1 << 20
"""Bytes that are hashed together."""

LARGEST, EXACT = 1 << 63, 1 << 53

NAMED_TOGETHER = 4096
"""JSON objects that are gone through together for their keys."""


class Wide(int):
    """Stands for integers that no float64 holds."""


@dataclass(frozen=True)
class Block:
    """Rows that follow each other.

    Attributes:
        rows: as the file has them, by its `kind`: lists of fields, JSON objects, or a `pyarrow.Table`.
        sentence1, sentence2: of each row, composed to NFC.
    """

    rows: Any
    sentence1: tuple[str, ...]
    sentence2: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sentence1)


class RowFile:
    """A file of pairs, whose rows can be gone through as often as needed while it is open.

    Attributes:
        path, name: where it lies, and what messages call it.
        kind: how its rows are held.
        names: of its columns, or the keys that its objects have.
        types: of objects, by key the types of its values: `Wide` is that of integers that no float64 holds,
            `object` of those of more than 64 bits.
        schema: of an Arrow file, with its columns' types.
        fields: sentence1 and sentence2, and the names of their columns.
        warnings: how it could be read all the same.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        format: str,
        file: BinaryIO,
        text: TextFile | None,
        columns: Mapping[str, str],
    ) -> None:
        self.path, self.name, self.format, self._file, self._text = path, name, format, file, text
        self._listed: Sequence[object] | None = None
        self.types: dict[str, set[type]] = {}
        self.schema: Any = None
        problems = Problems(name)
        header = False
        if text is None:
            self.kind: Kind = "arrow"
            with _parquet_told(problems):
                self.schema = open_parquet(file).schema_arrow
            self.names = tuple(self.schema.names)
            known = arrow_frame(self.schema.empty_table(), Problems(name)).names
        elif format in ("jsonl", "klue-sts"):
            self.kind = "objects"
            if format == "klue-sts" or is_json_list(text):
                self._listed = json_records(text, problems) or ()
            self.names, known = self._keys(problems)
            if not known and not problems:
                problems.add("has no rows")
        else:
            self.kind = "fields"
            frame = frame_of(format, text, problems)
            self.names = known = frame.names
            header = frame.header
        found, told = matched(format, known, columns, False, problems, header=header)
        problems.raise_any()
        self.fields = {field: found[field] for field in ("sentence1", "sentence2")}
        self.warnings = (*(text.warnings if text else ()), *told)

    def blocks(self, size: int) -> Iterator[Block]:
        """All rows, `size` at a time; `DataError` behind the last one, with the problems of all of them."""
        problems = Problems(self.name)
        rows = 0
        frames = self._frames(size, problems)
        while True:
            try:
                frame, block = next(frames)
            except StopIteration:
                break
            except OSError as error:
                raise unreadable(self.name, error) from None
            sentence1, sentence2 = TableBuilder(frame, self.fields, problems).sentences()
            rows += len(sentence1)
            yield Block(block, sentence1, sentence2)
        if not rows and not problems:
            problems.add("has no rows")
        problems.raise_any()

    @property
    def read_as(self) -> dict[str, str]:
        """Its format, and the codec of its text, as they were told or found."""
        return {"format": self.format, "codec": "" if self._text is None else self._text.codec}

    def sha256(self) -> str:
        digest = hashlib.sha256()
        self._file.seek(0)
        for piece in iter(lambda: self._file.read(PIECE), b""):
            digest.update(piece)
        return digest.hexdigest()

    def _frames(self, size: int, problems: Problems) -> Iterator[tuple[Frame, Any]]:
        """Each block twice: as columns, and as it is."""
        if self.kind == "arrow":
            first = 1
            with _parquet_told(problems):
                for table in _tables(self._file, size):
                    yield arrow_frame(table, problems, first), table
                    first += table.num_rows
            return
        if self.kind == "objects":
            for block in _parts(self._records(problems), size):
                numbers, records = zip(*block, strict=True)
                kept = [each for each in records if isinstance(each, dict)]
                yield record_frame(records, numbers, self._unit, problems), kept
            return
        assert self._text is not None
        lines = frame_of(self.format, self._text, problems).records
        assert lines is not None
        for rows in _parts(lines, size):
            # What has no header may leave out its last fields.
            whole = [(line, fields + [""] * (len(self.names) - len(fields))) for line, fields in rows]
            yield _fields_frame(self.names, whole), [fields for _, fields in whole]

    @property
    def _unit(self) -> Unit:
        return "line" if self._listed is None else "record"

    def _records(self, problems: Problems) -> Iterator[tuple[int, object]]:
        if self._listed is not None:
            return enumerate(self._listed, start=1)
        assert self._text is not None
        return jsonl_records(self._text, problems)

    def _keys(self, problems: Problems) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The keys of all objects, in the order of their first occurrence, and these with inner ones."""
        inner: dict[str, None] = {}
        for block in _parts(self._records(problems), NAMED_TOGETHER):
            numbers, records = zip(*block, strict=True)
            inner |= dict.fromkeys(record_frame(records, numbers, self._unit, problems).names)
            for record in records:
                for key, value in record.items() if isinstance(record, dict) else ():
                    self.types.setdefault(key, set()).add(_type_of(value))
        return tuple(self.types), tuple(inner)


@contextlib.contextmanager
def open_rows(
    path: str | Path,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    encoding: str = "auto",
    name: str | None = None,
) -> Iterator[RowFile]:
    """A file's rows; arguments and errors as of `read_pairs`.

    A hub set is no file. JSON that is one list is held as a whole.
    """
    name = name or str(path)
    columns = {field: composed(column) for field, column in (columns or {}).items()}
    format = check_call(name, format, columns, (0.0, 5.0))
    if format == "hub":
        raise InputError(f"{name}: is no file; dalmeum predict scores data sets of the hub")
    with contextlib.ExitStack() as stack:
        opened = open_format(Path(path), name, format, columns, check_encoding(encoding))
        kind, file, text = opened.__enter__()
        # Closed without a word of what went wrong meanwhile: that is no fault of this file's.
        stack.callback(opened.__exit__, None, None, None)
        yield RowFile(Path(path), name, kind, file, text, columns)


def _parts(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    return iter(lambda: list(itertools.islice(rows, size)), [])


def _type_of(value: object) -> type:
    if type(value) is int and not -EXACT <= value <= EXACT:
        return Wide if -LARGEST <= value < LARGEST else object
    return type(value)


def _fields_frame(names: Sequence[str], block: Sequence[tuple[int, list[str]]]) -> Frame:
    def load(wanted: Sequence[str]) -> Columns:
        places = {name: names.index(name) for name in wanted}
        return Columns(
            {name: [fields[place] for _, fields in block] for name, place in places.items()},
            [number for number, _ in block],
        )

    return Frame(tuple(names), load, "line")


@contextlib.contextmanager
def _parquet_told(problems: Problems) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError):
        problems.add(NOT_PARQUET)
        problems.raise_any()


def _tables(file: BinaryIO, size: int) -> Iterator[Any]:
    """Of `size` rows each, wherever the file's own groups of rows end."""
    import pyarrow

    held: list[Any] = []
    for batch in open_parquet(file).iter_batches(batch_size=size):
        held.append(batch)
        while sum(each.num_rows for each in held) >= size:
            table = pyarrow.Table.from_batches(held)
            yield table.slice(0, size)
            held = table.slice(size).to_batches()
    if held:
        yield pyarrow.Table.from_batches(held)
