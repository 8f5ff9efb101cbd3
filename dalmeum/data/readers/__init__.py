"""Reading pairs: one reader a format, one for what is in memory, and one line a problem."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, BinaryIO, Literal

from dalmeum.data.readers.build import MAX_CHARACTERS, TableBuilder, composed_table
from dalmeum.data.readers.decode import ENCODINGS, TextFile, check_encoding, check_magic, decode
from dalmeum.data.readers.delimited import TSV_MEND, delimited_frame, read_csv, read_tsv, tsv_records
from dalmeum.data.readers.formats import FORMATS, GENERIC
from dalmeum.data.readers.frame import Frame, composed
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.readers.hub import read_hub
from dalmeum.data.readers.memory import InMemory, read_memory
from dalmeum.data.readers.problems import Problems, did_you_mean, quoted
from dalmeum.data.readers.recognise import (
    BEGINNING,
    GENERIC_HEADER,
    is_headerless_stsb,
    looks_like_data,
    no_header,
    recognise_text,
)
from dalmeum.data.readers.records import is_parquet, read_json, read_jsonl, read_parquet
from dalmeum.data.readers.schema import (
    COMPETITION,
    FIELDS,
    KLUE_STS,
    KORSTS,
    SICK,
    STSB,
    STSB_CSV,
    STSB_FIELDS,
    UNLABELLED,
    Match,
    Schema,
    check_names,
    match_generic,
    match_strict,
)
from dalmeum.data.readers.sources import open_source, unreadable
from dalmeum.data.table import PairTable
from dalmeum.errors import DataError, InputError
from dalmeum.languages import Text
from dalmeum.numbers import range_fault

__all__ = ["ENCODINGS", "FORMATS", "MAX_CHARACTERS", "InMemory", "open_frame", "read_pairs"]


def read_pairs(
    source: str | Path | InMemory | PairTable,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    label_range: tuple[float, float] = (0.0, 5.0),
    labels: Literal["required", "optional", "unread"] = "optional",
    encoding: str = "auto",
    name: str | None = None,
) -> PairTable:
    """Read one file, hub data set, or what is in memory.

    Args:
        source: a path, or `hub:owner/name?config=...&split=...` for the `datasets` library. Or in memory: a
            frame of pandas, Polars, Arrow or the like, a `datasets.Dataset`, a mapping of names to columns,
            or a list of mappings, or of (sentence1, sentence2) or (sentence1, sentence2, label). A table is
            handed back as it is.
        format: one of `FORMATS`; "auto" looks at the file. The named formats are strict: a column that they
            don't know is a problem. "csv", "tsv", "jsonl", "parquet" and "hub" take columns by common names.
        columns: field of the `PairTable` to the file's column, for the generic formats, as in
            `{"sentence1": "question1"}`; an inner value is named `labels.real-label`.
        label_range: the lowest and the highest label; SICK's 1 to 5 lies within the default.
        labels: "required" where a table without labels is of no use; "unread" to leave those that there are.
        encoding: "auto" (UTF-8, with or without a byte-order mark, else CP949), "utf-8" or "cp949".
        name: what messages call it; by default the path, or what kind of thing it is.

    Raises:
        DataError: with every problem of the file, in the order of its lines.
        InputError: where the call itself is wrong, or a hub set can't be loaded.

    A sentence may be empty: a prediction for it can still be asked for. `check` calls it a problem.
    """
    label_range = _check_types(format, columns, label_range, labels, encoding, name)
    if isinstance(source, PairTable):
        if labels == "unread":
            none: dict[str, Any] = dict.fromkeys(UNLABELLED)
            source = dataclasses.replace(source, **none, label_range=label_range)
        if labels == "required" and source.label is None:
            raise DataError([f"{name or source.name or 'the table'}: has no labels"])
        if source.label_range != label_range:
            was, wanted = ("{:g}..{:g}".format(*each) for each in (source.label_range, label_range))
            raise InputError(
                f"{name or source.name or 'the table'}: was read with labels of {was}, and {wanted} is "
                "wanted: read it with that label_range, or set data.label_range"
            )
        return composed_table(source)
    name = name or (str(source) if isinstance(source, str | Path) else f"the {type(source).__name__}")
    columns = {field: composed(column) for field, column in (columns or {}).items()}
    format = check_call(name, format, columns, label_range)
    encoding = check_encoding(encoding)
    problems = Problems(name)
    required = labels == "required"

    def build(format: str, frame: Frame, warnings: tuple[Text, ...] = ()) -> PairTable:
        fields, told = matched(format, frame.names, columns, required, problems, header=frame.header)
        if labels == "unread":
            fields = {field: column for field, column in fields.items() if field not in UNLABELLED}
        schema = _schema(format, frame.names)
        id_from = schema.id_from if schema else ()
        return TableBuilder(frame, fields, problems).build(label_range, required, id_from, warnings + told)

    if not isinstance(source, str | Path):
        if format not in ("auto", *GENERIC):
            raise InputError(f"{name}: format {format} is a file's; leave it out for data in memory")
        return build("memory", read_memory(source, problems))
    if format == "hub":
        return build(format, read_hub(name, problems))
    with open_frame(Path(source), problems, format=format, columns=columns, encoding=encoding) as (
        format,
        text,
        frame,
    ):
        return build(format, frame, text.warnings if text else ())


def matched(
    format: str,
    names: Sequence[str],
    columns: Mapping[str, str],
    labels_required: bool,
    problems: Problems,
    *,
    header: bool,
) -> Match:
    """Which column holds which field; `header` as in `Frame`. `DataError` where there are no names."""
    if not names:
        problems.raise_any()
    schema = _schema(format, names)
    if header:
        _check_header(names, schema, columns, problems)
    check_names(names, problems)
    if schema:
        return match_strict(names, schema, labels_required, problems)
    return match_generic(names, columns, labels_required, problems)


@contextlib.contextmanager
def open_frame(
    path: Path,
    problems: Problems,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    encoding: str = "auto",
) -> Iterator[tuple[str, TextFile | None, Frame]]:
    """The format of a file, its text (None of Parquet) and its columns, for as long as it is open.

    Raises `DataError` where it is none of the formats, `InputError` where it can't be read.
    """
    with open_format(path, problems.name, format, columns or {}, encoding) as (format, file, text):
        yield format, text, read_parquet(file, problems) if text is None else frame_of(format, text, problems)


@contextlib.contextmanager
def open_format(
    path: Path, name: str, format: str, columns: Mapping[str, str], encoding: str
) -> Iterator[tuple[str, BinaryIO, TextFile | None]]:
    """The format of a file, the file, and its text (None of Parquet); errors as of `open_frame`."""
    with open_source(path, name) as file:
        try:
            check_magic(file, name)
            if format == "parquet" or (format == "auto" and is_parquet(file)):
                yield "parquet", file, None
                return
            text = decode(file, name, encoding)
            if format == "auto":
                format = recognise_text(_beginning(text), path.suffix.lower(), columns)
            yield format, file, text
        except OSError as error:
            raise unreadable(name, error) from None


def frame_of(format: str, text: TextFile, problems: Problems) -> Frame:
    """The columns of a text in one of the formats."""
    return _TEXT_READERS[format](text, problems)


def _beginning(text: TextFile) -> str:
    """Where there is more than white space."""
    pieces = iter(functools.partial(text.open("").read, BEGINNING), "")
    return next((piece.lstrip() for piece in pieces if not piece.isspace()), "")


def _check_header(
    names: Sequence[str], schema: Schema | None, named: Mapping[str, str], problems: Problems
) -> None:
    """`DataError`, and nothing else, where the names are data: whatever follows from that would be noise."""
    if schema:
        known = bool({*names} & {*schema.columns, *schema.others})
    else:
        told, _ = match_generic(names, named, False, Problems(problems.name))
        known = bool(told.keys() & {"sentence1", "sentence2"}) or not (
            looks_like_data(names) or (not told and not named)
        )
    if not known:
        problems.add(no_header(names, ",".join(schema.fields.values()) if schema else GENERIC_HEADER))
        problems.raise_any()


def _read_stsb_csv(text: TextFile, problems: Problems) -> Frame:
    return read_csv(text, problems, header=STSB_CSV.columns)


def _read_korsts(text: TextFile, problems: Problems) -> Frame:
    """With a header, or without, as the STS benchmark came first."""
    _, first = next(tsv_records(text.open()), (0, []))
    if not is_headerless_stsb(first):
        return read_tsv(text, problems)
    return delimited_frame(tsv_records(text.open()), problems, STSB_FIELDS, TSV_MEND, len(STSB_FIELDS) - 2)


_TEXT_READERS: Mapping[str, Callable[[TextFile, Problems], Frame]] = {
    "competition": read_csv,
    "klue-sts": read_json,
    "korsts": _read_korsts,
    "stsb-csv": _read_stsb_csv,
    "sick": read_tsv,
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": read_jsonl,
}


def _schema(format: str, names: Sequence[str]) -> Schema | None:
    if format == "korsts" and {"index", "old_index"} & set(names):
        return STSB
    strict = {
        "competition": COMPETITION,
        "klue-sts": KLUE_STS,
        "korsts": KORSTS,
        "stsb-csv": STSB_CSV,
        "sick": SICK,
    }
    return strict.get(format)


def _check_types(
    format: Any, columns: Any, label_range: Any, labels: Any, encoding: Any, name: Any
) -> tuple[float, float]:
    """`label_range` as two numbers; `InputError` where an option is of another kind than it says."""
    for option, value in (("format", format), ("encoding", encoding), ("name", name or "")):
        if not isinstance(value, str):
            raise InputError(f"{option}={value!r:.80}: give it as text, or leave it out")
    if labels not in ("required", "optional", "unread"):
        raise InputError(f"labels must be 'required', 'optional' or 'unread', not {quoted(labels)}")
    named = columns.items() if isinstance(columns, Mapping) else [] if columns is None else [(None, None)]
    if not all(isinstance(part, str) for pair in named for part in pair):
        raise InputError(
            f"columns={columns!r:.80}: give each field the name of its column, "
            "as in {'sentence1': 'question1'}"
        )
    ends = label_range if isinstance(label_range, tuple | list) else ()
    if len(ends) != 2 or not all(isinstance(end, Real) and not isinstance(end, bool) for end in ends):
        raise InputError(
            f"label_range={label_range!r:.80}: give the lowest and the highest label, as in (0, 5)"
        )
    return float(ends[0]), float(ends[1])


def check_call(name: str, format: str, columns: Mapping[str, str], label_range: tuple[float, float]) -> str:
    if not name.strip():
        raise InputError("the name of a data file is empty")
    if format == "auto" and name.startswith(HUB_PREFIX):
        format = "hub"
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or f"; choose from {', '.join(FORMATS)}"
        raise InputError(f"unknown format {quoted(format)}{hint}")
    if columns and format not in ("auto", *GENERIC):
        raise InputError(f"columns can be named for {', '.join(GENERIC)}; format {format} has its own")
    for field in columns:
        if field not in FIELDS:
            hint = did_you_mean(field, FIELDS) or f"; choose from {', '.join(FIELDS)}"
            raise InputError(f"columns: unknown field {quoted(field)}{hint}")
    if fault := range_fault(*label_range):
        raise InputError(f"label range {fault}")
    return format
