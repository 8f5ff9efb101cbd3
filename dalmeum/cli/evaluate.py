"""dalmeum evaluate: scores of a run on labelled pairs, each with an interval."""

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
from dalmeum.cli.output import count, metrics_lines, note_warnings, print_json


def evaluate(
    run: RunArgument,
    file: Annotated[str, typer.Argument(help="Labelled pairs.")],
    threshold: Annotated[
        float | None,
        typer.Option(help="The lowest label that counts as similar, for F1; the run's own if not given."),
    ] = None,
    slices: Annotated[
        bool | None,
        typer.Option(help="Scores by source and by label bin, too; without being asked not in JSON."),
    ] = None,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Score labelled pairs: Pearson, Spearman, RMSE, MAE and F1, overall, by source and by label bin."""
    from dalmeum.evaluation.predict import evaluate_table, read_table
    from dalmeum.experiments.runs import load

    scorer = load(run, precision=precision, output=output)
    table = read_table(
        scorer, file, format=format, columns=parse_columns(columns), encoding=encoding, labels="required"
    )
    note_warnings(table.warnings)
    evaluation = evaluate_table(scorer, table, threshold)
    rows = len(table)
    metrics = evaluation.to_dict()
    if json:
        more = evaluation.slices_to_dict() if slices else {}
        print_json({"run": run, "file": file, "rows": rows, "metrics": metrics, **more})
        return
    print("\n".join(metrics_lines(metrics, count(rows, "pair"))))
    if slices is not False:
        print("\n".join(evaluation.slice_lines()))
