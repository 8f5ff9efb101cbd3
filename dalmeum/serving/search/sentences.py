"""Sentences to search in, or to search for: a line each, or a column of a file."""

import hashlib
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dalmeum.data.readers import frame_of
from dalmeum.data.readers.build import TableBuilder
from dalmeum.data.readers.decode import TextFile, check_encoding, check_magic, decode
from dalmeum.data.readers.frame import Columns, Frame, composed
from dalmeum.data.readers.problems import Problems, Unit, did_you_mean, quoted
from dalmeum.data.readers.recognise import looks_like_data
from dalmeum.data.readers.records import is_parquet, read_parquet
from dalmeum.data.readers.schema import check_names
from dalmeum.data.readers.sources import open_source, unreadable
from dalmeum.errors import InputError
from dalmeum.languages import Text, counted

TEXT = "text"
FORMATS = ("auto", TEXT, "csv", "tsv", "jsonl", "parquet")

ENDINGS: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
"""Of a file's name, and its format; of any other name a line is a sentence."""

NAMES = ("sentence", "text", "query", "document", "문장", "sentence1", "sentence_1")
"""Of a column, of those that are looked for where none is named; the first that is there."""

STANDARD_INPUT = "standard input"

DIGEST = 16
"""Bytes by which a sentence is known again."""

EMPTY = Text("{name}: {count} without a sentence left out", "{name}: 문장이 없는 {number:,}개를 뺐습니다")
TABS = Text(
    "{name}: its first line holds tabs and is read as one sentence: --format tsv reads columns",
    "{name}: 첫 줄에 탭이 있지만 문장 하나로 읽었습니다. 열로 읽으려면 --format tsv",
)


@dataclass(frozen=True)
class Sentences:
    """Different sentences, in the order in which they first stand there.

    Attributes:
        texts: (n,), composed to NFC, without white space around them.
        lines: of each, where it stands: lines of a text, CSV or TSV file, numbers of records of another, or
            places in a list, all from 1.
        name: what messages call them.
    """

    texts: tuple[str, ...]
    lines: tuple[tuple[int, ...], ...]
    name: str
    warnings: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def count(self) -> int:
        """Of all sentences, however often one stands there."""
        return sum(map(len, self.lines))

    def digests(self) -> bytes:
        """Those of all of them, one after the other."""
        return b"".join(map(digest, self.texts))


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=DIGEST).digest()


def read_sentences(
    source: str | Path | Iterable[str],
    *,
    column: str | None = None,
    format: str = "auto",
    encoding: str = "auto",
    name: str | None = None,
) -> Sentences:
    """Read the sentences of a file (`-` is standard input), or of a list.

    Args:
        source: text with a sentence a line; CSV, TSV, JSON lines or Parquet by the end of its name.
        column: that holds the sentences; by default one that is called as such columns are (`NAMES`).
        format: one of `FORMATS`.
        encoding: as in `read_pairs`.

    Raises `DataError` with all that is wrong with them, `InputError` where the call is.
    """
    if format not in FORMATS:
        raise InputError(f"unknown format {quoted(format)}: choose from {', '.join(FORMATS)}")
    encoding = check_encoding(encoding)
    name = name or (str(source) if isinstance(source, str | Path) else f"the {type(source).__name__}")
    if not isinstance(source, str | Path):
        if isinstance(source, bytes | Mapping) or hasattr(source, "columns"):
            raise InputError(f"{name}: pass a file, or one column as a list of texts")
        texts = list(source)
        return _different(_frame(texts, range(1, len(texts) + 1), "record"), "sentence", Problems(name))
    if str(source) == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed: name a file")
        file: BinaryIO = io.BytesIO(sys.stdin.buffer.read())
        return _read(file, STANDARD_INPUT, column, TEXT if format == "auto" else format, encoding)
    if format == "auto":
        format = ENDINGS.get(Path(source).suffix.lower(), format)
    with open_source(Path(source), name) as file:
        try:
            return _read(file, name, column, format, encoding)
        except OSError as error:
            raise unreadable(name, error) from None


