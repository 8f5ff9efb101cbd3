"""dalmeum evaluate: scores of a run on labelled pairs, each with an interval."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import (
    EncodingOption,
    FormatOption,
    JsonOption,
    OutputOption,
    PrecisionOption,
    RunArgument,
)
from dalmeum.cli.output import count, metrics_lines, note_warnings, print_json


def evaluate(
    run: RunArgument,
    file: Annotated[str, typer.Argument(help="Labelled pairs.")],
    threshold: Annotated[
        float | None,
        typer.Option(help="The lowest label that counts as similar, for F1; the run's own if not given."),
    ] = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    precision: PrecisionOption = "auto",
    output: OutputOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Score labelled pairs: Pearson, Spearman, RMSE, MAE and F1, overall, by source and by label bin."""
    from dalmeum.experiments.scoring import evaluate_table, load, read_labelled

    scorer = load(run, precision=precision, output=output)
    table = read_labelled(scorer, file, format=format, encoding=encoding)
    note_warnings(table.warnings)
    evaluation = evaluate_table(scorer, table, threshold)
    rows = len(table)
    metrics = evaluation.to_dict()
    if json:
        slices = evaluation.slices_to_dict()
        print_json({"run": run, "file": file, "rows": rows, "metrics": metrics, **slices})
        return
    print("\n".join(metrics_lines(metrics, count(rows, "pair"))))
    for line in evaluation.slice_lines():
        print(line)
