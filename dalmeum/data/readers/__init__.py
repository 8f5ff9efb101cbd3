"""Reading pairs: one reader a format, one for what is in memory, and one line a problem."""

import math
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, Literal

from dalmeum.data.readers.build import MAX_CHARACTERS, TableBuilder
from dalmeum.data.readers.decode import ENCODINGS, check_encoding, decode, read_bytes
from dalmeum.data.readers.delimited import read_csv, read_tsv
from dalmeum.data.readers.formats import FORMATS, GENERIC
from dalmeum.data.readers.frame import Frame
from dalmeum.data.readers.hub import PREFIX as HUB_PREFIX
from dalmeum.data.readers.hub import read_hub
from dalmeum.data.readers.memory import InMemory, read_memory
from dalmeum.data.readers.problems import Problems, did_you_mean, quoted
from dalmeum.data.readers.recognise import recognise_text
from dalmeum.data.readers.records import read_json, read_jsonl, read_parquet
from dalmeum.data.readers.schema import (
    COMPETITION,
    FIELDS,
    KLUE_STS,
    KORSTS,
    SICK,
    STSB,
    STSB_CSV,
    Schema,
    match_generic,
    match_strict,
)
from dalmeum.data.table import PairTable
from dalmeum.errors import DataError, InputError
from dalmeum.languages import Text

__all__ = ["ENCODINGS", "FORMATS", "MAX_CHARACTERS", "InMemory", "read_pairs"]


def read_pairs(
    source: str | Path | InMemory | PairTable,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    label_range: tuple[float, float] = (0.0, 5.0),
    labels: Literal["required", "optional"] = "optional",
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
        labels: "required" where a table without labels is of no use.
        encoding: "auto" (UTF-8, with or without a byte-order mark, else CP949), "utf-8" or "cp949".
        name: what messages call it; by default the path, or what kind of thing it is.

    Raises:
        DataError: with every problem of the file, in the order of its lines.
        InputError: where the call itself is wrong, or a hub set can't be loaded.

    A sentence may be empty: a prediction for it can still be asked for. `check` calls it a problem.
    """
    label_range = _check_types(format, columns, label_range, labels, encoding, name)
    if isinstance(source, PairTable):
        if labels == "required" and source.label is None:
            raise DataError([f"{name or source.name or 'the table'}: has no labels"])
        if source.label_range != label_range:
            was, wanted = ("{:g}..{:g}".format(*each) for each in (source.label_range, label_range))
            raise InputError(
                f"{name or source.name or 'the table'}: was read with labels of {was}, and {wanted} is "
                "wanted: read it with that label_range, or set data.label_range"
            )
        return source
    name = name or (str(source) if isinstance(source, str | Path) else f"the {type(source).__name__}")
    format = _check_call(name, format, columns or {}, label_range)
    encoding = check_encoding(encoding)
    problems = Problems(name)
    warnings: tuple[Text, ...] = ()
    if not isinstance(source, str | Path):
        if format not in ("auto", *GENERIC):
            raise InputError(f"{name}: format {format} is a file's; leave it out for data in memory")
        format, frame = "memory", read_memory(source, problems)
    elif format == "hub":
        frame = read_hub(name, problems)
    else:
        data = read_bytes(Path(source), name)
        if format == "parquet" or (format == "auto" and data.startswith(b"PAR1")):
            format, frame = "parquet", read_parquet(data, problems)
        else:
            text, warnings = decode(data, name, encoding)
            if format == "auto":
                format = recognise_text(text, Path(source).suffix.lower(), columns or ())
            frame = _TEXT_READERS[format](text, problems)
    if not frame.columns:
        problems.raise_any()
    schema = _schema(format, frame)
    required = labels == "required"
    if schema:
        fields = match_strict(tuple(frame.columns), schema, required, problems)
    else:
        fields, guesses = match_generic(tuple(frame.columns), columns or {}, required, problems)
        warnings += guesses
    id_from = schema.id_from if schema else ()
    return TableBuilder(frame, fields, problems).build(label_range, required, id_from, warnings)


def _read_stsb_csv(text: str, problems: Problems) -> Frame:
    return read_csv(text, problems, header=STSB_CSV.columns)


_TEXT_READERS: Mapping[str, Callable[[str, Problems], Frame]] = {
    "competition": read_csv,
    "klue-sts": read_json,
    "korsts": read_tsv,
    "stsb-csv": _read_stsb_csv,
    "sick": read_tsv,
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": read_jsonl,
}


def _schema(format: str, frame: Frame) -> Schema | None:
    if format == "korsts" and {"index", "old_index"} & set(frame.columns):
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
    if labels not in ("required", "optional"):
        raise InputError(f"labels must be 'required' or 'optional', not {quoted(labels)}")
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


def _check_call(name: str, format: str, columns: Mapping[str, str], label_range: tuple[float, float]) -> str:
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
    low, high = label_range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"label range {low:g}..{high:g} is empty: give a lower and a higher number")
    return format
