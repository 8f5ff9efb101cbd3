"""Options of the commands over many sentences, and what they print."""

import sys
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from dalmeum.cli.help import help_text
from dalmeum.cli.output import note_warnings, print_json
from dalmeum.files import is_device
from dalmeum.languages import Text

CorpusArgument = Annotated[
    str,
    typer.Argument(
        help=help_text(
            "A sentence a line, or CSV, TSV, JSONL or Parquet; - for standard input.",
            "한 줄에 한 문장인 텍스트, 또는 CSV, TSV, JSONL, Parquet. 표준 입력이면 -.",
        )
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        metavar="RUN",
        help=help_text(
            "A bi-encoder: a run, or a model or SentenceTransformer folder.",
            "바이 인코더. 실행이나 모델, SentenceTransformer의 폴더.",
        ),
    ),
]
IndexOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=help_text(
            "Keep the vectors in this file, and take them from it the next time.",
            "벡터를 이 파일에 두고 다음에는 거기서 읽습니다.",
        ),
    ),
]
RebuildOption = Annotated[
    bool,
    typer.Option(
        "--rebuild",
        help=help_text(
            "Replace an index of another corpus or model; known sentences are not embedded again.",
            "말뭉치나 모델이 달라진 인덱스를 새로 만듭니다. 이미 있는 문장은 다시 임베딩하지 않습니다.",
        ),
    ),
]
ColumnOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=help_text("The column with the sentences.", "문장이 들어 있는 열."),
    ),
]
SentenceFormatOption = Annotated[
    str,
    typer.Option(
        help=help_text(
            "text, csv, tsv, jsonl or parquet; by default by the end of the name.",
            "text, csv, tsv, jsonl, parquet 중 하나. 주지 않으면 파일 이름의 끝으로 정합니다.",
        )
    ),
]
ResultsOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help=help_text(
            "Write the results: .csv, .tsv, .jsonl or .parquet.",
            "결과를 쓸 파일. .csv, .tsv, .jsonl, .parquet 중 하나.",
        ),
    ),
]

WRITTEN = Text("written: {out}", "결과: {out}")


class Results(Protocol):
    """What `dalmeum.search` and `dalmeum.near` answer."""

    @property
    def warnings(self) -> tuple[Text, ...]: ...

    def to_dict(self) -> dict[str, Any]: ...

    def write(self, out: str | Path) -> None: ...


def show(results: Results, out: Path | None, json: bool) -> None:
    """Write the results, or print them."""
    note_warnings(results.warnings)
    if out is not None:
        results.write(out)
    if json:
        print_json(results.to_dict())
    elif out is None:
        print(results)
    else:
        print(WRITTEN.format(out=out), file=sys.stderr if is_device(out) else sys.stdout)
