"""dalmeum compare: runs that exist, on the same pairs."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from dalmeum.cli.help import documented, help_text
from dalmeum.cli.options import (
    ColumnsOption,
    EncodingOption,
    FormatOption,
    JsonOption,
    LabelRangeOption,
    OutputOption,
    PrecisionOption,
    SelfContainedOption,
    TrustCodeOption,
    parse_columns,
)
from dalmeum.cli.output import note_page, note_warnings, print_json
from dalmeum.errors import InputError
from dalmeum.languages import composed


@documented(
    """Say of runs that were scored on the same pairs whether one is better.

    Runs whose recipes differ in their seed alone are seeds of one arm. Where every arm has two or more, the
    recipes are judged as by dalmeum study; else each run for itself, as the model that it is.""",
    """같은 문장쌍으로 채점한 실행 가운데 더 나은 것이 있는지 판정합니다.

    레시피에서 시드만 다른 실행은 한 비교 조건의 시드로 묶습니다. 비교 조건마다 둘 이상이면
    dalmeum study처럼 레시피를 판정하고, 아니면 실행 하나하나를 모델로서 판정합니다.""",
)
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help=help_text(
                "Run ids under --output, run folders, or ARM=RUN, which names the arm; the first one's "
                "recipe is the baseline.",
                "--output 아래의 실행 id나 실행 폴더. ARM=RUN이라고 쓰면 비교 조건의 이름이 됩니다. "
                "맨 앞 실행의 레시피가 기준선입니다.",
            ),
            metavar="[ARM=]RUN",
        ),
    ],
    split: Annotated[
        Literal["dev", "test"] | None,
        typer.Option(
            help=help_text(
                "The labelled split to judge on; by default dev.",
                "판정할 분할(레이블이 있는 것). 주지 않으면 dev.",
            )
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=help_text(
                "Other labelled pairs to judge on, which the runs' models score now.",
                "분할 대신 판정할, 레이블이 있는 다른 문장쌍. 실행의 모델로 지금 채점합니다.",
            ),
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            help=help_text(
                "The metric to judge by: pearson, spearman, rmse, mae, or module:name of your own.",
                "판정하는 지표: pearson, spearman, rmse, mae. 직접 만든 지표는 module:name으로 적습니다.",
            )
        ),
    ] = "pearson",
    smallest_effect: Annotated[
        float,
        typer.Option(
            min=0,
            help=help_text(
                "The smallest difference that would matter, in units of the metric.",
                "의미를 두는 가장 작은 차이. 지표의 단위로 적습니다.",
            ),
        ),
    ] = 0.005,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help=help_text(
                "Write compare.html and compare.json there.",
                "이 폴더에 compare.html과 compare.json을 씁니다.",
            ),
        ),
    ] = None,
    columns: ColumnsOption = None,
    format: FormatOption = "auto",
    encoding: EncodingOption = "auto",
    label_range: LabelRangeOption = None,
    precision: PrecisionOption = "auto",
    trust_code: TrustCodeOption = False,
    output: OutputOption = Path("runs"),
    self_contained: SelfContainedOption = False,
    json: JsonOption = False,
) -> None:
    if not math.isfinite(smallest_effect):
        raise InputError(f"--smallest-effect {smallest_effect}: give a number of 0 or more, as 0.005")

    reading = {"columns": parse_columns(columns), "format": format, "encoding": encoding}
    if data is None and (label_range or reading != {"columns": {}, "format": "auto", "encoding": "auto"}):
        raise InputError(
            "--columns, --format, --encoding, --label-range say how --data is read: give it, too"
        )

    from dalmeum.experiments.compare import PAGE, compared

    findings, told = compared(
        named_runs(runs, output),
        split=split,
        data=data,
        metric=metric,
        smallest_effect=smallest_effect,
        folder=out,
        self_contained=self_contained,
        output=output,
        label_range=label_range,
        precision=precision,
        trust_code=trust_code,
        **(reading if data is not None else {}),
    )
    note_warnings(told)
    if json:
        print_json(findings.to_dict())
    else:
        print(findings)
    if out is not None:
        note_page(out / PAGE)


def named_runs(runs: Sequence[str], output: Path) -> list[str] | dict[str, list[str]]:
    """`RUN RUN` as they are; of `ARM=RUN ARM=RUN`, the runs by arm. `InputError` where some have no name."""
    arms: dict[str, list[str]] = {}
    for text in runs:
        name, sign, run = text.partition("=")
        # A folder's name may hold the sign, too.
        if sign and not any((folder / text / "run.json").is_file() for folder in (Path(), output)):
            arms.setdefault(composed(name), []).append(run)
    if arms and sum(map(len, arms.values())) < len(runs):
        raise InputError(f"{' '.join(runs)}: name all arms, as in ARM=RUN ARM=RUN, or none")
    return arms or list(runs)
