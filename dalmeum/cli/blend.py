"""dalmeum blend: several runs that answer together."""

from pathlib import Path
from typing import Annotated

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import JsonOption, SelfContainedOption
from dalmeum.cli.output import REPORT, RUN, SUBMISSION, note_warnings, print_json, print_places
from dalmeum.languages import Text


@documented(
    """Let finished runs answer together, by weights that are judged on pairs they were not fitted on.

    Refused where the blend is not shown to be better than its best run. Written as a run, which every command
    takes: its model is an ensemble of the runs' models.""",
    """끝난 실행들이 함께 답하게 합니다. 가중치는 맞추지 않은 쌍에서 평가합니다.

    가장 좋은 실행보다 나아졌다고 볼 수 없으면 만들지 않습니다. 결과는 모든 명령이 받는 실행 폴더이고,
    그 모델은 실행들의 모델을 모은 앙상블입니다.""",
)
def blend(
    runs: Annotated[
        list[str],
        typer.Argument(
            help=help_text("Run ids under --runs, or run folders.", "--runs 아래의 실행 id나 실행 폴더."),
            metavar="RUN...",
        ),
    ],
    name: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            metavar="NAME",
            help=help_text(
                "The blend's id, a folder under --runs.", "블렌드의 id. --runs 아래 폴더가 됩니다."
            ),
        ),
    ],
    output: Annotated[
        Path, typer.Option("--runs", help=help_text("Where the runs are.", "실행이 있는 폴더."))
    ] = Path("runs"),
    method: Annotated[
        str | None,
        typer.Option(
            help=help_text(
                "How weights are found: mean, least_squares, greedy; by default the best of them.",
                "가중치를 찾는 방법: mean, least_squares, greedy. 주지 않으면 가장 나은 것.",
            )
        ),
    ] = None,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway",
            help=help_text("Write it though no gain is shown.", "나아졌다고 볼 수 없어도 만듭니다."),
        ),
    ] = False,
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    from dalmeum.runs.names import checked_name

    name = checked_name(name)

    from dalmeum.competition.blend import blend_of
    from dalmeum.competition.blend_folder import write_blend

    found = blend_of(runs, output, method)
    note_warnings(found.warnings)
    written = write_blend(found, name, output, anyway=anyway, self_contained=self_contained)
    if json:
        print_json(written.to_dict())
        return
    print(written, end="\n\n")
    run = written.run
    places = [(RUN, run.id), (Text("model", "모델"), run.model)]
    if run.report.is_file():
        places.append((REPORT, run.report))
    if run.submission.is_file():
        places.append((SUBMISSION, run.submission))
    print_places(places)
