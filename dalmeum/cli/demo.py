"""dalmeum demo: the whole story on the built-in practice set."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import metrics_lines, note, print_json


def demo(
    folder: Annotated[Path, typer.Option(help="Where the practice set and its recipe are written.")] = Path(
        "practice"
    ),
    output: Annotated[Path, typer.Option(help="The folder that the run is written to.")] = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Train on the built-in practice set, score it, and write a report and a submission file; no download."""
    from dalmeum.experiments.demo import run_demo

    note("The practice set is synthetic, made for trying things out: its scores say nothing about real data.")
    done = run_demo(folder, output)
    metrics = done.run.metrics()
    test = done.test.to_dict()
    if json:
        print_json(
            {
                "run": done.run.id,
                "folder": str(done.run.folder),
                "metrics": {**metrics, "test": test},
                "report": str(done.run.report),
                "submission": str(done.submission),
            }
        )
        return
    print("\n".join(metrics_lines(metrics["dev"], "dev")), end="\n\n")
    print("\n".join(metrics_lines(test, "test")), end="\n\n")
    print(f"run         {done.run.id}")
    print(f"report      {done.run.report}")
    print(f"submission  {done.submission}")
    print(f"\nNext: change one line of {folder / 'recipe.yaml'} and run")
    print(f"  dalmeum train {folder / 'recipe.yaml'}")
