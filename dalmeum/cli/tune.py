"""dalmeum tune: a search for better settings."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, SelfContainedOption
from dalmeum.cli.output import note_page, print_json


@documented(
    """Search for better settings of a recipe, and judge the best over fresh seeds.

    The same command goes on with a search, and several at once share it.""",
    """레시피의 더 나은 설정을 찾고, 가장 좋은 것을 새 시드로 판정합니다.

    같은 명령을 다시 실행하면 이어서 하고, 여럿을 함께 실행하면 나누어 합니다.""",
)
def tune(
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
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=help_text(
                "Trials in all, those of earlier calls and of other processes among them.",
                "시도의 수. 앞서 했거나 다른 프로세스가 하는 것까지 합한 수입니다.",
            ),
        ),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help=help_text(
                "Begin no trial after so many hours; those that run are finished.",
                "이 시간이 지나면 새 시도를 시작하지 않습니다. 진행 중인 시도는 마칩니다.",
            ),
        ),
    ] = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=RANGE",
            help=help_text(
                "What to try, once or more: training.learning_rate=1e-5..1e-3:log, training.epochs=2..8, "
                "loss.name=mixture,cosent; or a YAML file of such lines. By default what the kind of "
                "model has.",
                "시도할 범위(여러 번 줄 수 있음): training.learning_rate=1e-5..1e-3:log, "
                "training.epochs=2..8, loss.name=mixture,cosent. 같은 내용의 YAML 파일도 됩니다. "
                "주지 않으면 모델 종류에 맞는 기본 범위.",
            ),
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="DALMEUM_TUNE_STORAGE",
            show_envvar=False,
            help=help_text(
                "The search's database, for several machines: postgresql://USER@HOST/DATABASE (or "
                "DALMEUM_TUNE_STORAGE). By default a file beside its runs.",
                "탐색을 담는 데이터베이스. 여러 기기가 나누어 할 때: postgresql://USER@HOST/DATABASE "
                "(또는 DALMEUM_TUNE_STORAGE). 주지 않으면 실행들 옆의 파일.",
            ),
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=help_text(
                "Trials at once; by default one a GPU, else one a core as far as memory goes.",
                "함께 돌릴 시도의 수. 주지 않으면 GPU마다 하나, GPU가 없으면 메모리가 되는 한 코어마다 하나.",
            ),
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=2,
            help=help_text(
                "Fresh seeds, over which the best settings are judged against the recipe as it is.",
                "최고 설정을 레시피 그대로와 비교해 판정할 새 시드의 수.",
            ),
        ),
    ] = 5,
    trials_only: Annotated[
        bool,
        typer.Option(
            "--trials-only",
            help=help_text(
                "Help with trials, and leave judging and the page to another process.",
                "시도만 돕고, 판정과 페이지는 다른 프로세스에 맡깁니다.",
            ),
        ),
    ] = False,
    no_pruning: Annotated[
        bool,
        typer.Option(
            "--no-pruning",
            help=help_text(
                "Train every trial to its end, also those that do worse than others.",
                "다른 시도보다 못한 것도 끝까지 학습합니다.",
            ),
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "The search's name; by default the recipe's name.",
                "탐색의 이름. 주지 않으면 레시피의 이름입니다.",
            )
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help=help_text(
                "For search.html, study.html and best.yaml; by default searches/NAME.",
                "search.html, study.html, best.yaml을 쓸 폴더. 주지 않으면 searches/NAME.",
            ),
        ),
    ] = None,
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.recipe import load_recipe

    loaded = load_recipe(recipe, overrides or [])

    from dalmeum.api import tune as search
    from dalmeum.pages.search import SEARCH_PAGE

    called = recipe.stem if name is None else name
    result = search(
        loaded,
        trials=trials,
        hours=hours,
        space=space or [],
        name=called,
        folder=output,
        self_contained=self_contained,
        storage=storage,
        jobs=jobs,
        seeds=seeds,
        trials_only=trials_only,
        prune=not no_pruning,
    )
    if result is None:
        return
    if json:
        print_json(result.to_dict())
    else:
        print(result)
    note_page((output or Path("searches", called)) / SEARCH_PAGE)
