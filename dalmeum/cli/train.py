"""dalmeum train: one run."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, SelfContainedOption
from dalmeum.cli.output import REPORT, RUN, SUBMISSION, note_warnings, print_json, print_places
from dalmeum.languages import Text
from dalmeum.progress import first_process


@documented(
    "Train one model: predictions, scores with intervals, and a report.",
    "모델 하나를 학습합니다: 예측, 구간이 붙은 점수, 보고서가 나옵니다.",
)
def train(
    recipe: Annotated[Path, typer.Argument(help=help_text("The recipe's YAML file.", "레시피의 YAML 파일."))],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help=help_text(
                "section.key=value ..., laid over the recipe.", "레시피에서 바꿀 section.key=value."
            ),
            metavar="[KEY=VALUE]...",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help=help_text(
                "Take up the newest unfinished run of this recipe and data.",
                "같은 레시피와 데이터로 끝나지 않은 가장 새 실행을 이어 갑니다.",
            ),
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "A part of the run's id; by default the recipe's name.",
                "실행 id에 들어갈 이름. 주지 않으면 레시피의 이름입니다.",
            )
        ),
    ] = None,
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.recipe import load_recipe

    loaded = load_recipe(recipe, overrides or [])

    from dalmeum.api import train as train_recipe
    from dalmeum.pages.scores import metrics_lines, split_title

    run = train_recipe(
        loaded, name=recipe.stem if name is None else name, resume=resume, self_contained=self_contained
    )
    if not first_process():
        return
    note_warnings(run.record.warnings)
    metrics = run.metrics()
    if json:
        print_json({"run": run.id, "folder": str(run.folder), "metrics": metrics})
        return
    for split in metrics:
        title = split_title(split, run.record.out_of_fold)
        print("\n".join(metrics_lines(metrics[split], title)), end="\n\n")
    places = [(RUN, run.id), (Text("model", "모델"), run.model), (REPORT, run.report)]
    if run.submission.is_file():
        places.append((SUBMISSION, run.submission))
    print_places(places)