def read_queries(
    given: str | Path | Iterable[str],
    *,
    column: str | None = None,
    format: str = "auto",
    encoding: str = "auto",
) -> Sentences:
    """As `read_sentences`; a text that names no file, and does not look as if it did, is a query itself."""
    if isinstance(given, str) and given != "-" and not os.path.exists(given) and not _like_file(given):
        return read_sentences([given], name="the query")
    return read_sentences(given, column=column, format=format, encoding=encoding)


def _like_file(text: str) -> bool:
    path = Path(text)
    one_word = len(text.split()) == 1
    return one_word and (path.suffix.lower() in {".txt", ".gz", *ENDINGS} or os.sep in text)


def _read(file: BinaryIO, name: str, column: str | None, format: str, encoding: str) -> Sentences:
    problems = Problems(name)
    check_magic(file, name)
    if format == "parquet" or (format == "auto" and is_parquet(file)):
        frame = read_parquet(file, problems)
        return _different(frame, _column(frame, column, problems), problems)
    text = decode(file, name, encoding)
    if format in ("auto", TEXT):
        if column is not None:
            raise InputError(
                f"{name}: is read as a sentence a line, which has no columns: leave --column out, or say "
                "--format csv, tsv, jsonl or parquet"
            )
        lines = [line.removesuffix("\n").removesuffix("\r") for line in text.open()]
        if "\t" in lines[0]:
            problems.notes.append(TABS.format(name=name))
        frame = _frame(lines, range(1, len(lines) + 1), "line")
        return _different(frame, "sentence", problems, text)
    frame = frame_of(format, text, problems)
    return _different(frame, _column(frame, column, problems), problems, text)


def _frame(texts: Sequence[object], numbers: Sequence[int], unit: Unit) -> Frame:
    return Frame(("sentence",), lambda _: Columns({"sentence": texts}, numbers), unit)


def _column(frame: Frame, column: str | None, problems: Problems) -> str:
    """The name of the column with the sentences."""
    names, name = frame.names, problems.name
    if not names:
        problems.raise_any()
    check_names(names, problems)
    problems.raise_any()
    listed = ", ".join(map(quoted, names[:20]))
    if column is not None:
        wanted = composed(column)
        if wanted not in names:
            hint = did_you_mean(wanted, names) or f": it has {listed}"
            raise InputError(f"{name}: has no column {quoted(column)}{hint}")
        return wanted
    folded = {each.casefold(): each for each in reversed(names)}
    known = next((folded[each] for each in NAMES if each in folded), None)
    if known is not None:
        return known
    if frame.header and looks_like_data(names):
        raise InputError(
            f"{name}: its first line, {listed}, is data already: put the columns' names above it, or say "
            "--format text where a line is a sentence"
        )
    raise InputError(f"{name}: say with --column which column holds the sentences: it has {listed}")


def _different(frame: Frame, column: str, problems: Problems, text: TextFile | None = None) -> Sentences:
    """The sentences of a column, each once; `DataError` with all that is wrong."""
    loaded = frame.load((column,))
    # A row without a sentence is no harm to the others.
    values = ["" if value is None else value for value in loaded.values[column]]
    whole = Columns({column: values}, loaded.numbers)
    checked = Frame((column,), lambda _: whole, frame.unit)
    texts, _ = TableBuilder(checked, {"sentence1": column}, problems).sentences()
    problems.raise_any()
    places: dict[str, list[int]] = {}
    for number, sentence in zip(whole.numbers, texts, strict=True):
        places.setdefault(sentence.strip(), []).append(number)
    empty = places.pop("", [])
    if not places:
        problems.add("holds no sentence")
        problems.raise_any()
    rows = counted(len(empty), "line" if frame.unit == "line" else "record")
    told = (EMPTY.format(name=problems.name, count=rows, number=len(empty)),) if empty else ()
    warnings = (*(text.warnings if text else ()), *problems.notes, *told)
    return Sentences(tuple(places), tuple(map(tuple, places.values())), problems.name, warnings)
