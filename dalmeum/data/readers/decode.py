"""From a path to text: what can go wrong before a format matters."""

import codecs
import difflib
import re
from pathlib import Path

from dalmeum.data.readers.problems import quoted
from dalmeum.errors import DataError, InputError
from dalmeum.languages import Text

ENCODINGS = ("auto", "utf-8", "cp949")

_CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp949": "cp949", "euc_kr": "cp949"}

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


def read_bytes(path: Path, name: str) -> bytes:
    """The whole file; `DataError` where there is none, or nothing in it, or nothing to make text from."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError([f"{name}: no such file{_hint(path, name)}"]) from None
    except IsADirectoryError:
        raise DataError([f"{name}: is a folder; name a file"]) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise DataError([f"{name}: can't be read: {reason}"]) from None
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError([f"{name}: is empty"])
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise DataError([f"{name}: {what}"])
    return data


def decode(data: bytes, name: str, encoding: str) -> tuple[str, tuple[Text, ...]]:
    """The text without a byte-order mark, and warnings.

    "auto" is UTF-8 where the bytes are, else CP949 (what Korean Excel writes). A file of mostly good UTF-8 is
    damaged rather than CP949: as CP949 it would read without an error, and as nonsense.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.count(b"\x00") > len(data) // 10:
        # A single one is told later, with its line.
        raise DataError([f"{name}: is full of NUL bytes: no text, or UTF-16; save it as UTF-8"])
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # the line ends of old Macs
    if encoding == "cp949":
        return _decode_strictly(data, name, "cp949"), ()
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        if encoding == "auto" and not _mostly_utf8(data):
            told = Text(
                f"{name}: is not UTF-8; read as CP949", f"{name}: UTF-8이 아니어서 CP949로 읽었습니다"
            )
            return _decode_strictly(data, name, "cp949"), (told,)
        return _decode_strictly(data, name, "utf-8"), ()


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    return len(re.findall("[^\x00-\x7f\ufffd]", text)) > text.count("\ufffd")


def _decode_strictly(data: bytes, name: str, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        first = data.count(b"\n", 0, error.start) + 1
        others = sum(not _decodes(line, codec) for line in data.split(b"\n")[first:])
        what = f"{name}, line {first}: byte 0x{data[error.start]:02x} is not {codec.upper()}"
        if others:
            what += f", and {others:,} more {'line is' if others == 1 else 'lines are'} like it"
        other = "cp949" if codec == "utf-8" else "utf-8"
        if not (codec == "utf-8" and _mostly_utf8(data)) and _decodes(data, other):
            what += f"; the file reads as {other.upper()}: set encoding to {other} or auto"
        else:
            what += "; save the file again as UTF-8"
        raise DataError([what]) from None


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _hint(path: Path, name: str) -> str:
    if "://" in name:
        return "; it looks like a URL: download the file and name it"
    if any(sign in name for sign in "*?["):
        return "; it looks like a pattern: name one file"
    try:
        # By stems: a shared .csv would make any two short names alike.
        names = {file.stem: file.name for file in path.parent.iterdir()}
    except (OSError, ValueError):
        return ""
    if path.is_symlink():
        return ": it is a link that leads nowhere"
    nearest = difflib.get_close_matches(path.stem, names, n=1)
    return f"; did you mean {quoted(names[nearest[0]])}?" if nearest else ""
