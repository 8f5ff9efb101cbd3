"""dalmeum train: one run."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import note_warnings, print_json


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe's YAML file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="section.key=value ..., laid over the recipe.", metavar="[KEY=VALUE]..."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up the newest unfinished run of this recipe and data.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train one model: predictions, scores with intervals, and a report."""
    from dalmeum.recipe import load_recipe

    loaded = load_recipe(recipe, overrides or [])

    from dalmeum.experiments.train import train as train_recipe
    from dalmeum.pages.scores import metrics_lines

    run = train_recipe(loaded, recipe.stem, resume=resume)
    if os.environ.get("RANK", "0") != "0":
        return  # of the processes that torchrun started, the first tells the result
    note_warnings(run.record.warnings)
    metrics = run.metrics()
    if json:
        print_json({"run": run.id, "folder": str(run.folder), "metrics": metrics})
        return
    for split in metrics:
        print("\n".join(metrics_lines(metrics[split], split)), end="\n\n")
    print(f"run     {run.id}")
    print(f"model   {run.model}")
    print(f"report  {run.report}")
