"""dalmeum compare: runs that exist, on the same pairs."""

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from dalmeum.cli.options import JsonOption, OutputOption
from dalmeum.cli.output import note, print_json
from dalmeum.errors import InputError


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Run ids under --output, or run folders; the first one's recipe is the baseline.",
            metavar="RUN",
        ),
    ],
    split: Annotated[Literal["dev", "test"], typer.Option(help="The labelled split to judge on.")] = "dev",
    metric: Annotated[
        str, typer.Option(help="The metric to judge by: pearson, spearman, rmse or mae.")
    ] = "pearson",
    smallest_effect: Annotated[
        float, typer.Option(min=0, help="The smallest difference that would matter, in units of the metric.")
    ] = 0.005,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Write compare.html and compare.json there."),
    ] = None,
    output: OutputOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Say of runs that were scored on the same pairs whether one is better.

    Runs whose recipes differ in their seed alone are seeds of one arm. Where every arm has two or more, the
    recipes are judged as by dalmeum study; else each run for itself, as the model that it is.
    """
    if not math.isfinite(smallest_effect):
        raise InputError(f"--smallest-effect {smallest_effect}: give a number of 0 or more, as 0.005")

    from dalmeum.experiments.arms import open_runs
    from dalmeum.experiments.compare import PAGE, compare_runs
    from dalmeum.experiments.findings import write_findings_about

    opened = open_runs(runs, output)
    findings = compare_runs(opened, split=split, metric=metric, smallest_effect=smallest_effect)
    if out is not None:
        write_findings_about(out / PAGE, findings, opened, opened[0].recipe().to_yaml())
    if json:
        print_json(findings.to_dict())
    else:
        print(findings)
    if out is not None:
        note(f"page: {out / PAGE}")
