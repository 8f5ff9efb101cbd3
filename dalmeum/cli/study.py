"""dalmeum study: arms against a baseline, over seeds."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, SelfContainedOption
from dalmeum.cli.output import note_page, print_json


@documented(
    """Run every arm with every seed, where not done yet, and judge the arms against the baseline.

    What was found is printed, and written to study.html and study.json.""",
    """모든 비교 조건을 모든 시드로(끝난 것은 빼고) 실행하고, 기준선에 견주어 판정합니다.

    결과를 출력하고 study.html과 study.json에 씁니다.""",
)
def study(
    study: Annotated[
        Path, typer.Argument(help=help_text("The study's YAML file.", "비교 실험의 YAML 파일."))
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help=help_text(
                "key=value ..., laid over the study, as in baseline.data.train=train.csv.",
                "비교 실험에서 바꿀 key=value. 예: baseline.data.train=train.csv.",
            ),
            metavar="[KEY=VALUE]...",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=help_text(
                "Runs at once; by default one a GPU, or one a core.",
                "함께 돌릴 실행의 수. 주지 않으면 GPU마다, 또는 코어마다 하나.",
            ),
        ),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="ARM",
            help=help_text(
                "Judge the other arms against this one.", "다른 비교 조건을 이것에 견주어 판정합니다."
            ),
        ),
    ] = "baseline",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help=help_text(
                "For study.html and study.json; by default studies/NAME.",
                "study.html과 study.json을 쓸 폴더. 주지 않으면 studies/NAME.",
            ),
        ),
    ] = None,
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.recipe.study import load_study

    loaded = load_study(study, overrides or [])

    from dalmeum.api import check_pages
    from dalmeum.api import study as conduct
    from dalmeum.pages import STUDY_PAGE

    page = (output or Path("studies", study.stem)) / STUDY_PAGE
    check_pages(page, [study])
    findings = conduct(
        loaded.model_dump(),
        name=study.stem,
        folder=output,
        against=against,
        jobs=jobs,
        self_contained=self_contained,
    )
    if json:
        print_json(findings.to_dict())
    else:
        print(findings)
    note_page(page)
