"""dalmeum study: arms against a baseline, over seeds."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import note, print_json


def study(
    study: Annotated[Path, typer.Argument(help="The study's YAML file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value ..., laid over the study, as in baseline.data.train=train.csv.",
            metavar="[KEY=VALUE]...",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at once; by default one a GPU, or one a core.")
    ] = None,
    against: Annotated[
        str, typer.Option(metavar="ARM", help="Judge the other arms against this one.")
    ] = "baseline",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="For study.html and study.json; by default studies/NAME."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run every arm with every seed, where not done yet, and judge the arms against the baseline.

    What was found is printed, and written to study.html and study.json.
    """
    from dalmeum.experiments.study.plan import load_study

    loaded = load_study(study, overrides or [])

    from dalmeum.experiments.study.execute import PAGE, conduct

    folder = output or Path("studies", study.stem)
    findings = conduct(loaded, study.stem, folder, against=against, jobs=jobs).findings
    if json:
        print_json(findings.to_dict())
    else:
        print(findings)
    note(f"page: {folder / PAGE}")
