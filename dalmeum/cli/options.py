"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

RunArgument = Annotated[str, typer.Argument(help="A run id under --output, or a run or model folder.")]
OutputOption = Annotated[Path, typer.Option(help="The folder of runs in which an id is looked up.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
FormatOption = Annotated[str, typer.Option(help="The data's format; auto recognises it.")]
EncodingOption = Annotated[str, typer.Option(help="auto, utf-8 or cp949.")]
PrecisionOption = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
