"""Telling a file's format from its beginning."""

import re
from collections.abc import Collection, Sequence

from dalmeum.data.readers.delimited import first_csv_record
from dalmeum.data.readers.frame import composed
from dalmeum.data.readers.schema import COMPETITION, KORSTS, SICK, STSB, STSB_FIELDS, listed

BEGINNING = 1 << 16
"""Characters that tell it."""

GENERIC_HEADER = "sentence1,sentence2,label"

_SENTENCE = re.compile(r"(\S\s+\S.*|.{5,})[.!?…。！？][\"'”’)]*$")
"""What ends as sentences do, and is more than the `No.` of a table."""

# A sentence may begin with a bracket, as headlines do: what follows it tells JSON from them.
_JSON_LIST = re.compile(r"\[\s*(?:[\[{\]]|$)")
_JSON_OBJECT = re.compile(r"\{\s*[\"}]")


def recognise_text(text: str, suffix: str, named: Collection[str] = ()) -> str:
    """The name of the format of a text file.

    `suffix` is the end of its name, which matters only for JSON too broken to look like it. `named` are the
    columns that the user has named: then the format is a generic one. A strict format is recognised although
    a column of it is missing or misspelt: to say so helps more than to read on.
    """
    start = text.lstrip()[:BEGINNING]
    if _JSON_LIST.match(start) or (suffix == ".json" and start.startswith("[")):
        return "klue-sts" if '"labels"' in start and not named else "jsonl"
    if _JSON_OBJECT.match(start) or suffix in {".json", ".jsonl", ".ndjson"}:
        return "jsonl"
    line = start.split("\n", 1)[0].rstrip("\r")
    if line.count("\t") > line.count(","):
        fields = [composed(name.strip()) for name in line.split("\t")]
        return "tsv" if named else _recognise_tsv(fields)
    fields = first_csv_record(start)
    return "csv" if named else _recognise_csv([composed(field.strip()) for field in fields])


def _recognise_tsv(fields: list[str]) -> str:
    names = set(fields)
    if len(names & {*KORSTS.columns, *STSB.columns}) >= 4 or is_headerless_stsb(fields):
        return "korsts"
    # "pair_ID" alone is anyone's; with a sentence or the score of SICK it is SICK's.
    return "sick" if len(names & {*SICK.columns}) >= 3 else "tsv"


def is_headerless_stsb(fields: Sequence[str]) -> bool:
    """Whether a first record is a pair of the original STS benchmark: `genre filename year id score sentence1
    sentence2`, and for some pairs where they are from.
    """
    return len(fields) in range(len(STSB_FIELDS) - 2, len(STSB_FIELDS) + 1) and _is_number(fields[4])


def looks_like_data(fields: Sequence[str]) -> bool:
    """Whether a first record holds what names of columns hardly do: a number, or a whole sentence."""
    return any(
        _is_number(field) or len(field.split()) > 3 or len(field) > 60 or _SENTENCE.search(field)
        for field in fields
    )


def no_header(names: Sequence[str], header: str = GENERIC_HEADER) -> str:
    """The one line for a file whose first line is data, or may be; `header` is what belongs above it."""
    first, mend = listed(names[:3]), f"put a line with the columns' names above it, as in {header}"
    if header != GENERIC_HEADER or looks_like_data(names):
        return f"no header: its first line, {first}, is data already: {mend}"
    return (
        f"no header, or none with names that are known: if its first line, {first}, is data already, {mend}; "
        "else name those of the sentences: --columns sentence1=NAME,sentence2=NAME, in a recipe data.columns"
    )


def _recognise_csv(fields: list[str]) -> str:
    names = set(fields)
    if names & {"sentence_1", "sentence_2"} and len(names & {*COMPETITION.columns, *COMPETITION.others}) >= 3:
        return "competition"
    return "stsb-csv" if len(fields) == 3 and _is_number(fields[2]) else "csv"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
