"""dalmeum predict: scores for a file of pairs."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import (
    ColumnsOption,
    EncodingOption,
    FormatOption,
    JsonOption,
    OutputOption,
    PrecisionOption,
    RunArgument,
    parse_columns,
)
from dalmeum.cli.output import count, note_warnings, print_json


def predict(
    run: RunArgument,
    file: Annotated[str, typer.Argument(help="Pairs to score; labels are not needed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV file to write.")],
    submission: Annotated[
        bool, typer.Option("--submission", help="Write id,target, clipped to the label range, for a board.")
    ] = False,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Score the pairs of a file and write id,label,prediction,binary_prediction, or a submission file."""
    from dalmeum.evaluation.predict import read_table, score_table
    from dalmeum.experiments.predictions import write_predictions, write_submission
    from dalmeum.experiments.runs import load

    scorer = load(run, precision=precision, output=output)
    table = read_table(scorer, file, format=format, columns=parse_columns(columns), encoding=encoding)
    predictions = score_table(scorer, table)
    note_warnings(table.warnings)
    if submission:
        write_submission(out, table, predictions)
    else:
        write_predictions(out, table, predictions)
    if json:
        print_json({"run": run, "file": file, "rows": len(table), "out": str(out)})
    else:
        print(f"{count(len(table), 'pair')} scored: {out}")
