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
            "A run id under --output, latest, or a run or model folder.",
            "--output 아래의 실행 id, latest, 또는 실행이나 모델의 폴더.",
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
LabelRangeOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        metavar="LOW HIGH",
        help=help_text(
            "Lowest and highest label of the file, where it has another scale than the run.",
            "파일의 레이블이 실행과 다른 척도일 때 가장 낮은 레이블과 가장 높은 레이블.",
        ),
    ),
]
BackendOption = Annotated[
    str,
    typer.Option(
        help=help_text(
            "auto, torch, onnx or onnx-int8; auto is the quickest that answers as the model does.",
            "auto, torch, onnx, onnx-int8 중 하나. auto는 모델과 점수가 맞는 것 가운데 가장 빠른 것.",
        )
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        help=help_text("auto, float32, bfloat16 or float16.", "auto, float32, bfloat16, float16 중 하나.")
    ),
]

SelfContainedOption = Annotated[
    bool,
    typer.Option(
        "--self-contained",
        help=help_text(
            "Write the page as one file of about 5 MB, to be moved or mailed.",
            "페이지를 옮기거나 메일로 보낼 수 있게 파일 하나(약 5 MB)로 씁니다.",
        ),
    ),
]
TrustCodeOption = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help=help_text(
            "Run the code of a model of somebody's own kind.",
            "직접 만든 종류의 모델이 지정한 코드를 실행합니다.",
        ),
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
