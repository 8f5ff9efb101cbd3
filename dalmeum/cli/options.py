"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import help_text
from dalmeum.data.readers import FORMATS
from dalmeum.errors import InputError

RunArgument = Annotated[
    str,
    typer.Argument(
        help=help_text(
            "A run id under --output, or a run or model folder.",
            "--output 아래의 실행 id, 또는 실행이나 모델의 폴더.",
        )
    ),
]
ColumnsOption = Annotated[
    str | None,
    typer.Option(
        metavar="FIELD=COLUMN,...",
        help=help_text(
            "Columns by name, as in sentence1=question1,label=score.",
            "열 이름. 예: sentence1=question1,label=score.",
        ),
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option(
        help=help_text("The folder of runs in which an id is looked up.", "id를 찾을 실행들의 폴더.")
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help=help_text(
            "Print one JSON object on standard output.", "표준 출력에 JSON 객체 하나를 출력합니다."
        ),
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(help=help_text("The data's format: {}.", "데이터 형식: {}.").format(", ".join(FORMATS))),
]
EncodingOption = Annotated[
    str, typer.Option(help=help_text("auto, utf-8 or cp949.", "auto, utf-8, cp949 중 하나."))
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        help=help_text("auto, float32, bfloat16 or float16.", "auto, float32, bfloat16, float16 중 하나.")
    ),
]


def parse_columns(text: str | None) -> dict[str, str]:
    """`FIELD=COLUMN,...` as a mapping; `InputError` where a part is none."""
    columns: dict[str, str] = {}
    for part in text.split(",") if text else []:
        field, equals, column = part.partition("=")
        if not (equals and field.strip() and column.strip()):
            raise InputError(f"--columns: {part.strip()!r} is not FIELD=COLUMN, as in sentence1=question1")
        columns[field.strip()] = column.strip()
    return columns
