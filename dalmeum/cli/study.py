"""dalmeum study: arms against a baseline, over seeds."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, SelfContainedOption
from dalmeum.cli.output import note_page, note_warnings, print_json
from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.progress import tell

if TYPE_CHECKING:
    from dalmeum.recipe.study import Study

IDEAS = Text(
    "ideas to try next: {file} (dalmeum board --next)",
    "다음에 해 볼 아이디어: {file}(dalmeum board --next)",
)


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
                "Runs at once; by default one a GPU, else one a core as far as memory goes.",
                "함께 돌릴 실행의 수. 주지 않으면 GPU마다 하나, GPU가 없으면 메모리가 되는 한 코어마다 하나.",
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
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help=help_text(
                "Train nothing: say what the study can find, what it would take, and how long it will run.",
                "학습하지 않고, 이 비교 실험이 무엇을 찾아낼 수 있고 무엇이 더 필요하며 "
                "얼마나 걸리는지 알려 줍니다.",
            ),
        ),
    ] = False,
    seed_sd: Annotated[
        float | None,
        typer.Option(
            metavar="SD",
            help=help_text(
                "With --plan, in place of what finished runs say: the standard deviation of a recipe's score "
                "from seed to seed, in units of the metric.",
                "--plan에서 끝난 실행 대신 쓸 값: 시드에 따른 점수의 표준편차. 지표의 단위로 적습니다.",
            ),
        ),
    ] = None,
    pair_se: Annotated[
        float | None,
        typer.Option(
            metavar="SE",
            help=help_text(
                "Likewise: the standard error that the pairs give to the difference of two recipes.",
                "마찬가지로: 두 레시피의 차이에 문장쌍이 더하는 표준오차.",
            ),
        ),
    ] = None,
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.recipe.study import load_study

    loaded = load_study(study, overrides or [])
    if plan:
        stated: Any = {"seed_sd": seed_sd, "pair_se": pair_se}
        _plan(loaded, study, overrides or [], json=json, folder=output, jobs=jobs, **stated)
        return
    if seed_sd is not None or pair_se is not None:
        raise InputError("--seed-sd and --pair-se: are what --plan goes by: give it, too, or leave them out")

    from dalmeum.api import study as conduct
    from dalmeum.competition.ideas import FILE, write_first_ideas
    from dalmeum.experiments.findings import check_pages
    from dalmeum.pages import STUDY_PAGE

    page = (output or Path("studies", study.stem)) / STUDY_PAGE
    check_pages(page, [study])
    findings = conduct(
        loaded.to_change(),
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
    try:
        if write_first_ideas(loaded, study, overrides or []):
            tell(IDEAS.format(file=FILE))
    except InputError as error:  # where nothing can be written: the study is done all the same
        note_warnings([Text.same(str(error))])


def _plan(
    loaded: "Study",
    file: Path,
    overrides: Sequence[str],
    *,
    json: bool,
    **how: Any,
) -> None:
    from dalmeum.api import plan
    from dalmeum.experiments.plan_text import plan_lines

    planned = plan(loaded.to_change(), name=file.stem, **how)
    if json:
        print_json(planned.to_dict())
    else:
        # A pilot says itself which arms and seeds it has.
        kept = [each for each in overrides if each.partition("=")[0].split(".")[0] not in planned.pilot]
        print("\n".join(plan_lines(planned, shlex.join(["dalmeum", "study", str(file), *kept]))))
