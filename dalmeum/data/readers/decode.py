"""From bytes to text: what can go wrong before a format matters."""

import codecs
import functools
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dalmeum.data.readers.problems import quoted
from dalmeum.errors import DataError, InputError
from dalmeum.languages import Text

ENCODINGS = ("auto", "utf-8", "cp949")

PIECE = 1 << 20
"""Bytes that are looked at together."""

_CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp949": "cp949", "euc_kr": "cp949"}

_NEITHER_ASCII_NOR_LOST = re.compile("[^\x00-\x7f\ufffd]")

_FOREIGN = {
    b"PK\x03\x04": "is a zip or Excel file; save it as CSV",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"\xff\xfe\x00\x00": "is UTF-32; save it as UTF-8",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
}


def check_encoding(encoding: str) -> str:
    """The encoding under its name in `ENCODINGS`; Python's other names for the same ones are taken too."""
    if encoding == "auto":
        return encoding
    try:
        return _CODECS[codecs.lookup(encoding).name]
    except (LookupError, ValueError):
        known = ", ".join(ENCODINGS)
        raise InputError(f"encoding {quoted(encoding)} is not known: choose one of {known}") from None


@dataclass
class TextFile:
    """The text of a file, read from its beginning as often as it is opened.

    Attributes:
        start: of the text, behind a byte-order mark.
        line_end: what its lines end with: a line feed, or the carriage return of old Macs.
        warnings: how it could be read all the same.
    """

    file: BinaryIO
    codec: str
    start: int
    line_end: str
    warnings: tuple[Text, ...] = ()
    _open: io.TextIOWrapper | None = None

    def open(self, newline: str | None = None) -> io.TextIOWrapper:
        """From the beginning, in lines that end with `newline`, by default `line_end`; "" is as for CSV."""
        if self._open is not None:
            self._open.detach()
        self.file.seek(self.start)
        self._open = io.TextIOWrapper(
            self.file, self.codec, newline=self.line_end if newline is None else newline
        )
        return self._open

    def read(self) -> str:
        return self.open("").read()


def check_magic(file: BinaryIO, name: str) -> None:
    """`DataError` for files of other programs."""
    start = file.read(4)
    file.seek(0)
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise DataError([f"{name}: {what}"])


def decode(file: BinaryIO, name: str, encoding: str) -> TextFile:
    """The text of a file, every byte of which is known to be text.

    "auto" is UTF-8 where the bytes are, else CP949 (what Korean Excel writes). A file of mostly good UTF-8 is
    damaged rather than CP949: as CP949 it would read without an error, and as nonsense. `DataError` where
    there is nothing in it, or nothing to make text from.
    """
    file.seek(0)
    start = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
    line_end = _look_through(file, start, name)
    codec = "cp949" if encoding == "cp949" else "utf-8"
    warnings: tuple[Text, ...] = ()
    if not _decodes(file, start, codec):
        if encoding == "auto" and not _mostly_utf8(file, start):
            codec = "cp949"
            warnings = (
                Text(f"{name}: is not UTF-8; read as CP949", f"{name}: UTF-8이 아니어서 CP949로 읽었습니다"),
            )
        if encoding != "auto" or codec == "utf-8" or not _decodes(file, start, codec):
            raise _undecodable(file, start, name, codec)
    return TextFile(file, codec, start, line_end, warnings)


def _pieces(file: BinaryIO, start: int) -> Iterator[bytes]:
    file.seek(start)
    yield from iter(functools.partial(file.read, PIECE), b"")


def _look_through(file: BinaryIO, start: int, name: str) -> str:
    """The end of its lines; `DataError` where the file is empty, or no text at all."""
    size = nuls = 0
    blank, line_end = True, "\r"
    for piece in _pieces(file, start):
        size += len(piece)
        nuls += piece.count(0)
        blank = blank and not piece.strip()
        if b"\n" in piece:
            line_end = "\n"
        # A single one is told later, with its line.
        if nuls > size // 10:
            raise DataError([f"{name}: is full of NUL bytes: no text, or UTF-16; save it as UTF-8"])
    if blank:
        raise DataError([f"{name}: is empty"])
    return line_end


def _decodes(file: BinaryIO, start: int, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for piece in _pieces(file, start):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(file: BinaryIO, start: int) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    for piece in _pieces(file, start):
        text = decoder.decode(piece)
        good += len(_NEITHER_ASCII_NOR_LOST.findall(text))
        bad += text.count("\ufffd")
    return good > bad


def _undecodable(file: BinaryIO, start: int, name: str, codec: str) -> DataError:
    """Where the text breaks off, and the mend."""
    first, byte, others, number = 0, b"", 0, 0
    file.seek(start)
    for number, line in enumerate(file, start=1):
        try:
            line.decode(codec)
        except UnicodeDecodeError as error:
            if first:
                others += 1
            else:
                first, byte = number, line[error.start : error.start + 1]
    what = f"{name}, line {first}: byte 0x{byte.hex()} is not {codec.upper()}"
    if others:
        what += f", and {others:,} more {'line is' if others == 1 else 'lines are'} like it"
    other = "cp949" if codec == "utf-8" else "utf-8"
    if not (codec == "utf-8" and _mostly_utf8(file, start)) and _decodes(file, start, other):
        what += f"; the file reads as {other.upper()}: set encoding to {other} or auto"
    else:
        what += "; save the file again as UTF-8"
    return DataError([what])
