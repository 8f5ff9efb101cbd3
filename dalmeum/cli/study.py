"""dalmeum study: arms against a baseline, over seeds."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.options import JsonOption
from dalmeum.cli.output import print_json


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
    json: JsonOption = False,
) -> None:
    """Run every arm with every seed, where not done yet, and judge the arms against the baseline."""
    from dalmeum.experiments.study.plan import load_study

    loaded = load_study(study, overrides or [])

    from dalmeum.experiments.study.conduct import conduct
    from dalmeum.experiments.study.lines import judgement_lines

    result = conduct(loaded, study.stem, against=against, jobs=jobs)
    if json:
        print_json({"question": loaded.question, "judgements": [each.to_dict() for each in result]})
        return
    print(loaded.question)
    for judgement in result:
        print("\n" + "\n".join(judgement_lines(judgement)))
