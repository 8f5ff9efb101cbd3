"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.data.readers import FORMATS
from dalmeum.errors import InputError

RunArgument = Annotated[str, typer.Argument(help="A run id under --output, or a run or model folder.")]
ColumnsOption = Annotated[
    str | None,
    typer.Option(metavar="FIELD=COLUMN,...", help="Columns by name, as in sentence1=question1,label=score."),
]
OutputOption = Annotated[Path, typer.Option(help="The folder of runs in which an id is looked up.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
FormatOption = Annotated[str, typer.Option(help=f"The data's format: {', '.join(FORMATS)}.")]
EncodingOption = Annotated[str, typer.Option(help="auto, utf-8 or cp949.")]
PrecisionOption = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]


def parse_columns(text: str | None) -> dict[str, str]:
    """`FIELD=COLUMN,...` as a mapping; `InputError` where a part is none."""
    columns: dict[str, str] = {}
    for part in text.split(",") if text else []:
        field, equals, column = part.partition("=")
        if not (equals and field.strip() and column.strip()):
            raise InputError(f"--columns: {part.strip()!r} is not FIELD=COLUMN, as in sentence1=question1")
        columns[field.strip()] = column.strip()
    return columns
